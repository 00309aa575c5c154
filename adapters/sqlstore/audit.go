package sqlstore

import (
	"context"
	"database/sql"
	"strings"
	"sync"

	"surgicase/domain/audit"
	"surgicase/ports"
)

type auditRepo struct{ session }

type auditRow struct {
	EntryID      int64 `gorm:"primaryKey"`
	HappenedAt   int64
	ActorID      string
	ActorType    int
	Credential   string
	AuthMode     string
	Action       string
	Entity       string
	EntityID     string
	Fields       string
	Things       sql.NullString
	BeforeDigest []byte
	AfterDigest  []byte
	RequestID    string
	Address      string
	Outcome      string
	Code         string
}

func (auditRow) TableName() string { return "audit_entries" }

// auditBatch is how many entries one statement inserts: SQLite takes 32,766 values in one.
const auditBatch = 500

// Record implements ports.Audit.
func (r auditRepo) Record(ctx context.Context, entries ...audit.Entry) error {
	rows := make([]auditRow, len(entries))
	for i, e := range entries {
		rows[i] = auditRow{
			HappenedAt: micros(e.At), ActorID: string(e.Actor.User), ActorType: int(e.Actor.Type), Credential: e.Actor.Credential,
			AuthMode: e.Actor.Mode, Action: string(e.Action), Entity: e.Entity, EntityID: e.EntityID, Fields: strings.Join(e.Fields, ","),
			Things: nullText(strings.Join(e.Things, ",")), BeforeDigest: e.Before, AfterDigest: e.After, RequestID: e.Actor.RequestID,
			Address: e.Actor.Address, Outcome: string(e.Outcome), Code: e.Code,
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return r.db.WithContext(ctx).CreateInBatches(&rows, auditBatch).Error
}

// journal commits the entries of concurrent reads together. There is no delay in it: the first
// caller commits at once, and those who come while it waits for the disk share the next commit.
type journal struct {
	mu      sync.Mutex
	waiting []*journalPage
	busy    bool
}

type journalPage struct {
	entries []audit.Entry
	done    chan error
}

// Logged implements ports.Store.
func (s *Store) Logged(ctx context.Context, entries ...audit.Entry) error {
	page := &journalPage{entries: entries, done: make(chan error, 1)}
	s.journal.mu.Lock()
	s.journal.waiting = append(s.journal.waiting, page)
	lead := !s.journal.busy
	s.journal.busy = true
	s.journal.mu.Unlock()
	if lead {
		go s.writeJournal(context.WithoutCancel(ctx))
	}
	select {
	case err := <-page.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store) writeJournal(ctx context.Context) {
	for {
		pages := s.nextPages()
		if len(pages) == 0 {
			return
		}
		var entries []audit.Entry
		for _, p := range pages {
			entries = append(entries, p.entries...)
		}
		err := s.InTx(ctx, func(ctx context.Context, r ports.Repos) error { return r.Audit.Record(ctx, entries...) })
		for _, p := range pages {
			p.done <- err
		}
	}
}

func (s *Store) nextPages() []*journalPage {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	pages := s.journal.waiting
	s.journal.waiting = nil
	s.journal.busy = len(pages) > 0
	return pages
}
