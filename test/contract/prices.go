package contract

import (
	"context"
	"fmt"
	"testing"
	"time"

	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/ports"
	"surgicase/test/given"
)

// Prices is the contract of ports.Prices.
func Prices(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"without a table there are no prices, at version 0", noPrices},
		{"rows replace those of their tier and code and leave the others", loadReplaces},
		{"a whole load replaces the tiers it names and leaves the others", loadWhole},
		{"every version can be asked for later", oldTables},
		{"a row that is taken away may come back", rowsComeBack},
		{"thousands of rows can be loaded at once", largeLoad},
		{"of twenty loads at once each makes a version of its own", racingLoads},
		{"an error takes a load back", loadRollback},
		{"no table is loaded while a transaction prices", loadWaits},
		{"a view neither waits for a load nor sees half of it", viewDuringLoad},
		{"current rows come by tier and code, page by page", priceListPages},
		{"tiers are summed up", tierTotals},
		{"a version is confirmed once, by whoever came first", confirmedOnce},
	})
}

func confirmedOnce(w *world) {
	for range 3 {
		w.load(false, row(1, "Z9001", 100))
	}
	confirm := func(by ident.UserID, versions ...pay.TableVersion) {
		w.t.Helper()
		w.do(func(ctx context.Context, r ports.Repos) error {
			return r.Tables.Confirm(ctx, versions, by, given.Morning.Add(time.Hour))
		})
	}
	unconfirmed := func(upTo pay.TableVersion) []pay.LoadedTable {
		w.t.Helper()
		return read(w, func(ctx context.Context, r ports.Repos) ([]pay.LoadedTable, error) {
			return r.Tables.Unconfirmed(ctx, upTo)
		})
	}
	table := func(v pay.TableVersion) pay.LoadedTable {
		return pay.LoadedTable{Version: v, Source: "test", By: "eve", At: given.Morning}
	}
	equal(w.t, "all", unconfirmed(9), []pay.LoadedTable{table(1), table(2), table(3)})
	equal(w.t, "up to 2", unconfirmed(2), []pay.LoadedTable{table(1), table(2)})
	confirm("ann", 1, 3)
	confirm("bob", 1)
	confirm("bob")
	equal(w.t, "what is left", unconfirmed(9), []pay.LoadedTable{table(2)})
}

func loading(whole bool, rows ...pay.Row) work {
	return func(ctx context.Context, r ports.Repos) error {
		_, err := r.Prices.Load(ctx, rows, whole, "test", "eve", given.Morning)
		return err
	}
}

func (w *world) load(whole bool, rows ...pay.Row) {
	w.t.Helper()
	w.do(loading(whole, rows...))
}

func (w *world) table(tiers []pay.Tier, codes ...pay.Code) pay.Table {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (pay.Table, error) { return r.Prices.Table(ctx, tiers, codes) })
}

func (w *world) tableAt(v pay.TableVersion, tier pay.Tier, codes ...pay.Code) pay.Table {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (pay.Table, error) {
		return r.Prices.TableAt(ctx, v, tier, codes)
	})
}

type priceListed struct {
	rows    []pay.Row
	version pay.TableVersion
}

func (w *world) prices(q ports.PriceQuery) priceListed {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (priceListed, error) {
		rows, version, err := r.Prices.List(ctx, q)
		return priceListed{rows, version}, err
	})
}

func row(tier pay.Tier, code pay.Code, amount pay.Cents) pay.Row {
	return pay.Row{Tier: tier, Code: code, Category: "general", Amount: amount}
}

func noPrices(w *world) {
	equal(w.t, "table", w.table([]pay.Tier{1}, "Z9001"), pay.NewTable(0, nil))
	equal(w.t, "nothing asked", w.table(nil), pay.NewTable(0, nil))
	list := w.prices(ports.PriceQuery{Limit: 10})
	isEmpty(w.t, "rows", list.rows)
	equal(w.t, "version", list.version, 0)
	isEmpty(w.t, "tiers", read(w, func(ctx context.Context, r ports.Repos) ([]ports.TierTotal, error) {
		totals, _, err := r.Prices.Tiers(ctx)
		return totals, err
	}))
}

func loadReplaces(w *world) {
	w.load(false, row(1, "Z9001", 100), row(1, "Z9002", 200), row(2, "Z9001", 300))
	w.do(func(ctx context.Context, r ports.Repos) error {
		version, err := r.Prices.Load(ctx, []pay.Row{row(1, "Z9001", pay.MaxAmount), row(3, "Z9001", 0)}, false, "test", "eve", given.Morning)
		equal(w.t, "version", version, 2)
		return err
	})
	equal(w.t, "rows", w.prices(ports.PriceQuery{Limit: 10}), priceListed{
		[]pay.Row{row(1, "Z9001", pay.MaxAmount), row(1, "Z9002", 200), row(2, "Z9001", 300), row(3, "Z9001", 0)}, 2,
	})
	equal(w.t, "part", w.table([]pay.Tier{1, 3}, "Z9001", "Z9999"), pay.NewTable(2, []pay.Row{row(1, "Z9001", pay.MaxAmount), row(3, "Z9001", 0)}))
}

func loadWhole(w *world) {
	w.load(false, row(1, "Z9001", 100), row(1, "Z9002", 200), row(2, "Z9001", 300))
	w.load(true, row(1, "Z9003", 400))
	equal(w.t, "rows", w.prices(ports.PriceQuery{Limit: 10}).rows, []pay.Row{row(1, "Z9003", 400), row(2, "Z9001", 300)})
	w.load(true)
	equal(w.t, "after nothing was loaded", w.prices(ports.PriceQuery{Limit: 10}), priceListed{[]pay.Row{row(1, "Z9003", 400), row(2, "Z9001", 300)}, 3})
}

func oldTables(w *world) {
	w.load(false, row(1, "Z9001", 100), row(2, "Z9001", 900))
	w.load(false, row(1, "Z9001", 200), row(1, "Z9002", 50))
	w.load(true, row(1, "Z9002", 60))
	codes := []pay.Code{"Z9001", "Z9002"}
	for version, rows := range [][]pay.Row{
		{}, {row(1, "Z9001", 100)}, {row(1, "Z9001", 200), row(1, "Z9002", 50)}, {row(1, "Z9002", 60)},
	} {
		v := pay.TableVersion(version)
		equal(w.t, fmt.Sprint("version ", v), w.tableAt(v, 1, codes...), pay.NewTable(v, rows))
	}
	equal(w.t, "nothing asked", w.tableAt(2, 1), pay.NewTable(2, nil))
}

func rowsComeBack(w *world) {
	w.load(true, row(1, "Z9001", 100))
	w.load(true, row(1, "Z9002", 100))
	w.load(true, row(1, "Z9001", 100))
	equal(w.t, "at 2", w.tableAt(2, 1, "Z9001"), pay.NewTable(2, nil))
	equal(w.t, "now", w.table([]pay.Tier{1}, "Z9001", "Z9002"), pay.NewTable(3, []pay.Row{row(1, "Z9001", 100)}))
}

func largeLoad(w *world) {
	rows := make([]pay.Row, 3000)
	for i := range rows {
		rows[i] = row(pay.Tier(1+i%3), pay.Code(fmt.Sprintf("%05d", i)), pay.Cents(i))
	}
	w.load(false, rows...)
	w.load(false, rows...)
	w.load(true, rows...)
	list := w.prices(ports.PriceQuery{Limit: 5000})
	equal(w.t, "rows", len(list.rows), 3000)
	equal(w.t, "version", list.version, 3)
}

func racingLoads(w *world) {
	versions := make([]pay.TableVersion, 20)
	for _, err := range together(20, func(i int) error {
		return w.try(func(ctx context.Context, r ports.Repos) (err error) {
			versions[i], err = r.Prices.Load(ctx, []pay.Row{row(1, "Z9001", pay.Cents(i))}, i%2 == 0, "test", "eve", given.Morning)
			return err
		})
	}) {
		if err != nil {
			w.t.Errorf("unexpected: %v", err)
		}
	}
	for i, v := range versions {
		equal(w.t, fmt.Sprint("version ", v), w.tableAt(v, 1, "Z9001"), pay.NewTable(v, []pay.Row{row(1, "Z9001", pay.Cents(i))}))
	}
	equal(w.t, "last version", w.prices(ports.PriceQuery{Limit: 1}).version, 20)
}

func loadRollback(w *world) {
	w.load(false, row(1, "Z9001", 100))
	_ = w.try(func(ctx context.Context, r ports.Repos) error {
		if err := loading(true, row(1, "Z9002", 200))(ctx, r); err != nil {
			return err
		}
		return errRefused
	})
	equal(w.t, "rows", w.prices(ports.PriceQuery{Limit: 10}), priceListed{[]pay.Row{row(1, "Z9001", 100)}, 1})
}

func loadWaits(w *world) {
	w.needsLocks()
	w.load(false, row(1, "Z9001", 100))
	for _, codes := range [][]pay.Code{{"Z9001"}, {"Z9999"}, nil} {
		w.waitsFor(func(ctx context.Context, r ports.Repos) error {
			_, err := r.Prices.Table(ctx, []pay.Tier{1}, codes)
			return err
		}, loading(false, row(1, "Z9001", 200)))
	}
}

func viewDuringLoad(w *world) {
	w.load(false, row(1, "Z9001", 100))
	w.do(func(ctx context.Context, r ports.Repos) error {
		if err := loading(true, row(1, "Z9001", 200))(ctx, r); err != nil {
			return err
		}
		began := time.Now()
		equal(w.t, "table", w.table([]pay.Tier{1}, "Z9001"), pay.NewTable(1, []pay.Row{row(1, "Z9001", 100)}))
		if took := time.Since(began); took > 5*time.Second {
			w.t.Errorf("the view waited %v", took)
		}
		return nil
	})
}

func priceListPages(w *world) {
	w.load(false, row(2, "Z9001", 4), row(1, "Z9003", 3), row(1, "Z9001", 1), row(1, "Z9002", 2), row(10, "A0001", 5))
	w.load(false, row(1, "Z9002", 20))
	whole := []pay.Row{row(1, "Z9001", 1), row(1, "Z9002", 20), row(1, "Z9003", 3), row(2, "Z9001", 4), row(10, "A0001", 5)}
	equal(w.t, "all", w.prices(ports.PriceQuery{Limit: 10}), priceListed{whole, 2})
	equal(w.t, "first page", w.prices(ports.PriceQuery{Limit: 3}).rows, whole[:3])
	equal(w.t, "last page", w.prices(ports.PriceQuery{Limit: 3, After: &whole[2]}).rows, whole[3:])
	equal(w.t, "one tier", w.prices(ports.PriceQuery{Tier: 1, Limit: 10, After: &whole[0]}).rows, whole[1:3])
}

func tierTotals(w *world) {
	w.load(false, row(2, "Z9001", 4), row(1, "Z9003", 3), row(1, "Z9001", 1))
	w.load(false, row(1, "Z9003", 2))
	w.do(func(ctx context.Context, r ports.Repos) error {
		totals, version, err := r.Prices.Tiers(ctx)
		equal(w.t, "version", version, 2)
		equal(w.t, "totals", totals, []ports.TierTotal{{Tier: 1, Rows: 2, Highest: 2}, {Tier: 2, Rows: 1, Highest: 4}})
		return err
	})
}
