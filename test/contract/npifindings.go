package contract

import (
	"context"
	"testing"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/permission"
	"surgicase/ports"
	"surgicase/test/given"
)

// NPIFindings is the contract of ports.NPIFindings.
func NPIFindings(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"a finding shows and raises no version", findingShows},
		{"a finding about another NPI is not noted", findingTooLate},
		{"a Save keeps the finding, and another NPI hides it", findingAndSave},
	})
}

// findings gives a user, a surgeon and a facility, a way to note a finding about each, and one to read it.
func (w *world) findings() map[string]struct {
	note func(directory.Finding)
	read func() (directory.Finding, int64)
} {
	w.hire(1, "ann")
	s, f := given.Surgeon("ann"), given.Facility("ann")
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Surgeons.Add(ctx, s) })
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Places.Add(ctx, f) })
	noting := func(note func(context.Context, ports.Repos, directory.Finding) error) func(directory.Finding) {
		return func(f directory.Finding) {
			w.t.Helper()
			w.do(func(ctx context.Context, r ports.Repos) error { return note(ctx, r, f) })
		}
	}
	type kind = struct {
		note func(directory.Finding)
		read func() (directory.Finding, int64)
	}
	return map[string]kind{
		"user": {
			noting(func(ctx context.Context, r ports.Repos, f directory.Finding) error {
				return r.Findings.User(ctx, "ann", f)
			}),
			func() (directory.Finding, int64) { u := w.userNamed("ann"); return u.Registry, u.Version },
		},
		"surgeon": {
			noting(func(ctx context.Context, r ports.Repos, f directory.Finding) error {
				return r.Findings.Surgeon(ctx, s.ID, f)
			}),
			func() (directory.Finding, int64) {
				got, err := attempt(w, func(ctx context.Context, r ports.Repos) (*directory.Surgeon, error) {
					return r.Surgeons.Get(ctx, s.ID, permission.Scope{User: "ann"})
				})
				equal(w.t, "error", err, nil)
				return got.Registry, got.Version
			},
		},
		"facility": {
			noting(func(ctx context.Context, r ports.Repos, x directory.Finding) error {
				return r.Findings.Facility(ctx, f.ID, x)
			}),
			func() (directory.Finding, int64) {
				got, err := attempt(w, func(ctx context.Context, r ports.Repos) (*directory.Facility, error) {
					return r.Places.Get(ctx, f.ID, permission.Scope{User: "ann"})
				})
				equal(w.t, "error", err, nil)
				return got.Registry, got.Version
			},
		},
	}
}

func findingShows(w *world) {
	for name, kind := range w.findings() {
		before, version := kind.read()
		equal(w.t, name+" at first", before, directory.Finding{})
		for _, f := range []directory.Finding{{NPI: given.NPI, At: given.Morning, Name: "PROVIDER, ANN"}, {NPI: given.NPI, At: given.Morning.Add(time.Second)}} {
			kind.note(f)
			got, now := kind.read()
			equal(w.t, name, got, f)
			equal(w.t, name+" version", now, version)
		}
	}
}

func findingTooLate(w *world) {
	for name, kind := range w.findings() {
		kind.note(directory.Finding{NPI: given.NPIOf(5), At: given.Morning, Name: "SOMEBODY ELSE"})
		got, _ := kind.read()
		equal(w.t, name, got, directory.Finding{})
	}
}

func findingAndSave(w *world) {
	kind := w.findings()["user"]
	u := w.userNamed("ann")
	f := directory.Finding{NPI: given.NPI, At: given.Morning, Name: "PROVIDER, ANN"}
	kind.note(f)
	u.City = "Elsewhere" // read before the finding was noted
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Users.Save(ctx, u) })
	got, _ := kind.read()
	equal(w.t, "after another change", got, f)
	u.NPI = given.NPIOf(7)
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Users.Save(ctx, u) })
	got, _ = kind.read()
	equal(w.t, "after another NPI", got, directory.Finding{})
}
