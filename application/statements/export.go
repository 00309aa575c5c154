package statements

import (
	"context"
	"iter"
	"slices"
	"strconv"

	"surgicase/domain/audit"
	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// Exports gives cases to other programs, in constant memory.
type Exports struct {
	store  ports.Store
	clock  ports.Clock
	events ports.Events
}

// NewExports makes the service.
func NewExports(store ports.Store, clock ports.Clock, events ports.Events) *Exports {
	return &Exports{store: store, clock: clock, events: events}
}

// MaxExport is how many cases one export gives.
const MaxExport = 100_000

const exportPage = 500

// Selection says which cases are wanted: those that are named, else those that fit.
type Selection struct {
	IDs      []ident.CaseID
	Statuses surgical.StatusFilter
	From, To civil.Date // case dates, inclusive; zero is open
}

// Export is a selection that may be given out.
type Export struct {
	Requested int // ids that were named, repeated ones too; else what was found
	Found     []ident.CaseID
	Missing   []ident.CaseID // never null when ids were named
	Total     int            // cases that it gives
	pages     iter.Seq2[[]surgical.Sheet, error]
}

// Pages gives the cases by id, deleted ones not. Each page is on the audit trail before it comes. It ends with
// the first error.
func (e *Export) Pages() iter.Seq2[[]surgical.Sheet, error] { return e.pages }

// Cases begins an export.
//
// Faults: Forbidden; Invalid without cases; Senseless "dates_reversed"; TooLarge "export_too_large".
func (s *Exports) Cases(ctx context.Context, who permission.Actor, q Selection) (*Export, error) {
	export, err := s.begin(ctx, who, q)
	s.events.Happened(ctx, ports.Event{Name: "cases.exported", Err: err, Values: []ports.Value{{Name: "actor", Text: string(who.User)}}})
	return export, err
}

func (s *Exports) begin(ctx context.Context, who permission.Actor, q Selection) (*Export, error) {
	if err := permission.Check(who, permission.ExportCases, ""); err != nil {
		return nil, ports.Refused(ctx, s.store, s.entry(who), err)
	}
	if !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From) {
		return nil, fault.New(fault.Senseless, "dates_reversed", "end_date lies before start_date.")
	}
	if q.IDs != nil {
		return s.named(ctx, who, q)
	}
	total, err := s.count(ctx, q)
	switch {
	case err != nil:
		return nil, err
	case total > MaxExport:
		return nil, fault.New(fault.TooLarge, "export_too_large", "That would be %d cases. One export gives at most %d: narrow it down by case dates.", total, MaxExport)
	}
	return &Export{Requested: total, Total: total, pages: s.matching(ctx, who, q)}, nil
}

func (s *Exports) entry(who permission.Actor) audit.Entry {
	return audit.Record(who, permission.ExportCases, "cases", "", s.clock.Now())
}

func (s *Exports) count(ctx context.Context, q Selection) (total int, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r ports.Repos) error {
		page, err := r.Casebook.List(ctx, surgical.Query{Statuses: q.Statuses, From: q.From, To: q.To, Order: surgical.ByID, Limit: 1, Count: true}, permission.Scope{All: true})
		total = page.Total
		return err
	})
	return total, err
}

// named reads the cases that are named, so few that they can be held, to say first which are missing.
func (s *Exports) named(ctx context.Context, who permission.Actor, q Selection) (*Export, error) {
	if len(q.IDs) == 0 {
		return nil, fault.InvalidField("body.case_ids", "must not be empty")
	}
	e := &Export{Requested: len(q.IDs), Found: []ident.CaseID{}, Missing: []ident.CaseID{}}
	wanted := slices.Compact(slices.Sorted(slices.Values(q.IDs)))
	var pages [][]surgical.Sheet
	for page, err := range s.read(ctx, who, surgical.Query{IDs: wanted, Statuses: q.Statuses, From: q.From, To: q.To}) {
		if err != nil {
			return nil, err
		}
		for i := range page {
			e.Found = append(e.Found, page[i].ID)
		}
		pages = append(pages, page)
	}
	e.Total = len(e.Found)
	for _, id := range wanted {
		if _, found := slices.BinarySearch(e.Found, id); !found {
			e.Missing = append(e.Missing, id)
		}
	}
	e.pages = func(yield func([]surgical.Sheet, error) bool) {
		for _, page := range pages {
			if !yield(page, nil) {
				return
			}
		}
	}
	return e, nil
}

func (s *Exports) matching(ctx context.Context, who permission.Actor, q Selection) iter.Seq2[[]surgical.Sheet, error] {
	return s.read(ctx, who, surgical.Query{Statuses: q.Statuses, From: q.From, To: q.To})
}

// read gives what a query finds, page by page and each from a snapshot of its own: nobody waits for a slow
// client.
func (s *Exports) read(ctx context.Context, who permission.Actor, q surgical.Query) iter.Seq2[[]surgical.Sheet, error] {
	return func(yield func([]surgical.Sheet, error) bool) {
		q.Order, q.Limit = surgical.ByID, exportPage
		for more := true; more; {
			page, err := s.page(ctx, who, q)
			if err != nil {
				yield(nil, err)
				return
			}
			if more = page.More; more {
				q.After = &surgical.Position{ID: page.Cases[len(page.Cases)-1].ID}
			}
			if !yield(page.Cases, nil) {
				return
			}
		}
	}
}

func (s *Exports) page(ctx context.Context, who permission.Actor, q surgical.Query) (surgical.Page, error) {
	var page surgical.Page
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		if q.After != nil { // the first page is part of the request that the caller was confirmed for
			if err := ports.ConfirmCaller(ctx, r); err != nil {
				return err
			}
		}
		page, err = r.Casebook.List(ctx, q, permission.Scope{All: true})
		return err
	})
	if err != nil || len(page.Cases) == 0 {
		return page, err
	}
	things := make([]string, len(page.Cases))
	for i := range page.Cases {
		things[i] = strconv.FormatInt(page.Cases[i].Number, 10)
	}
	return page, s.store.Logged(ctx, s.entry(who).Reading(things...))
}
