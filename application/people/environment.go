package people

import (
	"cmp"
	"context"
	"slices"

	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// mostPlaces is how many surgeons and facilities an environment holds.
const mostPlaces = 1000

// Environment is what a client shows a user around with: his profile, the lists as he may see them,
// and what he may do.
type Environment struct {
	User       *directory.User
	TypeLabel  string
	Statuses   []directory.StatusLabel   // those he is shown
	Surgeons   []directory.Surgeon       // by last and first name; none if the caller's token does not open them
	Facilities []directory.Facility      // by name; likewise
	Types      []directory.UserTypeLabel // up to his own
	Cap        surgical.Status           // the highest status he is shown, 0 for no limit
	AllCases   bool                      // he sees everybody's cases
	BackOffice bool                      // he sees users and dashboards
	LoginNoted bool                      // it was his own call, noted as a login
}

// Environment gathers the environment of a user and, if it is the caller's own, notes a login. The
// profile shows the login before.
//
// Faults: as Get.
func (s *Users) Environment(ctx context.Context, who permission.Actor, id ident.UserID) (Environment, error) {
	var env Environment
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) error {
		u, err := visible(ctx, r, who, id)
		if err != nil {
			return err
		}
		env = Environment{User: u}
		if err := env.fillLists(ctx, r); err != nil || permission.Check(who, permission.ReadPlaces, id) != nil {
			return err
		}
		return env.fillPlaces(ctx, r)
	})
	if err != nil || !who.Is(id) {
		return env, s.read(ctx, who, permission.ReadProfile, string(id), err)
	}
	env.LoginNoted = true
	return env, s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		if err := r.Users.SawLogin(ctx, id, s.clock.Now()); err != nil {
			return err
		}
		return r.Audit.Record(ctx, s.entry(who, permission.ReadProfile, string(id)).Reading())
	})
}

func (e *Environment) fillPlaces(ctx context.Context, r ports.Repos) (err error) {
	if e.Surgeons, err = r.Surgeons.List(ctx, e.User.ID, 0, mostPlaces); err != nil {
		return err
	}
	slices.SortStableFunc(e.Surgeons, func(a, b directory.Surgeon) int {
		return cmp.Or(cmp.Compare(a.Last, b.Last), cmp.Compare(a.First, b.First))
	})
	e.Facilities, err = r.Places.List(ctx, e.User.ID, 0, mostPlaces)
	slices.SortStableFunc(e.Facilities, func(a, b directory.Facility) int { return cmp.Compare(a.Name, b.Name) })
	return err
}

func (e *Environment) fillLists(ctx context.Context, r ports.Repos) error {
	as := permission.Actor{User: e.User.ID, Type: e.User.Type, Cap: e.User.Cap}
	e.Cap = surgical.Status(as.HighestShown())
	e.AllCases = permission.Check(as, permission.ListAllCases, "") == nil
	e.BackOffice = permission.Check(as, permission.SeeDashboards, "") == nil
	statuses, err := r.Lists.Statuses(ctx)
	if err != nil {
		return err
	}
	e.Statuses = slices.DeleteFunc(statuses, func(l directory.StatusLabel) bool { return e.Cap != 0 && l.Status > e.Cap })
	types, err := r.Lists.UserTypes(ctx)
	if err != nil {
		return err
	}
	e.Types = slices.DeleteFunc(types, func(l directory.UserTypeLabel) bool { return l.Type > e.User.Type })
	for _, l := range e.Types {
		if l.Type == e.User.Type {
			e.TypeLabel = l.Label
		}
	}
	return nil
}
