package movein

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"surgicase/domain/audit"
	"surgicase/domain/directory"
	"surgicase/domain/mail"
	"surgicase/domain/movein"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// everything is the key under which a table is noted that was moved in as a whole.
const everything = "*"

// whole moves a small table in as one thing: later changes to it are made here. Read turns a row into
// what store keeps; store gets all of them.
func whole[T any](ctx context.Context, r *run, table string, order []string, read func(movein.Record) movein.Moved[T], store func(context.Context, ports.Repos, []T) error) error {
	var recs []movein.Record
	for rec, err := range r.from.Rows(ctx, table, order...) {
		if err != nil {
			return err
		}
		recs = append(recs, rec)
	}
	if len(recs) == 0 {
		return nil
	}
	row := ports.Arrival{Table: table, ID: everything, Became: everything, Content: movein.Record{}.WithParts(recs...)}
	var p *part
	err := r.tx(ctx, func(ctx context.Context, repos ports.Repos) error {
		p = &part{}
		before, err := repos.Arrivals.Known(ctx, []ports.Arrival{row})
		if err != nil {
			return err
		}
		if was, ok := before[everything]; ok {
			p.again(row, was)
			p.before = int64(len(recs))
			return nil
		}
		things := sift(recs, read, p)
		if r.report.DryRun {
			return nil
		}
		if err := store(ctx, repos, things); err != nil {
			return err
		}
		return r.finish(ctx, repos, []ports.Arrival{row}, []audit.Entry{r.entry("list", table, nil)})
	})
	if err != nil {
		return fmt.Errorf("moving in %s: %w", table, err)
	}
	r.take(table, p)
	return nil
}

// sift reads rows and leaves out those that are held.
func sift[T any](recs []movein.Record, read func(movein.Record) movein.Moved[T], p *part) []T {
	var things []T
	for _, rec := range recs {
		m := read(rec)
		if m.Held {
			p.hold(m.Findings)
			continue
		}
		things = append(things, m.Thing)
		p.moved++
		p.findings = append(p.findings, m.Findings...)
	}
	return things
}

// put stores the entries of an editable list.
func put[T any](entry func(*T) ports.ListEntry) func(context.Context, ports.Repos, []T) error {
	return func(ctx context.Context, repos ports.Repos, things []T) error {
		for i := range things {
			if err := repos.Lists.Put(ctx, entry(&things[i])); err != nil {
				return err
			}
		}
		return nil
	}
}

func (r *run) lists(ctx context.Context) error {
	err := whole(ctx, r, "case_status_list", []string{"case_status"}, movein.StatusLabel,
		put(func(l *directory.StatusLabel) ports.ListEntry { return ports.ListEntry{Status: l} }))
	if err != nil {
		return err
	}
	err = whole(ctx, r, "user_type_list", []string{"user_type"}, movein.UserTypeLabel,
		put(func(l *directory.UserTypeLabel) ports.ListEntry { return ports.ListEntry{UserType: l} }))
	if err != nil {
		return err
	}
	putDocType := put(func(d *directory.DocType) ports.ListEntry { return ports.ListEntry{DocType: d} })
	err = whole(ctx, r, "user_doc_type_list", []string{"doc_type"}, movein.DocType,
		func(ctx context.Context, repos ports.Repos, types []directory.DocType) error {
			// The practice has its own list: those that a new installation begins with would stand among it.
			if err := repos.Lists.RemoveUnusedDocTypes(ctx, directory.BuiltInDocTypes); err != nil {
				return err
			}
			return putDocType(ctx, repos, types)
		})
	if err != nil {
		return err
	}
	return whole(ctx, r, "faq_list", []string{"user_type", "display_order"}, movein.FAQ,
		put(func(f *directory.FAQ) ports.ListEntry { return ports.ListEntry{FAQ: f} }))
}

// recipients moves in who gets reports by mail. Who is on a list here already stays as he is.
func (r *run) recipients(ctx context.Context) error {
	return whole(ctx, r, "report_email_list", []string{"report_name", "email_address"}, func(rec movein.Record) movein.Moved[mail.Recipient] {
		return movein.Recipient(rec, r.now)
	}, func(ctx context.Context, repos ports.Repos, list []mail.Recipient) error {
		type place struct {
			list    mail.List
			address string
		}
		here := map[place]bool{}
		present, err := ports.AllRecipients(ctx, repos, "")
		if err != nil {
			return err
		}
		for _, p := range present {
			here[place{p.List, p.Address}] = true
		}
		for i := range list {
			at := place{list[i].List, list[i].Address}
			if here[at] {
				continue
			}
			here[at] = true
			if err := repos.Recipients.Add(ctx, &list[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// priceTable makes the old prices the next version of our table, and prices what is here by them.
func (r *run) priceTable(ctx context.Context) error {
	return whole(ctx, r, "procedure_codes", []string{"tier", "procedure_code"}, func(rec movein.Record) movein.Moved[pay.Row] {
		m := movein.Price(rec)
		if !m.Held && r.report.DryRun {
			r.prices = append(r.prices, m.Thing)
		}
		return m
	}, func(ctx context.Context, repos ports.Repos, rows []pay.Row) error {
		version, err := repos.Prices.Load(ctx, rows, true, "moved in from the service before", r.who.User, r.now)
		if err != nil {
			return err
		}
		priced, err := ports.Reprice(ctx, repos, ports.PricingSet{All: true}, r.now)
		if err != nil {
			return err
		}
		entry := audit.Record(r.who, permission.ManagePrices, "price_table", strconv.FormatInt(int64(version), 10), r.now)
		entry.Fields = []string{"rows"}
		for _, c := range priced {
			if c.Differs() {
				entry.Things = append(entry.Things, strconv.FormatInt(c.Number, 10))
			}
		}
		if err := repos.Outbox.Put(ctx, ports.RepriceStale, strconv.FormatInt(int64(version), 10), r.now); err != nil {
			return err
		}
		return repos.Audit.Record(ctx, entry)
	})
}

// catalogue moves in the practice's own code catalogue. Where both old tables have a code, that of
// cpt_codes stands: it came last.
func (r *run) catalogue(ctx context.Context) error {
	for _, table := range []string{"procedure_codes_desc", "cpt_codes"} {
		seen := map[string]bool{}
		err := whole(ctx, r, table, []string{"id", "procedure_code"}, func(rec movein.Record) movein.Moved[directory.ProcedureCode] {
			m := movein.Code(rec)
			if !m.Held && seen[m.Thing.Code] {
				m.Findings = append(m.Findings, movein.Finding{Table: table, ID: m.Thing.Code, Effect: movein.Changed, Code: "code_twice"})
			}
			seen[m.Thing.Code] = true
			return m
		}, func(ctx context.Context, repos ports.Repos, codes []directory.ProcedureCode) error {
			return repos.Codes.Put(ctx, lastOfEach(codes))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func lastOfEach(codes []directory.ProcedureCode) []directory.ProcedureCode {
	var kept []directory.ProcedureCode
	seen := map[string]bool{}
	for _, code := range slices.Backward(codes) {
		if !seen[code.Code] {
			seen[code.Code] = true
			kept = append(kept, code)
		}
	}
	return kept
}
