// Package movein brings what the service before this one has stored into ours.
package movein

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/ident"
	"surgicase/domain/movein"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Service moves in.
type Service struct {
	store  ports.Store
	clock  ports.Clock
	ids    ports.IDs
	events ports.Events
	rules  pay.Rules
}

// New makes the service.
func New(store ports.Store, clock ports.Clock, ids ports.IDs, events ports.Events, rules pay.Rules) *Service {
	return &Service{store: store, clock: clock, ids: ids, events: events, rules: rules}
}

// batchSize is how many rows one transaction moves in: few enough that others are not kept waiting.
const batchSize = 200

// Import moves everything in that is not here yet. Each batch of rows is a transaction of its own with
// its audit entries: what an import that broke off has left undone, the next one does. With dry it
// writes nothing and says what it would do. It tells how many rows of how many it is done with.
//
// Faults: Forbidden; Unavailable "reference_unavailable".
func (s *Service) Import(ctx context.Context, who permission.Actor, from ports.Reference, dry bool, tell func(rows, of int64)) (Report, error) {
	if err := permission.Check(who, permission.MoveIn, ""); err != nil {
		return Report{}, ports.Refused(ctx, s.store, audit.Record(who, permission.MoveIn, "reference", "", s.clock.Now()), err)
	}
	run := &run{
		Service: s, who: who, from: from, tell: tell, now: s.clock.Now(), report: Report{DryRun: dry}, people: movein.People{},
		places: movein.Places{Surgeons: map[int64]int64{}, Facilities: map[int64]int64{}}, twins: map[string]bool{}, twinKey: s.ids.Key(),
		tiers: map[ident.UserID]pay.Tier{}, usedIDs: map[string]bool{}, usedNumbers: map[string]bool{},
	}
	err := run.all(ctx)
	s.events.Happened(ctx, ports.Event{Name: "reference.imported", Err: err, Values: []ports.Value{
		{Name: "dry_run", Text: strconv.FormatBool(dry)}, {Name: "findings", Text: strconv.Itoa(len(run.report.Findings))},
	}})
	return run.report, err
}

// run is one import: what it knows so far, and its report.
type run struct {
	*Service
	who     permission.Actor
	from    ports.Reference
	tell    func(rows, of int64)
	done    int64 // rows
	of      int64
	now     time.Time
	report  Report
	people  movein.People
	tiers   map[ident.UserID]pay.Tier // of users that only a dry run knows
	places  movein.Places
	prices  []pay.Row // that a dry run would load
	twins   map[string]bool
	twinKey []byte

	usedIDs, usedNumbers map[string]bool // of cases of this run
}

func (r *run) all(ctx context.Context) error {
	if err := r.survey(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{r.lists, r.recipients, r.priceTable, r.catalogue, r.users, r.surgeons, r.facilities, r.groups, r.cases} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	r.report.sort()
	return nil
}

// left are the tables that are not moved in, and why. Names may end in *.
var left = [][2]string{
	{"request_logs", "bodies of requests hold patient data in the clear; ours keep none"},
	{"npi_*", "the NPI directory is loaded from the files of CMS"},
	{"search_*", "the NPI directory is loaded from the files of CMS"},
	{"provider_names", "the NPI directory is loaded from the files of CMS"},
	{"taxonomy_list", "the NPI directory is loaded from the files of CMS"},
	{"user_timezones", "time zones are those of the IANA database"},
	{"insurance_plans", "nothing used it"},
	{"case_documents", "nothing used it; documents of cases are named in cases"},
	{"case_doc_type_list", "nothing used it"},
	{"procedure_code_buckets*", "what cases are paid stands in procedure_codes"},
	{"procedure_codes_new_tier", "left over from a migration of the old service"},
	{"procedure_codes_tiers", "left over from a migration of the old service"},
	{"bugs", "they are in the bug tracker"},
	{"email_log", "a log of what was mailed then"},
	{"user_encryption_keys", "keys of the old service"},
	{"encryption_key_audit", "keys of the old service"},
}

// survey counts every table there is, so that none is forgotten in silence, and no column.
func (r *run) survey(ctx context.Context) error {
	counts, err := r.from.Tables(ctx)
	if err != nil {
		return err
	}
	for name, rows := range counts {
		t := r.report.table(name)
		if t.Rows = rows; !movein.IsMoved(name) {
			t.Why = why(name)
			continue
		}
		columns, err := r.from.Columns(ctx, name)
		if err != nil {
			return err
		}
		t.Unread = movein.Unread(name, columns)
		r.of += rows
	}
	for _, table := range []string{"cases", "deleted_cases"} {
		worth, err := r.from.Worth(ctx, table)
		if err != nil {
			return err
		}
		r.report.Pay.Before += worth
	}
	return nil
}

func why(name string) string {
	for _, l := range left {
		if stem, start := strings.CutSuffix(l[0], "*"); name == l[0] || (start && strings.HasPrefix(name, stem)) {
			return l[1]
		}
	}
	return "not a table that the old service is known to have"
}

// parts reads the rows of a table that belong to rows of another, by their folded key.
func (r *run) parts(ctx context.Context, table, key string, order ...string) (map[string][]movein.Record, error) {
	found := map[string][]movein.Record{}
	for rec, err := range r.from.Rows(ctx, table, append([]string{key}, order...)...) {
		if err != nil {
			return nil, err
		}
		id := movein.Fold(rec.Text(key))
		found[id] = append(found[id], rec)
	}
	return found, nil
}

// take notes what became of some rows of a table.
func (r *run) take(table string, p *part) {
	r.report.take(table, p)
	r.done += p.moved + p.before + p.held
	r.tell(r.done, r.of)
}

// fate is what became of a row, and of the rows that belong to it.
type fate int

const (
	unknown fate = iota // there is no such row
	arrived
	earlier
	leftOut
)

// settle counts the parts of rows by what became of those, and reports the orphans.
func (r *run) settle(table string, found map[string][]movein.Record, fates map[string]fate) {
	p := &part{}
	for id, rows := range found {
		n := int64(len(rows))
		switch fates[id] {
		case arrived:
			p.moved += n
		case earlier:
			p.before += n
		case leftOut:
			p.held += n
		case unknown:
			p.held += n
			for range rows {
				p.findings = append(p.findings, movein.Finding{Table: table, ID: shownID(id), Effect: movein.Held, Code: "orphan"})
			}
		}
	}
	slices.SortFunc(p.findings, func(a, b movein.Finding) int { return strings.Compare(a.ID, b.ID) })
	if len(found) > 0 {
		r.take(table, p)
	}
}

// shownID shows ids only: other text in their place might be a name.
func shownID(id string) string {
	if _, err := ident.ParseCaseID(id); err != nil {
		return "(not an id)"
	}
	return id
}

// batches hands the rows of a table over, some at a time, each batch in a transaction.
func (r *run) batches(ctx context.Context, table string, order []string, do func(context.Context, ports.Repos, []movein.Record, *part) error) error {
	var batch []movein.Record
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		var p *part
		err := r.tx(ctx, func(ctx context.Context, repos ports.Repos) error {
			p = &part{}
			return do(ctx, repos, batch, p)
		})
		if err != nil {
			return fmt.Errorf("moving in %s: %w", table, err)
		}
		r.take(table, p)
		batch = batch[:0]
		return nil
	}
	for rec, err := range r.from.Rows(ctx, table, order...) {
		if err != nil {
			return err
		}
		if batch = append(batch, rec); len(batch) == batchSize {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

func (r *run) tx(ctx context.Context, do func(context.Context, ports.Repos) error) error {
	if r.report.DryRun {
		return r.store.View(ctx, do)
	}
	return r.store.InTx(ctx, do)
}

// entry is the audit entry of something that was moved in.
func (r *run) entry(entity, id string, digest []byte) audit.Entry {
	return audit.Record(r.who, permission.MoveIn, entity, id, r.now).Changing(nil, nil, digest)
}

// finish notes what was moved in by a batch, on the trail and for the next run.
func (r *run) finish(ctx context.Context, repos ports.Repos, arrivals []ports.Arrival, entries []audit.Entry) error {
	if r.report.DryRun || len(arrivals) == 0 {
		return nil
	}
	if err := repos.Arrivals.Add(ctx, arrivals); err != nil {
		return err
	}
	return repos.Audit.Record(ctx, entries...)
}

// known looks up which rows of a batch were moved in before.
func known(ctx context.Context, repos ports.Repos, recs []movein.Record, arrival func(movein.Record) ports.Arrival) ([]ports.Arrival, map[string]ports.Arrived, error) {
	rows := make([]ports.Arrival, len(recs))
	for i, rec := range recs {
		rows[i] = arrival(rec)
	}
	found, err := repos.Arrivals.Known(ctx, rows)
	return rows, found, err
}

// again counts a row that was moved in before. If it has changed there since, ours is kept: work goes
// on here.
func (p *part) again(row ports.Arrival, was ports.Arrived) {
	p.before++
	if !was.Same {
		p.findings = append(p.findings, movein.Finding{Table: row.Table, ID: shownID(row.ID), Effect: movein.Kept, Code: "changed_there_since", Now: was.Became})
	}
}

func (p *part) hold(findings []movein.Finding) {
	p.held++
	p.findings = append(p.findings, findings...)
}

func (p *part) taken(table, id string) {
	p.hold([]movein.Finding{{Table: table, ID: shownID(id), Effect: movein.Held, Code: "id_taken"}})
}

func (p *part) move(findings []movein.Finding, keep func()) {
	p.moved++
	p.findings = append(p.findings, findings...)
	p.keep = append(p.keep, keep)
}
