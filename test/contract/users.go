package contract

import (
	"context"
	"fmt"
	"testing"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// Users is the contract of ports.Users.
func Users(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"a user comes back as stored, to the microsecond", userRoundTrip},
		{"a user with only what must be there comes back as stored", sparseUserRoundTrip},
		{"names in any script come back as stored", userScripts},
		{"an id is never used twice, even by twenty at once", userIDOnce},
		{"ids that differ in letter case are different users", userIDCase},
		{"an unknown user is NotFound", unknownUser},
		{"Save changes every field and raises the version", saveUser},
		{"Save replaces documents, keeps their order and takes them away", saveUserDocuments},
		{"the number of a document is never given twice", documentNumbers},
		{"a stale version is a Conflict and changes nothing", staleUser},
		{"of twenty writers one wins", racingUsers},
		{"a login changes neither the version nor anything else, and Save keeps it", sawLogin},
		{"an actor is an active user", actor},
		{"an e-mail address finds the only user whose id differs in letter case alone", findIgnoringCase},
		{"GetForUse gives the user without documents", userForUse},
		{"nobody changes a user in use until the transaction ends", userInUse},
	})
}

func userRoundTrip(w *world) {
	u := given.User("ann", 20)
	u.Cap = 30
	u.Registry = directory.Finding{NPI: u.NPI, At: given.Morning.Add(time.Microsecond), Name: "PROVIDER, ANN"}
	u.LastLoginAt = given.Morning.Add(2 * time.Microsecond)
	u.Active, u.DeactivatedAt = false, given.Morning.Add(3*time.Microsecond)
	u.Documents = append(u.Documents, directory.UserDocument{
		ID: 2, Type: "DEA Registration", Name: surgical.NewPHI("dea.pdf"), Key: surgical.NewPHI("private/dea.pdf"), Stored: true,
	})
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Users.Add(ctx, u) })
	equal(w.t, "version of a new user", u.Version, 1)
	equal(w.t, "user", w.userNamed("ann"), u)
}

func sparseUserRoundTrip(w *world) {
	u := &directory.User{ID: "ann", Email: "ann@example.com", First: "Ann", Last: "Lee", Type: 1, Tier: 1, CreatedAt: given.Morning, UpdatedAt: given.Morning}
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Users.Add(ctx, u) })
	equal(w.t, "user", w.userNamed("ann"), u)
}

func userScripts(w *world) {
	for i, name := range []string{"Zoë", "Zoe\u0308", "O'Brien; DROP TABLE users", "שלום", "山田", "👩‍⚕️", `a\b"c%_?`, "  spaced  "} {
		u := given.User(ident.UserID(fmt.Sprint("user", i)), 1)
		u.Last = name
		w.do(func(ctx context.Context, r ports.Repos) error { return r.Users.Add(ctx, u) })
		equal(w.t, "name", w.userNamed(u.ID).Last, name)
	}
}

func userIDOnce(w *world) {
	errs := together(20, func(i int) error {
		u := given.User("ann", 1)
		u.First = fmt.Sprint("Ann", i)
		return w.try(func(ctx context.Context, r ports.Repos) error { return r.Users.Add(ctx, u) })
	})
	oneWins(w.t, errs, fault.Conflict, "user_exists")
	for i, err := range errs {
		if err == nil {
			equal(w.t, "the winner's name", w.userNamed("ann").First, fmt.Sprint("Ann", i))
		}
	}
}

func userIDCase(w *world) {
	w.hire(1, "ann", "Ann", "ANN")
	equal(w.t, "id", w.userNamed("Ann").ID, "Ann")
	w.noUser("aNN")
}

func unknownUser(w *world) {
	w.noUser("nobody")
	_, err := attempt(w, func(ctx context.Context, r ports.Repos) (*directory.User, error) {
		return r.Users.GetForUse(ctx, "nobody")
	})
	refused(w.t, err, fault.NotFound, "user_not_found")
	_, err = attempt(w, func(ctx context.Context, r ports.Repos) (permission.Actor, error) {
		return r.Users.Actor(ctx, "nobody")
	})
	refused(w.t, err, fault.NotFound, "user_not_found")
}

func saveUser(w *world) {
	w.hire(1, "ann")
	u := w.userNamed("ann")
	*u = directory.User{ // every field that can be emptied, emptied
		ID: u.ID, Version: u.Version, Email: "new@example.com", First: "New", Last: "Name", Type: 7, Tier: 2,
		CreatedAt: u.CreatedAt, UpdatedAt: given.Morning.Add(time.Hour), DeactivatedAt: given.Morning.Add(time.Hour),
	}
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Users.Save(ctx, u) })
	equal(w.t, "version", u.Version, 2)
	equal(w.t, "user", w.userNamed("ann"), u)
}

func saveUserDocuments(w *world) {
	w.hire(1, "ann", "bob")
	file := func(id int64, name string) directory.UserDocument {
		return directory.UserDocument{ID: id, Type: "DEA Registration", Name: surgical.NewPHI(name), Key: surgical.NewPHI("private/" + name)}
	}
	stored := file(2, "a.pdf")
	stored.Stored = true
	for _, documents := range [][]directory.UserDocument{
		{file(1, "b.pdf"), file(2, "a.pdf"), file(3, "c.pdf")},
		{file(1, "c.pdf"), file(2, "a.pdf")},
		{file(1, "c.pdf"), stored},
		{file(1, "c.pdf"), file(2, "a.pdf")},
		nil,
	} {
		w.do(func(ctx context.Context, r ports.Repos) error {
			u, err := r.Users.Get(ctx, "ann")
			if err != nil {
				return err
			}
			u.Documents = documents
			return r.Users.Save(ctx, u)
		})
		equal(w.t, "documents", w.userNamed("ann").Documents, documents)
	}
	equal(w.t, "documents of somebody else", len(w.userNamed("bob").Documents), 1)
}

func documentNumbers(w *world) {
	w.hire(1, "ann")
	numbers := func(change func([]directory.UserDocument) []directory.UserDocument) (got []int64) {
		w.do(func(ctx context.Context, r ports.Repos) error {
			u, err := r.Users.Get(ctx, "ann")
			if err != nil {
				return err
			}
			u.Documents = change(u.Documents)
			return r.Users.Save(ctx, u)
		})
		for _, d := range w.userNamed("ann").Documents {
			got = append(got, d.ID)
		}
		return got
	}
	more := func(held []directory.UserDocument) []directory.UserDocument {
		return append(held, directory.UserDocument{Type: "License", Name: surgical.NewPHI("l.pdf"), Key: surgical.NewPHI("private/l.pdf")})
	}
	equal(w.t, "with a second", numbers(more), []int64{1, 2})
	equal(w.t, "without the second", numbers(func(held []directory.UserDocument) []directory.UserDocument { return held[:1] }), []int64{1})
	equal(w.t, "with another", numbers(more), []int64{1, 3})
	equal(w.t, "with none", len(numbers(func([]directory.UserDocument) []directory.UserDocument { return nil })), 0)
	equal(w.t, "with one again", numbers(more), []int64{4})
}

func staleUser(w *world) {
	w.hire(1, "ann")
	stale := w.userNamed("ann")
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Users.Save(ctx, copied(stale)) })
	current := w.userNamed("ann")
	stale.First, stale.Documents = "Stale", nil
	refused(w.t, w.once(func(ctx context.Context, r ports.Repos) error { return r.Users.Save(ctx, copied(stale)) }), fault.Conflict, "changed_meanwhile")
	equal(w.t, "user", w.userNamed("ann"), current)
}

func racingUsers(w *world) {
	w.hire(1, "ann")
	u := w.userNamed("ann")
	errs := together(20, func(i int) error {
		return w.once(func(ctx context.Context, r ports.Repos) error {
			mine := copied(u)
			mine.First = fmt.Sprint("Writer", i)
			return r.Users.Save(ctx, mine)
		})
	})
	oneWins(w.t, errs, fault.Conflict, "changed_meanwhile")
	equal(w.t, "version", w.userNamed("ann").Version, 2)
}

func sawLogin(w *world) {
	w.hire(1, "ann", "bob")
	read := w.userNamed("ann")
	at := given.Morning.Add(90 * time.Minute)
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Users.SawLogin(ctx, "ann", at) })
	want := copied(read)
	want.LastLoginAt = at
	equal(w.t, "after the login", w.userNamed("ann"), want)
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Users.Save(ctx, copied(read)) })
	equal(w.t, "login after Save", w.userNamed("ann").LastLoginAt, at)
	equal(w.t, "login of somebody else", w.userNamed("bob").LastLoginAt, time.Time{})
}

func actor(w *world) {
	capped := given.User("ann", 7)
	capped.Cap = 40
	gone := given.User("bob", 10)
	gone.Deactivate(given.Morning)
	w.do(func(ctx context.Context, r ports.Repos) error {
		if err := r.Users.Add(ctx, capped); err != nil {
			return err
		}
		return r.Users.Add(ctx, gone)
	})
	for what, ask := range map[string]func(context.Context, ports.Repos, ident.UserID) (permission.Actor, error){
		"actor": func(ctx context.Context, r ports.Repos, id ident.UserID) (permission.Actor, error) {
			return r.Users.Actor(ctx, id)
		},
		"actor for use": func(ctx context.Context, r ports.Repos, id ident.UserID) (permission.Actor, error) {
			return r.Users.ActorForUse(ctx, id)
		},
	} {
		who := read(w, func(ctx context.Context, r ports.Repos) (permission.Actor, error) { return ask(ctx, r, "ann") })
		equal(w.t, what, who, permission.Actor{User: "ann", Type: 7, Cap: 40})
		_, err := attempt(w, func(ctx context.Context, r ports.Repos) (permission.Actor, error) { return ask(ctx, r, "bob") })
		refused(w.t, err, fault.NotFound, "user_not_found")
	}
}

func userForUse(w *world) {
	w.hire(1, "ann")
	want := w.userNamed("ann")
	want.Documents = nil
	w.do(func(ctx context.Context, r ports.Repos) error {
		u, err := r.Users.GetForUse(ctx, "ann")
		equal(w.t, "user", u, want)
		return err
	})
}

func userInUse(w *world) {
	w.needsLocks()
	w.hire(1, "ann")
	w.waitsFor(
		func(ctx context.Context, r ports.Repos) error { _, err := r.Users.GetForUse(ctx, "ann"); return err },
		func(ctx context.Context, r ports.Repos) error {
			u, err := r.Users.Get(ctx, "ann")
			if err != nil {
				return err
			}
			return r.Users.Save(ctx, u)
		})
}

// waitsFor checks that second does not commit before the transaction that has done first ends.
func (w *world) waitsFor(first, second work) {
	w.t.Helper()
	done := make(chan error, 1)
	w.do(func(ctx context.Context, r ports.Repos) error {
		if err := first(ctx, r); err != nil {
			return err
		}
		go func() { done <- w.try(second) }()
		select {
		case err := <-done:
			w.t.Errorf("the second did not wait: %v", err)
			done <- err
		case <-time.After(150 * time.Millisecond):
		}
		return nil
	})
	if err := <-done; err != nil {
		w.t.Errorf("the second failed: %v", err)
	}
}

// Rosters is the contract of ports.Rosters.
func Rosters(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"an empty list is empty and not nil", emptyRoster},
		{"active users up to a type come by last name, first name and id, bytes compared", rosterOrder},
		{"pages put together are the whole, also when names are the same", rosterPages},
		{"a user of a list is the user that Get gives", rosterIsComplete},
		{"a list costs the same statements for 1 and for 300 users", rosterCost},
		{"active users are counted by type", rosterCount},
	})
}

func (w *world) roster(q ports.UserQuery) ports.UserPage {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (ports.UserPage, error) { return r.Rosters.List(ctx, q) })
}

func emptyRoster(w *world) {
	page := w.roster(ports.UserQuery{Top: 999, Limit: 10, Count: true})
	isEmpty(w.t, "users", page.Users)
	equal(w.t, "page", page, ports.UserPage{Users: []directory.User{}})
	isEmpty(w.t, "counts", read(w, func(ctx context.Context, r ports.Repos) ([]directory.TypeTotal, error) {
		return r.Rosters.CountByType(ctx)
	}))
}

func (w *world) hireNamed(id ident.UserID, kind permission.UserType, last, first string) {
	u := given.User(id, kind)
	u.Last, u.First = last, first
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Users.Add(ctx, u) })
}

func idsOf(users []directory.User) []ident.UserID {
	ids := []ident.UserID{}
	for _, u := range users {
		ids = append(ids, u.ID)
	}
	return ids
}

func rosterOrder(w *world) {
	w.hireNamed("e", 1, "Ärzt", "A")
	w.hireNamed("d", 1, "adams", "A")
	w.hireNamed("c", 20, "Lee", "Bo")
	w.hireNamed("b", 1, "Lee", "Al")
	w.hireNamed("a", 1, "Lee", "Bo")
	w.hireNamed("top", 100, "Aa", "Aa")
	gone := given.User("gone", 1)
	gone.Deactivate(given.Morning)
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Users.Add(ctx, gone) })
	page := w.roster(ports.UserQuery{Top: 20, Limit: 10, Count: true})
	equal(w.t, "order", idsOf(page.Users), []ident.UserID{"b", "a", "c", "d", "e"})
	equal(w.t, "total", page.Total, 5)
	equal(w.t, "more", page.More, false)
}

func rosterPages(w *world) {
	for i := range 14 {
		w.hireNamed(ident.UserID(fmt.Sprintf("u%02d", i)), 1, fmt.Sprint("Lee", i/5), fmt.Sprint("Al", i/2%2))
	}
	whole := idsOf(w.roster(ports.UserQuery{Top: 999, Limit: 100}).Users)
	equal(w.t, "all", len(whole), 14)
	var pieces []ident.UserID
	q := ports.UserQuery{Top: 999, Limit: 7, Count: true}
	for more := true; more; {
		page := w.roster(q)
		equal(w.t, "total", page.Total, 14)
		last := page.Users[len(page.Users)-1]
		q.After = &ports.UserPosition{Last: last.Last, First: last.First, ID: last.ID}
		pieces, more = append(pieces, idsOf(page.Users)...), page.More
	}
	equal(w.t, "pages", pieces, whole)
	isEmpty(w.t, "beyond the last page", w.roster(q).Users)
}

func rosterIsComplete(w *world) {
	w.hire(1, "ann", "bob")
	for _, u := range w.roster(ports.UserQuery{Top: 999, Limit: 10}).Users {
		equal(w.t, "user", &u, w.userNamed(u.ID))
	}
}

func rosterCost(w *world) {
	ask := func(ctx context.Context, r ports.Repos) error {
		_, err := r.Rosters.List(ctx, ports.UserQuery{Top: 999, Limit: 1000, Count: true})
		return err
	}
	w.hire(1, "one")
	before := w.cost(ask)
	for i := range 299 {
		w.hire(1, ident.UserID(fmt.Sprint("u", i)))
	}
	equal(w.t, "statements", w.cost(ask), before)
}

func rosterCount(w *world) {
	w.hire(10, "a", "b")
	w.hire(1, "c", "d", "e")
	gone := given.User("gone", 7)
	gone.Deactivate(given.Morning)
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Users.Add(ctx, gone) })
	totals := read(w, func(ctx context.Context, r ports.Repos) ([]directory.TypeTotal, error) {
		return r.Rosters.CountByType(ctx)
	})
	equal(w.t, "totals", totals, []directory.TypeTotal{{Type: 1, Users: 3}, {Type: 10, Users: 2}})
}
