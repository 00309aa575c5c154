package movein

import (
	"context"
	"errors"
	"maps"
	"strconv"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/movein"
	"surgicase/domain/pay"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

func (r *run) cases(ctx context.Context) error {
	for _, of := range []struct {
		table, codes string
		gone         bool
	}{{"cases", "case_procedure_codes", false}, {"deleted_cases", "deleted_case_procedure_codes", true}} {
		codes, err := r.parts(ctx, of.codes, "case_id", "procedure_code")
		if err != nil {
			return err
		}
		fates := map[string]fate{}
		err = r.batches(ctx, of.table, []string{"human_case_id", "case_id"}, func(ctx context.Context, repos ports.Repos, recs []movein.Record, p *part) error {
			b := &caseBatch{run: r, repos: repos, codes: codes, gone: of.gone, part: p, fates: fates}
			return b.all(ctx, recs)
		})
		if err != nil {
			return err
		}
		r.settle(of.codes, codes, fates)
	}
	return nil
}

// caseBatch moves some cases in, with the import run of those that were paid or are about to be.
type caseBatch struct {
	*run
	repos ports.Repos
	codes map[string][]movein.Record
	gone  bool
	part  *part
	fates map[string]fate // of the cases, for their codes

	takenIDs, takenNumbers map[string]bool
	tiersHere              map[ident.UserID]pay.Tier
	cases                  []movein.Case
	findings               [][]movein.Finding
	arrivals               []ports.Arrival
}

func (b *caseBatch) all(ctx context.Context, recs []movein.Record) error {
	rows, before, err := known(ctx, b.repos, recs, func(rec movein.Record) ports.Arrival {
		id := rec.Text("case_id")
		return ports.Arrival{Table: rec.Table, ID: id, Content: rec.WithParts(b.codes[movein.Fold(id)]...)}
	})
	if err != nil {
		return err
	}
	if err := b.lookUp(ctx, recs, rows); err != nil {
		return err
	}
	for i, rec := range recs {
		if was, ok := before[rows[i].ID]; ok {
			b.part.again(rows[i], was)
			b.note(rec, &b.part.sums.Earlier, earlier)
			continue
		}
		if err := b.read(ctx, rec, rows[i]); err != nil {
			return err
		}
	}
	if err := b.price(ctx); err != nil {
		return err
	}
	return b.add(ctx)
}

// note adds the old pay of a row to a sum. The codes of its case share its fate.
func (b *caseBatch) note(rec movein.Record, sum *pay.Cents, f fate) {
	amount, _ := movein.ParseAmount(rec.Text("pay_amount"))
	*sum += amount
	key := movein.Fold(rec.Text("case_id"))
	b.part.keep = append(b.part.keep, func() { b.fates[key] = f })
}

// lookUp asks which ids and numbers are taken: those of the rows, and those they get if they are.
func (b *caseBatch) lookUp(ctx context.Context, recs []movein.Record, rows []ports.Arrival) (err error) {
	caseIDs, numbers := ids(rows), make([]string, len(recs))
	for i, rec := range recs {
		numbers[i] = rec.Text("human_case_id")
	}
	if b.takenIDs, err = b.repos.Arrivals.Taken(ctx, ports.CaseKey, caseIDs); err != nil {
		return err
	}
	if b.takenNumbers, err = b.repos.Arrivals.Taken(ctx, ports.NumberKey, numericOnly(numbers)); err != nil {
		return err
	}
	maps.Copy(b.takenIDs, b.usedIDs) // a dry run stores none
	maps.Copy(b.takenNumbers, b.usedNumbers)
	b.tiersHere = map[ident.UserID]pay.Tier{}
	return nil
}

func numericOnly(texts []string) []string {
	var out []string
	for _, text := range texts {
		if _, err := strconv.ParseInt(text, 10, 64); err == nil {
			out = append(out, text)
		}
	}
	return out
}

// read turns a row into a case, or holds it.
func (b *caseBatch) read(ctx context.Context, rec movein.Record, row ports.Arrival) error {
	m := movein.ReadCase(rec, b.codes[movein.Fold(row.ID)], b.people, b.places, b.gone, b.who.User, b.now)
	if m.Held {
		b.part.hold(m.Findings)
		b.note(rec, &b.part.sums.Held, leftOut)
		return nil
	}
	c := m.Thing
	if b.takenIDs[row.ID] {
		if !b.gone || c.Rename() != nil {
			b.part.taken(rec.Table, row.ID)
			b.note(rec, &b.part.sums.Held, leftOut)
			return nil
		}
		m.Findings = append(m.Findings, movein.Finding{Table: rec.Table, ID: row.ID, Column: "case_id", Effect: movein.Changed, Code: "id_taken", Was: row.ID, Now: string(c.ID)})
	}
	if number := strconv.FormatInt(c.Number, 10); c.Number != 0 && b.takenNumbers[number] {
		c.Number = 0
		m.Findings = append(m.Findings, movein.Finding{Table: rec.Table, ID: row.ID, Column: "human_case_id", Effect: movein.Changed, Code: "id_taken", Was: number, Now: "a new one"})
	}
	twin, err := b.twin(ctx, &c)
	if err != nil {
		return err
	}
	if twin {
		m.Findings = append(m.Findings, movein.Finding{Table: rec.Table, ID: row.ID, Effect: movein.Kept, Code: "possible_duplicate"})
	}
	number := strconv.FormatInt(c.Number, 10)
	b.part.keep = append(b.part.keep, func() { b.usedIDs[string(c.ID)], b.usedNumbers[number] = true, true })
	c.DigestKey = b.ids.Key()
	row.Became = string(c.ID)
	b.note(rec, &b.part.sums.Moved, arrived)
	b.cases, b.findings, b.arrivals = append(b.cases, c), append(b.findings, m.Findings), append(b.arrivals, row)
	return nil
}

// twin says whether there is another case of this patient, owner and day, and keeps both.
func (b *caseBatch) twin(ctx context.Context, c *movein.Case) (bool, error) {
	if !c.DeletedAt.IsZero() {
		return false, nil
	}
	key := string(c.DuplicateText().Digest(b.twinKey))
	found, err := b.repos.Cases.Twin(ctx, c.Case)
	if err != nil {
		return false, err
	}
	for _, other := range b.cases { // of this batch: the others are known to the run
		if other.DeletedAt.IsZero() && string(other.DuplicateText().Digest(b.twinKey)) == key {
			c.DuplicateForced = true
		}
	}
	c.DuplicateForced = c.DuplicateForced || found != "" || b.twins[key]
	b.part.keep = append(b.part.keep, func() { b.twins[key] = true })
	return c.DuplicateForced, nil
}

// price prices the cases by the tiers of their owners. Those from 15 up keep what they were worth.
func (b *caseBatch) price(ctx context.Context) error {
	tiers, codes := map[pay.Tier]bool{}, map[pay.Code]bool{}
	for _, c := range b.cases {
		tier, err := b.tier(ctx, c.Owner)
		if err != nil {
			return err
		}
		tiers[tier] = true
		for _, code := range surgical.Procedures(c.Codes) {
			codes[code] = true
		}
	}
	table, err := b.repos.Prices.Table(ctx, keys(tiers), keys(codes))
	if err != nil {
		return err
	}
	if len(b.prices) > 0 {
		table = table.With(b.prices, true)
	}
	for i := range b.cases {
		c := &b.cases[i]
		if found, differs := c.Price(b.tiersHere[c.Owner], table); differs {
			found.Table = b.arrivals[i].Table
			b.findings[i] = append(b.findings[i], found)
			b.part.sums.Repriced += c.Pay.Amount - c.Old
		}
	}
	return nil
}

// tier is the pay tier the owner has here.
func (b *caseBatch) tier(ctx context.Context, owner ident.UserID) (pay.Tier, error) {
	if tier, ok := b.tiersHere[owner]; ok {
		return tier, nil
	}
	u, err := b.repos.Users.GetForUse(ctx, owner)
	switch {
	case err == nil:
		b.tiersHere[owner] = u.Tier
	case errors.Is(err, fault.NotFound) && b.report.DryRun:
		b.tiersHere[owner] = b.tiers[owner]
	default:
		return 0, err
	}
	return b.tiersHere[owner], nil
}

// add stores the cases, the import run that holds what they were paid, and reads back what they are
// worth.
func (b *caseBatch) add(ctx context.Context) error {
	var entries []audit.Entry
	var payments []pay.Entry
	var numbers []int64
	for i := range b.cases {
		c := &b.cases[i]
		if !b.report.DryRun {
			if err := b.repos.Cases.Add(ctx, c.Case, c.Moves...); err != nil {
				return err
			}
		}
		numbers = append(numbers, c.Number)
		entries = append(entries, b.entry("case", string(c.ID), audit.Digest(c.DigestKey, c.Contents()...)))
		b.part.move(b.findings[i], func() {})
		payments = b.owe(c, payments)
	}
	if b.report.DryRun {
		for _, c := range b.cases {
			b.part.sums.After += c.Pay.Amount
		}
		return nil
	}
	if len(payments) > 0 {
		imported := pay.NewRun(pay.Imported, payments, b.who.User, b.now, b.rules)
		if err := b.repos.Runs.Open(ctx, &imported, payments); err != nil {
			return err
		}
		entries = append(entries, b.entry("run", strconv.FormatInt(imported.ID, 10), nil))
		b.part.sums.Frozen.Open += imported.Open
		b.part.sums.Frozen.Settled += imported.Settled
	}
	worth, err := b.repos.Arrivals.Worth(ctx, numbers)
	if err != nil {
		return err
	}
	b.part.sums.After += worth
	return b.finish(ctx, b.repos, b.arrivals, entries)
}

// owe adds what the ledger is to hold for a case.
func (b *caseBatch) owe(c *movein.Case, payments []pay.Entry) []pay.Entry {
	sums := &b.part.sums.Frozen
	if c.Frozen() {
		sums.Moved += c.Old
	}
	switch c.Debt {
	case movein.Waived:
		sums.Waived += c.Old
	case movein.Open, movein.Settled:
		if b.report.DryRun { // the ledger itself says it otherwise
			if c.Debt == movein.Open {
				sums.Open += c.Old
			} else {
				sums.Settled += c.Old
			}
		}
		e := c.Entry()
		e.On = b.rules.Zone.Day(e.At)
		return append(payments, e)
	case movein.Nothing:
	}
	return payments
}

func keys[K comparable](m map[K]bool) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}
