package ports

import (
	"context"
	"strconv"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

// repriceBatch is how many cases are priced together; a whole table's worth streams through.
const repriceBatch = 1000

// Repriced is a case with its new price and what it was worth before.
type Repriced struct {
	surgical.Standing
	Before surgical.Worth
}

// Differs says whether the new price is another one, not only a newer one.
func (r Repriced) Differs() bool {
	return r.Pay.Amount != r.Before.Amount || r.Pay.Category != r.Before.Category || r.Pay.Status != r.Before.Status
}

// Reprice gives the cases that which names the price of their owners' tiers in the current table,
// in the transaction that made it necessary: moves, a new price table and a new tier all come here.
// It returns the cases as priced.
func Reprice(ctx context.Context, r Repos, which PricingSet, at time.Time) ([]Repriced, error) {
	all := []Repriced{}
	err := EachToPrice(ctx, r, which, func(cases []Priceable) error {
		table, err := TableFor(ctx, r, cases)
		if err != nil {
			return err
		}
		priced := PriceAll(table, cases, which.anew(), at)
		all = append(all, priced...)
		return r.CaseSets.Reprice(ctx, standings(priced))
	})
	return all, err
}

// PriceStale prices the cases below PendingPayment whose price does not come from the current table and tier. What it
// changes is on the audit trail.
func PriceStale(ctx context.Context, r Repos, at time.Time) ([]Repriced, error) {
	priced, err := Reprice(ctx, r, PricingSet{Stale: true}, at)
	if err != nil || len(priced) == 0 {
		return nil, err
	}
	version := strconv.FormatInt(int64(priced[0].Pay.Table), 10)
	entry := audit.Record(permission.System("job"), permission.ManagePrices, "price_table", version, at)
	entry.Fields = []string{"rows"}
	for _, c := range priced {
		if c.Differs() {
			entry.Things = append(entry.Things, strconv.FormatInt(c.Number, 10))
		}
	}
	return priced, r.Audit.Record(ctx, entry)
}

// RunCandidates returns the cases in ReadyForBilling, or those of them among ids if given, at the prices in force: what
// is stale is priced first. Source: spec/decisions.md 11.4.
func RunCandidates(ctx context.Context, r Repos, ids []ident.CaseID, at time.Time) ([]surgical.RunCandidate, error) {
	if _, err := PriceStale(ctx, r, at); err != nil {
		return nil, err
	}
	return r.CaseSets.ReadyForRun(ctx, ids)
}

// EachToPrice visits the cases that which names, some at a time.
func EachToPrice(ctx context.Context, r Repos, which PricingSet, visit func([]Priceable) error) error {
	var after int64
	for {
		cases, err := r.CaseSets.ToPrice(ctx, which, after, repriceBatch)
		if err != nil || len(cases) == 0 {
			return err
		}
		after = cases[len(cases)-1].Number
		if err := visit(cases); err != nil {
			return err
		}
		if len(cases) < repriceBatch || len(cases) == len(which.Numbers) {
			return nil
		}
	}
}

// TableFor reads the part of the current price table that the cases need.
func TableFor(ctx context.Context, r Repos, cases []Priceable) (pay.Table, error) {
	tiers, codes := map[pay.Tier]bool{}, map[pay.Code]bool{}
	for _, c := range cases {
		tiers[c.OwnerTier] = true
		for _, code := range c.Codes {
			codes[code] = true
		}
	}
	return r.Prices.Table(ctx, keys(tiers), keys(codes))
}

// PriceAll computes what the cases are worth by a table, without storing it. Anew is for cases that
// changed themselves: their zero approval ends.
func PriceAll(table pay.Table, cases []Priceable, anew bool, at time.Time) []Repriced {
	priced := make([]Repriced, len(cases))
	for i, c := range cases {
		priced[i] = Repriced{Standing: c.Standing, Before: c.Pay}
		if x := table.Price(c.OwnerTier, c.Codes); anew {
			priced[i].Reprice(x, at)
		} else {
			priced[i].Refresh(x, at)
		}
	}
	return priced
}

// anew says whether the cases are priced because they came back below 15, not because a price did.
func (p PricingSet) anew() bool { return len(p.Numbers) > 0 }

func standings(priced []Repriced) []surgical.Standing {
	out := make([]surgical.Standing, len(priced))
	for i := range priced {
		out[i] = priced[i].Standing
	}
	return out
}

func keys[K comparable, V any](m map[K]V) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}
