package contract

import (
	"context"
	"strconv"
	"testing"

	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// Arrivals holds a store to what ports.Arrivals promises, and to keeping the ids that things bring.
func Arrivals(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"a row that was moved in is known, and whether it is the same", (*world).knowsArrivals},
		{"a row arrives once, even by two at once", (*world).arrivesOnce},
		{"what is taken is told, deleted cases too", (*world).tellsTaken},
		{"things keep the ids they bring, and the next gets another", (*world).keepsIDs},
	})
}

func arrival(id, content string) ports.Arrival {
	return ports.Arrival{Table: "cases", ID: id, Became: "here-" + id, Content: surgical.NewPHI(content)}
}

func (w *world) knowsArrivals() {
	w.do(func(ctx context.Context, r ports.Repos) error {
		return r.Arrivals.Add(ctx, []ports.Arrival{arrival("a", "one"), arrival("b", "two")})
	})
	other := arrival("a", "one")
	other.Table = "users"
	got := read(w, func(ctx context.Context, r ports.Repos) (map[string]ports.Arrived, error) {
		return r.Arrivals.Known(ctx, []ports.Arrival{arrival("a", "one"), arrival("b", "another"), arrival("A", "one")})
	})
	if len(got) != 2 || got["a"] != (ports.Arrived{Became: "here-a", Same: true}) || got["b"] != (ports.Arrived{Became: "here-b"}) {
		w.t.Errorf("known: %+v", got)
	}
	elsewhere := read(w, func(ctx context.Context, r ports.Repos) (map[string]ports.Arrived, error) {
		return r.Arrivals.Known(ctx, []ports.Arrival{other})
	})
	if elsewhere == nil || len(elsewhere) != 0 {
		w.t.Errorf("of another table: %+v", elsewhere)
	}
}

func (w *world) arrivesOnce() {
	errs := together(2, func(int) error {
		return w.once(func(ctx context.Context, r ports.Repos) error {
			return r.Arrivals.Add(ctx, []ports.Arrival{arrival("a", "one")})
		})
	})
	lost := 0
	for _, err := range errs {
		if err != nil {
			lost++
		}
	}
	if lost != 1 {
		w.t.Errorf("%v", errs)
	}
}

func (w *world) tellsTaken() {
	number := ""
	w.do(func(ctx context.Context, r ports.Repos) error {
		if err := r.Users.Add(ctx, given.User("ann", 1)); err != nil {
			return err
		}
		c := given.Case("c-1", "ann")
		c.DeletedAt, c.DeletedBy = given.Morning, "ann"
		err := r.Cases.Add(ctx, c)
		number = strconv.FormatInt(c.Number, 10)
		return err
	})
	for key, want := range map[ports.Key]string{ports.UserKey: "ann", ports.CaseKey: "c-1", ports.NumberKey: number} {
		got := read(w, func(ctx context.Context, r ports.Repos) (map[string]bool, error) {
			return r.Arrivals.Taken(ctx, key, []string{want, "99999"})
		})
		if len(got) != 1 || !got[want] {
			w.t.Errorf("%s: %v", key, got)
		}
	}
}

func (w *world) keepsIDs() {
	surgeon, next := given.Surgeon("ann"), given.Surgeon("ann")
	facility, c, later := given.Facility("ann"), given.Case("c-1", "ann"), given.Case("c-2", "ann")
	surgeon.ID, facility.ID, c.Number = 100001, 1000001, 4711
	w.do(func(ctx context.Context, r ports.Repos) error {
		surgeon, next := *surgeon, *next
		for _, step := range []func() error{
			func() error { return r.Users.Add(ctx, given.User("ann", 1)) },
			func() error { return r.Surgeons.Add(ctx, &surgeon) },
			func() error { return r.Surgeons.Add(ctx, &next) },
			func() error { return r.Places.Add(ctx, facility) },
			func() error { return r.Cases.Add(ctx, c) },
			func() error { return r.Cases.Add(ctx, later) },
		} {
			if err := step(); err != nil {
				return err
			}
		}
		if surgeon.ID != 100001 || next.ID <= 100001 || facility.ID != 1000001 || c.Number != 4711 || later.Number <= 4711 {
			w.t.Errorf("ids %d, %d, %d, %d, %d", surgeon.ID, next.ID, facility.ID, c.Number, later.Number)
		}
		worth, err := r.Arrivals.Worth(ctx, []int64{c.Number, later.Number, 99})
		if worth != c.Pay.Amount+later.Pay.Amount {
			w.t.Errorf("worth %s", worth)
		}
		return err
	})
}
