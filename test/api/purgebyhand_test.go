package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"surgicase/adapters/fileblob"
	"surgicase/bootstrap"
	"surgicase/domain/ident"
	"surgicase/ports"
	"surgicase/test/given"
)

// purgeByHand asks for a deleted case to be purged now.
func (p *program) purgeByHand(as, query, id, reason string) answer {
	p.t.Helper()
	return p.send(http.MethodPost, "/case/purge"+query, as, map[string]any{"case_id": id, "reason": reason})
}

// leftOf counts the rows of a case.
func (d *database) leftOf(id string) (left string) {
	d.t.Helper()
	for _, table := range []string{"cases", "case_procedure_codes", "case_documents", "case_history"} {
		left += d.value("SELECT COUNT(*) FROM "+table+" t JOIN case_ids i ON i.human_case_id = t.human_case_id WHERE i.case_id = '"+id+"'") + " "
	}
	return left
}

// A dry run says what would go and changes nothing; the purge removes exactly that, at once and for good.
func TestACaseIsPurgedByHand(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.standing(1, "provider", at, "gone", "kept")
		p.filed("gone", "provider")
		p.filed("gone", "provider") // replaces the first
		p.filed("kept", "provider")
		p.purgeByHand("system-admin", "", "gone", "erasure_request").refused(409, "case_not_deleted").has("case_id", "gone")
		p.send(http.MethodDelete, "/case?case_id=gone", "case-admin", nil).is(200)
		db := p.database()
		rows, before, objects := db.leftOf("gone"), db.print(), p.objects()

		p.purgeByHand("global-admin", "", "gone", "erasure_request").refused(403, "not_allowed")
		p.purgeByHand("system-admin", "", "nobody", "erasure_request").refused(404, "case_not_found")
		p.purgeByHand("system-admin", "", "gone", "Rowena Testwell wants it").is(422).has("errors.0.location", "body.reason").lacks("Rowena")
		went := map[string]any{
			"case_id": "gone", "rows.cases": 1, "rows.procedure_codes": 1, "rows.documents": 4, "rows.history": 1,
			"objects": 2, "bytes": 2 * len(somePDF), "objects_shared": 0,
		}
		demand := func(a answer) {
			p.t.Helper()
			for _, path := range slices.Sorted(maps.Keys(went)) {
				a.has(path, went[path])
			}
		}
		demand(p.purgeByHand("system-admin", "?dry_run=true", "gone", "erasure_request").is(200).
			has("dry_run", true, "would_change.0.action", "case.purge", "would_change.0.entity_id", "gone"))
		if tables := changed(before, db.print()); len(tables) > 0 || !slices.Equal(objects, p.objects()) || rows != "1 1 4 1 " {
			p.t.Errorf("a dry run and refusals have changed %v; there are %q rows and the objects %q", tables, rows, p.objects())
		}
		demand(p.purgeByHand("system-admin", "", "gone", "erasure_request").is(200).has("message", "Case purged successfully"))
		if left := db.leftOf("gone"); left != "0 0 0 0 " || len(p.objects()) != 1 {
			p.t.Errorf("left are %q and the objects %q", left, p.objects())
		}
		p.get("/case_file?case_id=kept&kind=demo", "provider").is(200)
		p.purgeByHand("system-admin", "", "gone", "erasure_request").refused(404, "case_not_found")
		p.send(http.MethodPost, "/case/restore", "system-admin", map[string]any{"case_id": "gone"}).refused(404, "case_not_found")
		p.send(http.MethodPost, "/case", "provider", caseOf("gone", "provider", at)).refused(409, "case_exists")

		p.seal()
		log := p.get("/audit_log?action=case.purge&entity_id=gone&limit=2", "global-admin").
			logs("system-admin case.purge gone refused", "system-admin case.purge gone done").lacks("demo.pdf", "Rowena")
		log.has("audit_log.1.code", "erasure_request")
		p.get("/audit_log?action=case.purge&entity_id=gone&outcome=done", "global-admin").
			logs("system-admin case.purge gone done", "system-admin case.purge gone done")
		p.get("/audit_log?action=case.purge&entity_id=gone&outcome=dry_run", "global-admin").logs("system-admin case.purge gone dry_run")
	})
}

// Who purged their own case could record the operation again, and nobody would find the first.
func TestNobodyPurgesTheirOwnCase(t *testing.T) {
	everywhere(t, func(p *program) {
		own := p.cast()["system-admin"]
		p.person("other-admin", 999, 1)
		p.drafts("system-admin", own, "c-1")
		p.send(http.MethodDelete, "/case?case_id=c-1", "system-admin", nil).is(200)
		for _, query := range []string{"", "?dry_run=true"} {
			p.purgeByHand("system-admin", query, "c-1", "other").refused(403, "own_case")
		}
		p.purgeByHand("other-admin", "", "c-1", "other").is(200)
	})
}

// A case whose payment stands is purged for a request for erasure only; the ledger keeps what was paid.
func TestPurgingAPaidCaseByHandLeavesTheLedger(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		p.standing(30, "provider", at, "paid", "kept")
		db := p.database()
		run := "/payment_runs/" + db.value("SELECT MAX(run_id) FROM payment_runs")
		p.send(http.MethodDelete, "/case?case_id=paid", "case-admin", nil).is(200)
		ledger := db.rows("SELECT * FROM payment_entries ORDER BY entry_id")
		for _, reason := range []string{"entered_by_mistake", "other"} {
			p.purgeByHand("system-admin", "", "paid", reason).refused(409, "case_paid")
		}
		p.purgeByHand("system-admin", "", "paid", "erasure_request").is(200)
		if now := db.rows("SELECT * FROM payment_entries ORDER BY entry_id"); fmt.Sprint(now) != fmt.Sprint(ledger) {
			p.t.Errorf("the ledger holds %v, want %v", now, ledger)
		}
		db.holds("purging a paid case by hand")
		p.send(http.MethodPost, run+"/reverse", "global-admin", map[string]any{"reason": "bank error"}).is(200).has("total_updated", 2, "case_ids.0", "kept")
		db.holds("reversing the payment of a case that was purged by hand")
	})
}

// An object that another case names stays, and the answer says so.
func TestPurgingByHandLeavesSharedObjects(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.drafts("provider", at, "gone", "kept")
		const key = "private/case-documents/provider/demographics.pdf"
		p.putPast(key)
		for _, id := range []string{"gone", "kept"} {
			p.send(http.MethodPatch, "/case", "provider", map[string]any{"case_id": id, "misc_file": "demographics.pdf"}).is(200)
		}
		for _, want := range []struct {
			id              string
			objects, shared int
		}{{"gone", 0, 1}, {"kept", 1, 0}} {
			p.send(http.MethodDelete, "/case?case_id="+want.id, "provider", nil).is(200)
			for _, query := range []string{"?dry_run=true", ""} {
				p.purgeByHand("system-admin", query, want.id, "other").is(200).has("objects", want.objects, "objects_shared", want.shared)
			}
			if left := p.objects(); len(left) != want.shared {
				p.t.Errorf("left after %s are %q", want.id, left)
			}
		}
	})
}

// breaking is a storage that lets something happen before it removes an object.
type breaking struct {
	*fileblob.Blobs
	before func() error
}

// Remove implements ports.Blobs.
func (b *breaking) Remove(ctx context.Context, key string) error {
	if b.before != nil {
		if err := b.before(); err != nil {
			return ports.StorageAway(err)
		}
	}
	return b.Blobs.Remove(ctx, key)
}

func (b *breaking) count() (n int) {
	for range b.List(context.Background(), "private/") {
		n++
	}
	return n
}

// onBreakingStorage starts the program with two deleted cases that have a document each.
func onBreakingStorage(t *testing.T, then func(p *program, storage *breaking)) {
	t.Parallel()
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			objects, err := fileblob.Open(fileblob.Config{Folder: t.TempDir(), LinkKey: make([]byte, 32), Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			storage := &breaking{Blobs: objects}
			p := startWith(t, given.NewClock(), db.url(t), nil, func(parts *bootstrap.Parts) { parts.Blobs = storage })
			p.drafts("provider", p.cast()["provider"], "c-1", "c-2")
			for _, id := range []string{"c-1", "c-2"} {
				p.filed(id, "provider")
				p.send(http.MethodDelete, "/case?case_id="+id, "provider", nil).is(200)
			}
			then(p, storage)
		})
	}
}

func (p *program) retained(outcome string) {
	p.t.Helper()
	p.send(http.MethodPost, "/scheduler/jobs/retention/run", "system-admin", nil).is(200).has("run.outcome", outcome)
}

// What breaks off between the transactions is out of reach, and completed by the next purge or by the job of the day.
func TestAPurgeByHandThatBreaksOffIsCompleted(t *testing.T) {
	onBreakingStorage(t, func(p *program, storage *breaking) {
		db := p.database()
		storage.before = func() error { return errors.New("away") }
		for _, id := range []string{"c-1", "c-2"} {
			p.purgeByHand("system-admin", "", id, "erasure_request").refused(503, "storage_unavailable")
			p.send(http.MethodPost, "/case/restore", "global-admin", map[string]any{"case_id": id}).refused(404, "case_not_found")
			if left := db.leftOf(id); left[0] != '1' || storage.count() != 2 {
				p.t.Errorf("left are %q and %d objects", left, storage.count())
			}
		}
		storage.before = nil
		p.purgeByHand("system-admin", "?dry_run=true", "c-1", "erasure_request").is(200).has("rows.cases", 1, "objects", 1)
		p.purgeByHand("system-admin", "", "c-1", "erasure_request").is(200).has("rows.cases", 1, "objects", 1)
		p.retained("1 cases purged, 0 rows forgotten, 0 reports of clients forgotten")
		if left := db.leftOf("c-1") + db.leftOf("c-2"); left != "0 0 0 0 0 0 0 0 " || storage.count() != 0 {
			p.t.Errorf("left are %q and %d objects", left, storage.count())
		}
		p.seal()
		p.get("/audit_log?action=case.purge&entity_id=c-2", "global-admin").
			logs("system-admin case.purge c-2 done", "system-admin case.purge c-2 done").
			has("audit_log.0.code", nil, "audit_log.1.code", "erasure_request", "audit_log.1.fields.0", "active")
	})
}

// A program that is killed after the case was condemned leaves its turn taken for a minute. The job of the day follows.
func TestAPurgeByHandThatIsKilledIsCompletedByTheJob(t *testing.T) {
	onBreakingStorage(t, func(p *program, storage *breaking) {
		p.inTx(func(ctx context.Context, r ports.Repos) error {
			if _, err := r.Outbox.Lease(ctx, "purge", "killed", p.clock.Now(), p.clock.Now().Add(time.Minute)); err != nil {
				return err
			}
			c, err := r.Cases.GetDeleted(ctx, ident.CaseID("c-1"))
			if err == nil {
				_, err = r.Keeping.CondemnCase(ctx, c.ID, c.Version)
			}
			return err
		})
		p.purgeByHand("system-admin", "", "c-2", "other").refused(409, "purge_running").hasHeader("Retry-After", "60")
		p.retained("purge_running")
		p.clock.Advance(time.Minute)
		p.retained("1 cases purged, 0 rows forgotten, 0 reports of clients forgotten")
		if db := p.database(); db.leftOf("c-1") != "0 0 0 0 " || db.leftOf("c-2")[0] != '1' || storage.count() != 1 {
			p.t.Errorf("left are %q, %q and %d objects", db.leftOf("c-1"), db.leftOf("c-2"), storage.count())
		}
	})
}

// One purges at a time: two cases that name one object must not both leave it to the other.
func TestTwoPurgesDoNotMeet(t *testing.T) {
	onBreakingStorage(t, func(p *program, storage *breaking) {
		p.clock.Advance(2191 * 24 * time.Hour)
		storage.before = func() error {
			storage.before = nil
			p.retained("purge_running")
			p.purgeByHand("system-admin", "", "c-2", "other").refused(409, "purge_running")
			return nil
		}
		p.purgeByHand("system-admin", "", "c-1", "other").is(200)
		p.purgeByHand("system-admin", "", "c-2", "other").is(200)
	})
}
