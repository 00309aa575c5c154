package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

type caseSetRepo struct{ *session }

// setBatch is how many cases one statement changes or names.
const setBatch = 500

// Standings implements ports.CaseSets.
func (r caseSetRepo) Standings(ctx context.Context, ids []ident.CaseID) ([]surgical.Standing, error) {
	found := []surgical.Standing{}
	for batch := range slices.Chunk(ids, 2*setBatch) {
		texts := make([]string, len(batch))
		for i, id := range batch {
			texts[i] = string(id)
		}
		err := r.each(ctx, "", "", "c.active = 1 AND c.case_id IN ?", []any{padded(texts)}, nil, func(s surgical.Standing, _ caseRow) {
			found = append(found, s)
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// priceLoader joins the price table that the price of case c comes from, unless somebody has confirmed it.
const priceLoader = " LEFT JOIN price_rows pr ON pr.user_tier = c.pay_tier AND pr.procedure_code = c.pay_code AND pr.from_version <= c.pay_table_version" +
	" AND (pr.until_version IS NULL OR pr.until_version > c.pay_table_version)" +
	" LEFT JOIN price_tables pt ON pt.version = pr.from_version AND pt.confirmed_by IS NULL"

// ReadyForRun implements ports.CaseSets.
func (r caseSetRepo) ReadyForRun(ctx context.Context, ids []ident.CaseID) ([]surgical.RunCandidate, error) {
	where, args := "c.active = 1 AND c.case_status = ?", []any{int(surgical.ReadyForBilling)}
	if len(ids) > 0 {
		texts := make([]string, len(ids))
		for i, id := range ids {
			texts[i] = string(id)
		}
		where, args = where+" AND c.case_id IN ?", append(args, padded(texts))
	}
	var npi *int64
	var loader sql.NullString
	found := []surgical.RunCandidate{}
	err := r.each(ctx, ", u.user_npi, pt.loaded_by", " JOIN users u ON u.user_id = c.user_id"+priceLoader, where+" ORDER BY c.human_case_id", args, []any{&npi, &loader},
		func(s surgical.Standing, row caseRow) {
			found = append(found, surgical.RunCandidate{Standing: s, Date: dateOf(row.CaseDate), HasNPI: npi != nil, PricedBy: ident.UserID(loader.String)})
		})
	return found, err
}

// each runs a query for standings with further columns, whose targets hold the values when visit
// is called.
func (r caseSetRepo) each(ctx context.Context, columns, joins, where string, args, targets []any, visit func(surgical.Standing, caseRow)) error {
	rows, err := r.db.WithContext(ctx).Raw("SELECT "+caseColumns+columns+caseTables+joins+" WHERE "+where, args...).Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var row caseRow
		var paid paymentRow
		if err := rows.Scan(append(row.targets(&paid), targets...)...); err != nil {
			return err
		}
		s := row.standing(paid)
		key := sealer{keys: r.keys}
		s.DigestKey = key.openBytes(row.DigestKey, "digest_key", row.CaseID)
		if key.err != nil {
			return key.err
		}
		visit(s, row)
	}
	return rows.Err()
}

// moveKind is what moved cases have in common that one UPDATE writes.
type moveKind struct {
	to        surgical.Status
	backward  bool
	nextRound bool
	payStatus pay.Status
	at        int64
	deleted   bool
	opens     bool // it is paid: only at the price in force
}

// pricedNow holds of cases whose price comes from the current table and their owner's tier. Source: spec/decisions.md 11.4.
const pricedNow = " AND pay_table_version = (SELECT t.version FROM price_current t) AND pay_tier = (SELECT u.user_tier FROM users u WHERE u.user_id = cases.user_id)"

// Move implements ports.CaseSets.
func (r caseSetRepo) Move(ctx context.Context, moved []surgical.Moved) error {
	kinds := map[moveKind][]surgical.Moved{}
	var history []historyRow
	for _, m := range moved {
		k := moveKind{m.Move.To, m.Move.Backward(), m.Move.Reprices(), m.Pay.Status, micros(m.Move.At), m.Deleted, m.Move.Effect == surgical.OpenPayment}
		kinds[k] = append(kinds[k], m)
		history = append(history, historyRows(m.Number, []surgical.Move{m.Move})...)
	}
	for kind, cases := range kinds {
		for batch := range slices.Chunk(cases, setBatch) {
			if err := r.moveAlike(ctx, kind, batch); err != nil {
				return err
			}
		}
	}
	return r.addHistory(ctx, history)
}

func (r caseSetRepo) moveAlike(ctx context.Context, kind moveKind, cases []surgical.Moved) error {
	set := "version = version + 1, updated_at = ?, case_status = ?, pay_status = ?, pay_generation = pay_generation + ?"
	args := []any{kind.at, int(kind.to), string(kind.payStatus), flag(kind.nextRound)}
	for i, status := range stampedStatuses {
		switch {
		case status == kind.to:
			set += ", " + stampColumns[i] + " = ?"
			args = append(args, kind.at)
		case status > kind.to && kind.backward:
			set += ", " + stampColumns[i] + " = NULL"
		}
	}
	guard := ""
	if kind.opens {
		guard = pricedNow
	}
	return r.guardedAmong(ctx, flag(!kind.deleted), set, args, standingsOf(cases), guard)
}

func standingsOf(cases []surgical.Moved) []surgical.Standing {
	standings := make([]surgical.Standing, len(cases))
	for i := range cases {
		standings[i] = cases[i].Standing
	}
	return standings
}

// guarded updates the cases if every one of them still has the version that was read.
func (r caseSetRepo) guarded(ctx context.Context, set string, args []any, cases []surgical.Standing) error {
	return r.guardedAmong(ctx, 1, set, args, cases, "")
}

// guardedAmong is guarded for cases that are active or, with 0, for deleted ones, and that meet a further condition.
func (r caseSetRepo) guardedAmong(ctx context.Context, active int, set string, args []any, cases []surgical.Standing, guard string) error {
	numbers := make([]int64, len(cases))
	versions := make([][]any, len(cases))
	for i, s := range cases {
		numbers[i] = s.Number
		versions[i] = []any{s.Number, s.Version}
	}
	done := r.db.WithContext(ctx).Exec("UPDATE cases SET "+set+" WHERE active = ? AND human_case_id IN ? AND (human_case_id, version) IN ?"+guard,
		append(args, active, padded(numbers), padded(versions))...)
	if done.Error == nil && done.RowsAffected != int64(len(cases)) {
		return raceLost()
	}
	return done.Error
}

// ToPrice implements ports.CaseSets.
func (r caseSetRepo) ToPrice(ctx context.Context, which ports.PricingSet, after int64, limit int) ([]ports.Priceable, error) {
	where := "c.active = 1 AND c.case_status < ? AND c.human_case_id > ?"
	args := []any{int(surgical.PendingPayment), after}
	switch {
	case which.All:
	case which.Stale:
		where += " AND (c.pay_table_version <> (SELECT version FROM price_current) OR c.pay_tier <> u.user_tier)"
	case which.Owner != "":
		where, args = where+" AND c.user_id = ?", append(args, string(which.Owner))
	case len(which.Numbers) > 0:
		where, args = where+" AND c.human_case_id IN ?", append(args, padded(which.Numbers))
	default:
		return []ports.Priceable{}, nil
	}
	lock := ""
	if len(which.Numbers) > 0 { // these changed themselves: whoever changes table or tier does not look for them
		lock = r.share
	}
	var tier int
	found := []ports.Priceable{}
	err := r.each(ctx, ", u.user_tier", " JOIN users u ON u.user_id = c.user_id", where+" ORDER BY c.human_case_id LIMIT ?"+lock, append(args, limit), []any{&tier},
		func(s surgical.Standing, _ caseRow) {
			found = append(found, ports.Priceable{Standing: s, OwnerTier: pay.Tier(tier)})
		})
	if err != nil {
		return nil, err
	}
	return found, r.addProcedures(ctx, found)
}

func (r caseSetRepo) addProcedures(ctx context.Context, cases []ports.Priceable) error {
	if len(cases) == 0 {
		return nil
	}
	numbers := make([]int64, len(cases))
	for i := range cases {
		numbers[i] = cases[i].Number
	}
	parts := caseParts{codes: map[int64][]surgical.Code{}}
	if err := r.loadCodes(ctx, numbers, parts); err != nil {
		return err
	}
	for i := range cases {
		cases[i].Codes = surgical.Procedures(parts.codes[cases[i].Number])
	}
	return nil
}

// Reprice implements ports.CaseSets. Each batch is one statement: every column gets its value from
// a CASE over the case numbers.
func (r caseSetRepo) Reprice(ctx context.Context, cases []surgical.Standing) error {
	for batch := range slices.Chunk(cases, setBatch) {
		set := []string{"version = version + 1"}
		var args []any
		column := func(name string, value func(surgical.Worth) any) {
			set = append(set, name+" = CASE human_case_id"+strings.Repeat(" WHEN ? THEN ?", len(batch))+" END")
			for _, s := range batch {
				args = append(args, s.Number, value(s.Pay))
			}
		}
		column("pay_amount_cents", func(w surgical.Worth) any { return int64(w.Amount) })
		column("pay_category", func(w surgical.Worth) any { return nullText(w.Category) })
		column("pay_status", func(w surgical.Worth) any { return string(w.Status) })
		column("pay_tier", func(w surgical.Worth) any { return int(w.Tier) })
		column("pay_table_version", func(w surgical.Worth) any { return int64(w.Table) })
		column("pay_code", func(w surgical.Worth) any { return nullText(string(w.Winner)) })
		column("priced_at", func(w surgical.Worth) any { return nullMicros(w.At) })
		if err := r.guarded(ctx, strings.Join(set, ", "), args, batch); err != nil {
			return err
		}
	}
	return nil
}
