package contract

import (
	"context"
	"testing"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/ports"
	"surgicase/test/given"
)

// place is what the suite needs to know of surgeons or facilities to try them in the same way.
type place[T any] struct {
	port interface {
		Add(ctx context.Context, v *T) error
		Get(ctx context.Context, id int64, in permission.Scope) (*T, error)
		Save(ctx context.Context, v *T) error
		List(ctx context.Context, owner ident.UserID, after int64, limit int) ([]T, error)
	}
	make     func(owner ident.UserID) *T
	change   func(*T)
	close    func(*T, time.Time)
	id       func(*T) *int64
	version  func(*T) int64
	notFound string
}

// Surgeons is the contract of ports.Surgeons.
func Surgeons(t *testing.T, open func(*testing.T) ports.Store) {
	placesSuite(t, open, func(r ports.Repos) place[directory.Surgeon] {
		return place[directory.Surgeon]{
			port: r.Surgeons, make: given.Surgeon, notFound: "surgeon_not_found",
			change: func(s *directory.Surgeon) {
				s.First, s.Last, s.NPI, s.Address = "Zoë", "山田", 0, directory.Address{City: "Elsewhere"}
			},
			close:   func(s *directory.Surgeon, at time.Time) { s.DeletedAt = at },
			id:      func(s *directory.Surgeon) *int64 { return &s.ID },
			version: func(s *directory.Surgeon) int64 { return s.Version },
		}
	})
}

// Facilities is the contract of ports.Facilities.
func Facilities(t *testing.T, open func(*testing.T) ports.Store) {
	placesSuite(t, open, func(r ports.Repos) place[directory.Facility] {
		return place[directory.Facility]{
			port: r.Places, make: given.Facility, notFound: "facility_not_found",
			change: func(f *directory.Facility) {
				f.Name, f.NPI, f.Address = "Hôpital ❤", 0, directory.Address{Line: "Elsewhere 5"}
			},
			close:   func(f *directory.Facility, at time.Time) { f.DeletedAt = at },
			id:      func(f *directory.Facility) *int64 { return &f.ID },
			version: func(f *directory.Facility) int64 { return f.Version },
		}
	})
}

func placesSuite[T any](t *testing.T, open func(*testing.T) ports.Store, of func(ports.Repos) place[T]) {
	t.Helper()
	p := placeTests[T]{of}
	sentences(t, open, []sentence{
		{"what is stored comes back, with an id of its own", p.roundTrip},
		{"an unknown owner is refused", p.unknownOwner},
		{"what lies outside the scope is NotFound", p.scope},
		{"Save changes every field and raises the version", p.save},
		{"what is deleted is NotFound and on no list", p.deleted},
		{"a stale version is a Conflict and changes nothing", p.stale},
		{"of twenty writers one wins", p.race},
		{"a list is the owner's, in order of id, page by page", p.list},
		{"an empty list is empty and not nil", p.empty},
	})
}

type placeTests[T any] struct {
	of func(ports.Repos) place[T]
}

func (p placeTests[T]) add(w *world, owner ident.UserID) *T {
	w.t.Helper()
	v := p.of(ports.Repos{}).make(owner)
	w.do(func(ctx context.Context, r ports.Repos) error { return p.of(r).port.Add(ctx, v) })
	return v
}

func (p placeTests[T]) id(v *T) int64 { return *p.of(ports.Repos{}).id(v) }

func (p placeTests[T]) get(w *world, id int64, in permission.Scope) (*T, error) {
	return attempt(w, func(ctx context.Context, r ports.Repos) (*T, error) { return p.of(r).port.Get(ctx, id, in) })
}

func (p placeTests[T]) found(w *world, id int64) *T {
	w.t.Helper()
	v, err := p.get(w, id, everything)
	if err != nil {
		w.t.Fatalf("unexpected: %v", err)
	}
	return v
}

func (p placeTests[T]) save(w *world) {
	w.hire(1, "ann")
	v := p.add(w, "ann")
	kind := p.of(ports.Repos{})
	kind.change(v)
	w.do(func(ctx context.Context, r ports.Repos) error { return p.of(r).port.Save(ctx, v) })
	equal(w.t, "version", kind.version(v), 2)
	equal(w.t, "saved", p.found(w, p.id(v)), v)
}

func (p placeTests[T]) roundTrip(w *world) {
	w.hire(1, "ann")
	v, other := p.add(w, "ann"), p.add(w, "ann")
	if p.id(v) == 0 || p.id(v) == p.id(other) {
		w.t.Errorf("ids %d and %d", p.id(v), p.id(other))
	}
	equal(w.t, "stored", p.found(w, p.id(v)), v)
}

func (p placeTests[T]) unknownOwner(w *world) {
	err := w.try(func(ctx context.Context, r ports.Repos) error { return p.of(r).port.Add(ctx, p.of(r).make("nobody")) })
	refused(w.t, err, fault.Invalid, "unknown_user")
}

func (p placeTests[T]) scope(w *world) {
	w.hire(1, "ann", "bob")
	v := p.add(w, "ann")
	if _, err := p.get(w, p.id(v), permission.Scope{User: "ann"}); err != nil {
		w.t.Errorf("own: %v", err)
	}
	_, err := p.get(w, p.id(v), permission.Scope{User: "bob"})
	refused(w.t, err, fault.NotFound, p.of(ports.Repos{}).notFound)
	_, err = p.get(w, p.id(v)+1, everything)
	refused(w.t, err, fault.NotFound, p.of(ports.Repos{}).notFound)
}

func (p placeTests[T]) deleted(w *world) {
	w.hire(1, "ann")
	v, stays := p.add(w, "ann"), p.add(w, "ann")
	p.of(ports.Repos{}).close(v, given.Morning.Add(time.Hour))
	w.do(func(ctx context.Context, r ports.Repos) error { return p.of(r).port.Save(ctx, v) })
	_, err := p.get(w, p.id(v), everything)
	refused(w.t, err, fault.NotFound, p.of(ports.Repos{}).notFound)
	equal(w.t, "list", p.ids(p.listed(w, "ann", 0, 10)), []int64{p.id(stays)})
}

func (p placeTests[T]) stale(w *world) {
	w.hire(1, "ann")
	stale := p.add(w, "ann")
	w.do(func(ctx context.Context, r ports.Repos) error { return p.of(r).port.Save(ctx, copied(stale)) })
	current := p.found(w, p.id(stale))
	p.of(ports.Repos{}).change(stale)
	err := w.once(func(ctx context.Context, r ports.Repos) error { return p.of(r).port.Save(ctx, copied(stale)) })
	refused(w.t, err, fault.Conflict, "changed_meanwhile")
	equal(w.t, "stored", p.found(w, p.id(stale)), current)
}

func (p placeTests[T]) race(w *world) {
	w.hire(1, "ann")
	v := p.add(w, "ann")
	oneWins(w.t, together(20, func(int) error {
		return w.once(func(ctx context.Context, r ports.Repos) error { return p.of(r).port.Save(ctx, copied(v)) })
	}), fault.Conflict, "changed_meanwhile")
}

func (p placeTests[T]) listed(w *world, owner ident.UserID, after int64, limit int) []T {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) ([]T, error) {
		return p.of(r).port.List(ctx, owner, after, limit)
	})
}

func (p placeTests[T]) ids(list []T) []int64 {
	ids := []int64{}
	for i := range list {
		ids = append(ids, p.id(&list[i]))
	}
	return ids
}

func (p placeTests[T]) list(w *world) {
	w.hire(1, "ann", "bob")
	var want []int64
	for range 5 {
		want = append(want, p.id(p.add(w, "ann")))
		p.add(w, "bob")
	}
	equal(w.t, "first page", p.ids(p.listed(w, "ann", 0, 3)), want[:3])
	equal(w.t, "last page", p.ids(p.listed(w, "ann", want[2], 3)), want[3:])
	for _, v := range p.listed(w, "ann", 0, 10) {
		equal(w.t, "listed", &v, p.found(w, p.id(&v)))
	}
}

func (p placeTests[T]) empty(w *world) {
	isEmpty(w.t, "list", p.listed(w, "nobody", 0, 10))
}
