package api

import (
	"context"
	"strconv"
	"testing"
	"time"

	"surgicase/adapters/fileblob"
	"surgicase/application/statements"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/domain/statement"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// torn is a store whose connection breaks after the commit: the change is there, the answer is not.
type torn struct {
	ports.Store
	breaks bool
}

// InTx implements ports.Store.
func (s *torn) InTx(ctx context.Context, fn func(context.Context, ports.Repos) error) error {
	if err := s.Store.InTx(ctx, fn); err != nil || !s.breaks {
		return err
	}
	return fault.New(fault.Unavailable, "database_unavailable", "The database is not available at the moment.")
}

func TestTheFileOfARunOutlivesAConnectionThatBreaksAtItsCommit(t *testing.T) {
	everywhere(t, func(p *program) {
		run, err := strconv.ParseInt(stageForReports(p), 10, 64)
		if err != nil {
			p.t.Fatal(err)
		}
		blobs, err := fileblob.Open(fileblob.Config{Folder: p.t.TempDir(), LinkKey: make([]byte, 32), Now: p.clock.Now})
		if err != nil {
			p.t.Fatal(err)
		}
		p.t.Cleanup(func() { _ = blobs.Close() })
		draw := func(*statement.Statement, time.Time, surgical.PHI) ([]byte, error) { return []byte("a report"), nil }
		store := &torn{Store: p.Store}
		reports := statements.NewReports(statements.Archive{Store: store, Blobs: blobs, Space: ports.AmpleSpace{}}, p.clock, &given.IDs{}, nobodyListens{}, statements.Press{Payments: draw})
		ctx, job := p.t.Context(), permission.System("job")
		if _, err := reports.SharedPassword(ctx, job); err != nil { // made before, so that only the file is at stake
			p.t.Fatal(err)
		}
		ask := statements.Request{Kind: statement.PaymentReport, Run: run}
		store.breaks = true
		if _, _, err := reports.Make(ctx, job, ask); fault.CodeOf(err) != "database_unavailable" {
			p.t.Fatalf("the connection breaks, and Make says %v", err)
		}
		store.breaks = false
		files, _, err := reports.Make(ctx, job, ask)
		if err != nil {
			p.t.Fatal(err)
		}
		if content, err := reports.Content(ctx, files[0]); err != nil || string(content) != "a report" {
			p.t.Errorf("the file of the run is %q, %v", content, err)
		}
	})
}
