package dryrun_test

import (
	"context"
	"testing"

	"surgicase/domain/audit"
	"surgicase/domain/dryrun"
)

func TestStart(t *testing.T) {
	if dryrun.Is(context.Background()) {
		t.Fatal("work is meant unless somebody says so")
	}
	ctx, dry := dryrun.Start(context.Background())
	if !dryrun.Is(ctx) || dryrun.Of(ctx) != dry {
		t.Error("the dry run is not that of its context")
	}
	if again, same := dryrun.Start(ctx); same != dry || dryrun.Of(again) != dry {
		t.Error("a dry run in a dry run is another one")
	}
	if dryrun.Is(dryrun.Leave(ctx)) {
		t.Error("what leaves the dry run is still in it")
	}
}

func TestDryRun_Changes(t *testing.T) {
	dry := &dryrun.DryRun{Entries: []audit.Entry{{Outcome: audit.Read}, {Outcome: audit.Done, Entity: "case"}, {Outcome: audit.Refused}}}
	if got := dry.Changes(); len(got) != 1 || got[0].Entity != "case" {
		t.Errorf("got %v", got)
	}
}
