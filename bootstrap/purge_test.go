package bootstrap

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"surgicase/adapters/cli"
	"surgicase/ports"
	"surgicase/test/given"
)

// withDeletedCase puts two cases of a provider into an installation and deletes one of them.
func withDeletedCase(t *testing.T, env environment) {
	t.Helper()
	running, err := Open(context.Background(), env, Parts{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = running.Close() }()
	err = running.Store.InTx(t.Context(), func(ctx context.Context, r ports.Repos) error {
		gone := given.Case("gone", "ann")
		gone.DeletedAt, gone.DeletedBy = given.Morning, "ann"
		if err := r.Cases.Add(ctx, gone); err != nil {
			return err
		}
		return r.Cases.Add(ctx, given.Case("alive", "ann"))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheOperatorPurgesADeletedCase(t *testing.T) {
	env := house(t)
	withDeletedCase(t, env)
	for line, says := range map[string]string{
		"case purge gone --reason erasure_request":      "repeat it with --yes",
		"case purge gone --yes":                         `"reason" not set`,
		"case purge --reason other --yes":               "accepts 1 arg",
		"case purge gone gone --reason other --dry-run": "accepts 1 arg",
	} {
		if _, err := command(t, env, strings.Fields(line)...); !errors.Is(err, cli.ErrUsage) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want wrong usage and %q", line, err, says)
		}
	}
	for line, says := range map[string]string{
		"case purge gone --yes --reason Rowena": "--reason must be erasure_request, entered_by_mistake or other",
		"case purge alive --yes --reason other": "Only a deleted case can be purged. Delete it first.",
		"case purge bob --yes --reason other":   "There is no such case.",
	} {
		wrong := strings.Contains(line, "Rowena")
		if _, err := command(t, env, strings.Fields(line)...); err == nil || !strings.Contains(sentence(err), says) ||
			errors.Is(err, cli.ErrUsage) != wrong {
			t.Errorf("%s: got %v, want %q", line, err, says)
		}
	}
	purge := func(flag string) (went map[string]any) {
		t.Helper()
		out := must(t, env, "case", "purge", "gone", "--reason", "erasure_request", flag, "--json")
		if err := json.Unmarshal([]byte(out), &went); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		return went
	}
	for _, flag := range []string{"--dry-run", "--yes"} {
		went := purge(flag)
		for member, want := range map[string]any{
			"case_id": "gone", "human_case_id": 1.0, "dry_run": flag == "--dry-run", "objects": 0.0, "bytes": 0.0, "objects_shared": 0.0,
		} {
			if went[member] != want {
				t.Errorf("%s: %s is %v, want %v", flag, member, went[member], want)
			}
		}
		rows, _ := went["rows"].(map[string]any)
		for member, want := range map[string]float64{"cases": 1, "procedure_codes": 1, "documents": 2, "history": 0} {
			if rows[member] != want {
				t.Errorf("%s: %s is %v, want %v", flag, member, rows[member], want)
			}
		}
	}
	if _, err := command(t, env, "case", "purge", "gone", "--reason", "other", "--yes"); err == nil || sentence(err) != "There is no such case." {
		t.Errorf("purged twice: %v", err)
	}
	must(t, env, "audit", "verify")
}
