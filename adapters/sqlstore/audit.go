package sqlstore

import (
	"context"
	"slices"
	"strings"
	"sync"

	"surgicase/domain/audit"
	"surgicase/domain/dryrun"
	"surgicase/ports"
)

type auditRepo struct{ *session }

// insertEntry begins the statement that records entries. It is written out, not left to GORM: it stands
// behind every request, and nobody needs the ids that GORM would ask for.
const insertEntry = "INSERT INTO audit_entries (happened_at, actor_id, actor_type, credential, auth_mode, action, entity, entity_id, fields," +
	" things, before_digest, after_digest, request_id, address, outcome, code) VALUES "

const (
	oneEntry   = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	entryWidth = 16
)

func entryValues(e audit.Entry) []any {
	return []any{
		micros(e.At), string(e.Actor.User), int(e.Actor.Type), e.Actor.Credential, e.Actor.Mode, string(e.Action), e.Entity, e.EntityID,
		strings.Join(e.Fields, ","), nullText(strings.Join(e.Things, ",")), e.Before, e.After, e.Actor.RequestID, e.Actor.Address,
		string(e.Outcome), e.Code,
	}
}

// auditBatch is how many entries one statement inserts: SQLite takes 32,766 values in one.
const auditBatch = 500

// Record implements ports.Audit.
func (r auditRepo) Record(ctx context.Context, entries ...audit.Entry) error {
	for batch := range slices.Chunk(entries, auditBatch) {
		values := make([]any, 0, entryWidth*len(batch))
		for _, e := range batch {
			values = append(values, entryValues(e)...)
		}
		err := r.exec(ctx, insertEntry+oneEntry+strings.Repeat(", "+oneEntry, len(batch)-1), values...)
		if err != nil {
			return err
		}
	}
	if dryrun.Is(ctx) {
		r.recorded = append(r.recorded, entries...)
	}
	return nil
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
		go s.writeJournal(dryrun.Leave(ports.WithoutCaller(ports.WithoutLease(context.WithoutCancel(ctx)))))
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
