// Package payments holds everything about what cases are worth and how they are paid.
package payments

import (
	"context"
	"strconv"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/dryrun"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// Prices keeps the price tables. All of it is for Global Admins.
type Prices struct {
	store  ports.Store
	clock  ports.Clock
	events ports.Events
}

// NewPrices makes the service.
func NewPrices(store ports.Store, clock ports.Clock, events ports.Events) *Prices {
	return &Prices{store: store, clock: clock, events: events}
}

// TierTotal sums up the price rows of a tier.
type TierTotal = ports.TierTotal

// Tiers sums up the current price table by tier.
//
// Faults: Forbidden.
func (s *Prices) Tiers(ctx context.Context, who permission.Actor) ([]TierTotal, pay.TableVersion, error) {
	if err := s.allowed(ctx, who); err != nil {
		return nil, 0, err
	}
	var tiers []TierTotal
	var version pay.TableVersion
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		tiers, version, err = r.Prices.Tiers(ctx)
		return err
	})
	return tiers, version, err
}

// PriceQuery asks for a page of the current price rows.
type PriceQuery = ports.PriceQuery

// Rows returns up to q.Limit rows of the current price table, by tier and code.
//
// Faults: Forbidden.
func (s *Prices) Rows(ctx context.Context, who permission.Actor, q PriceQuery) ([]pay.Row, pay.TableVersion, error) {
	if err := s.allowed(ctx, who); err != nil {
		return nil, 0, err
	}
	var rows []pay.Row
	var version pay.TableVersion
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		rows, version, err = r.Prices.List(ctx, q)
		return err
	})
	return rows, version, err
}

// Load is a price table to be loaded: rows that replace those of their tier and code, or with Whole
// the entire tiers they name. At is where a client sent them, such as "body.rows".
type Load struct {
	Rows   []pay.Row
	Whole  bool
	Source string // where the rows come from, for people
	At     string
}

// Loaded is what a load did, or would do.
type Loaded struct {
	Version pay.TableVersion
	Changes []Change
	Cases   int       // below 15, that were priced
	Total   pay.Cents // by how much all of them together are worth more
}

// Change is a case whose price becomes another one.
type Change struct {
	surgical.Standing
	Before surgical.Worth
}

// Load makes a new version of the price table and prices every case below 15 by it, in one
// transaction. Cases that are recorded at the same time are caught up by a task. Who was told in a dry run is on the
// audit log.
//
// Faults: Forbidden; Invalid with fields.
func (s *Prices) Load(ctx context.Context, who permission.Actor, in Load) (Loaded, error) {
	if err := s.mayLoad(ctx, who, in); err != nil {
		return Loaded{}, err
	}
	var done Loaded
	err := s.store.InTx(ports.LockFirst(ctx, ports.Locks{PriceTable: true}), func(ctx context.Context, r ports.Repos) error {
		now := s.clock.Now()
		version, err := r.Prices.Load(ctx, in.Rows, in.Whole, in.Source, who.User, now)
		if err != nil {
			return err
		}
		priced, err := ports.Reprice(ctx, r, ports.PricingSet{All: true}, now)
		if err != nil {
			return err
		}
		done = Loaded{Version: version}
		done.note(priced)
		if err := r.Outbox.Put(ctx, ports.RepriceStale, strconv.FormatInt(int64(version), 10), now); err != nil {
			return err
		}
		return r.Audit.Record(ctx, done.entry(who, now))
	})
	s.events.Happened(ctx, ports.Event{Name: "prices.loaded", Err: err, Values: []ports.Value{
		{Name: "actor", Text: string(who.User)}, {Name: "rows", Text: strconv.Itoa(len(in.Rows))}, {Name: "cases", Text: strconv.Itoa(done.Cases)},
	}})
	if err != nil || !dryrun.Is(ctx) {
		return done, err
	}
	entry := audit.Record(who, permission.ManagePrices, "price_table", "", s.clock.Now())
	return done, s.store.Logged(ctx, entry.ReadingAll(done.numbers())...)
}

func (s *Prices) allowed(ctx context.Context, who permission.Actor) error {
	err := permission.Check(who, permission.ManagePrices, "")
	if err == nil {
		return nil
	}
	return ports.Refused(ctx, s.store, audit.Record(who, permission.ManagePrices, "price_table", "", s.clock.Now()), err)
}

func (s *Prices) mayLoad(ctx context.Context, who permission.Actor, in Load) error {
	if err := s.allowed(ctx, who); err != nil {
		return err
	}
	return pay.CheckRows(in.At, in.Rows)
}

// note counts priced cases and keeps those whose price differs.
func (l *Loaded) note(priced []ports.Repriced) {
	l.Cases += len(priced)
	for _, c := range priced {
		if c.Differs() {
			l.Changes = append(l.Changes, Change{Standing: c.Standing, Before: c.Before})
			l.Total += c.Pay.Amount - c.Before.Amount
		}
	}
}

// entry is the audit entry of the load; its things are the cases whose price changed.
func (l *Loaded) entry(who permission.Actor, at time.Time) audit.Entry {
	entry := audit.Record(who, permission.ManagePrices, "price_table", strconv.FormatInt(int64(l.Version), 10), at)
	entry.Fields, entry.Things = []string{"rows"}, l.numbers()
	return entry
}

// numbers are the human_case_ids of the cases whose price changes.
func (l *Loaded) numbers() []string {
	var numbers []string
	for _, c := range l.Changes {
		numbers = append(numbers, strconv.FormatInt(c.Number, 10))
	}
	return numbers
}

// RepriceStale prices the cases whose price does not come from the current table and tier: those that
// were recorded on another node while table or tier changed. It is what tasks of the topic
// ports.RepriceStale ask for, and does nothing when there are none.
func (s *Prices) RepriceStale(ctx context.Context) error {
	var caught Loaded
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		priced, err := ports.PriceStale(ctx, r, s.clock.Now())
		caught = Loaded{Cases: len(priced)}
		return err
	})
	s.events.Happened(ctx, ports.Event{Name: "prices.caught_up", Err: err, Values: []ports.Value{{Name: "cases", Text: strconv.Itoa(caught.Cases)}}})
	return err
}
