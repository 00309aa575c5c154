package contract

import (
	"context"
	"fmt"
	"testing"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/ports"
)

// Groups is the contract of ports.Groups.
func Groups(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"a group comes back with its members, ordered by user id and named", groupRoundTrip},
		{"a group without members has an empty list", groupWithoutMembers},
		{"an unknown group is NotFound", unknownGroup},
		{"an unknown member is refused and nothing is stored", unknownMember},
		{"Save adds, changes and removes members", saveGroup},
		{"a stale version is a Conflict and changes nothing", staleGroup},
		{"of twenty writers one wins", racingGroups},
		{"Remove takes the memberships along", removeGroup},
		{"a group that is saved while it is removed is gone, or stays whole", removeMeanwhile},
		{"groups come in order of id, page by page", listGroups},
		{"an empty list is empty and not nil", noGroups},
		{"a list costs the same statements for 1 and for 50 groups", groupCost},
		{"Administers needs the mark, the same group and a member of type 1 to 6", administers},
	})
}

func (w *world) found(description string, members ...directory.Membership) *directory.Group {
	w.t.Helper()
	g := &directory.Group{Description: description, Members: members}
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Groups.Add(ctx, g) })
	return g
}

func (w *world) group(id int64) *directory.Group {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (*directory.Group, error) { return r.Groups.Get(ctx, id) })
}

func (w *world) groups(after int64, limit int) []directory.Group {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) ([]directory.Group, error) {
		return r.Groups.List(ctx, after, limit)
	})
}

func (w *world) noGroup(id int64) {
	w.t.Helper()
	_, err := attempt(w, func(ctx context.Context, r ports.Repos) (*directory.Group, error) { return r.Groups.Get(ctx, id) })
	refused(w.t, err, fault.NotFound, "group_not_found")
}

func member(user ident.UserID) directory.Membership { return directory.Membership{User: user} }

func admin(user ident.UserID) directory.Membership {
	return directory.Membership{User: user, Admin: true}
}

// named is a membership as it is read: with the name that given.User gives.
func named(m directory.Membership) directory.Membership {
	m.Name = "Ann Provider-" + string(m.User)
	return m
}

func groupRoundTrip(w *world) {
	w.hire(1, "bob", "ann", "Zed")
	w.hire(7, "eve")
	g := w.found("Nördliche Gruppe", member("bob"), admin("eve"), member("ann"), member("Zed"))
	equal(w.t, "group", w.group(g.ID), &directory.Group{
		ID: g.ID, Version: 1, Description: "Nördliche Gruppe",
		Members: []directory.Membership{named(member("Zed")), named(member("ann")), named(member("bob")), named(admin("eve"))},
	})
}

func groupWithoutMembers(w *world) {
	g := w.found("empty")
	isEmpty(w.t, "members", w.group(g.ID).Members)
	isEmpty(w.t, "members on the list", w.groups(0, 10)[0].Members)
}

func unknownGroup(w *world) {
	w.noGroup(4711)
	err := w.try(func(ctx context.Context, r ports.Repos) error { return r.Groups.Remove(ctx, 4711) })
	refused(w.t, err, fault.NotFound, "group_not_found")
}

func unknownMember(w *world) {
	w.hire(1, "ann")
	err := w.try(func(ctx context.Context, r ports.Repos) error {
		return r.Groups.Add(ctx, &directory.Group{Description: "new", Members: []directory.Membership{member("ann"), member("nobody")}})
	})
	refused(w.t, err, fault.Invalid, "unknown_user")
	isEmpty(w.t, "groups", w.groups(0, 10))

	g := w.found("old", member("ann"))
	before := w.group(g.ID)
	err = w.try(func(ctx context.Context, r ports.Repos) error {
		mine, err := r.Groups.Get(ctx, g.ID)
		if err != nil {
			return err
		}
		mine.Description, mine.Members = "changed", []directory.Membership{member("nobody")}
		return r.Groups.Save(ctx, mine)
	})
	refused(w.t, err, fault.Invalid, "unknown_user")
	equal(w.t, "group", w.group(g.ID), before)
}

func saveGroup(w *world) {
	w.hire(1, "a", "b", "c", "d")
	g := w.found("old", member("a"), member("b"), admin("c"))
	other := w.found("other", member("a"))
	for _, members := range [][]directory.Membership{
		{member("a"), admin("b"), member("d")},
		{admin("a")},
		{},
		{member("c"), member("d")},
	} {
		w.do(func(ctx context.Context, r ports.Repos) error {
			mine, err := r.Groups.Get(ctx, g.ID)
			if err != nil {
				return err
			}
			mine.Description, mine.Members = fmt.Sprint(len(members)), members
			return r.Groups.Save(ctx, mine)
		})
		want := []directory.Membership{}
		for _, m := range members {
			want = append(want, named(m))
		}
		equal(w.t, "members", w.group(g.ID).Members, want)
		equal(w.t, "description", w.group(g.ID).Description, fmt.Sprint(len(members)))
	}
	equal(w.t, "version", w.group(g.ID).Version, 5)
	equal(w.t, "members of another group", w.group(other.ID).Members, []directory.Membership{named(member("a"))})
}

func staleGroup(w *world) {
	w.hire(1, "ann")
	stale := w.found("old", member("ann"))
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Groups.Save(ctx, copied(stale)) })
	current := w.group(stale.ID)
	stale.Description, stale.Members = "stale", nil
	err := w.once(func(ctx context.Context, r ports.Repos) error { return r.Groups.Save(ctx, copied(stale)) })
	refused(w.t, err, fault.Conflict, "changed_meanwhile")
	equal(w.t, "group", w.group(stale.ID), current)
}

func racingGroups(w *world) {
	w.hire(1, "ann", "bob")
	g := w.found("old", member("ann"))
	oneWins(w.t, together(20, func(int) error {
		return w.once(func(ctx context.Context, r ports.Repos) error {
			mine := copied(g)
			mine.Members = []directory.Membership{admin("ann"), member("bob")}
			return r.Groups.Save(ctx, mine)
		})
	}), fault.Conflict, "changed_meanwhile")
	equal(w.t, "members", w.group(g.ID).Members, []directory.Membership{named(admin("ann")), named(member("bob"))})
}

func removeGroup(w *world) {
	w.hire(1, "ann")
	w.hire(7, "eve")
	g, other := w.found("one", member("ann"), admin("eve")), w.found("two", member("ann"))
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Groups.Remove(ctx, g.ID) })
	w.noGroup(g.ID)
	equal(w.t, "still administers", w.administers("eve", "ann"), false)
	equal(w.t, "other group", len(w.group(other.ID).Members), 1)
	err := w.try(func(ctx context.Context, r ports.Repos) error { return r.Groups.Remove(ctx, g.ID) })
	refused(w.t, err, fault.NotFound, "group_not_found")
}

func removeMeanwhile(w *world) {
	w.hire(1, "ann", "bob")
	for range 5 {
		g := w.found("one", member("ann"))
		errs := together(2, func(i int) error {
			return w.try(func(ctx context.Context, r ports.Repos) error {
				if i == 0 {
					return r.Groups.Remove(ctx, g.ID)
				}
				mine, err := r.Groups.Get(ctx, g.ID)
				if err != nil {
					return err
				}
				mine.Members = []directory.Membership{member("ann"), member("bob")}
				return r.Groups.Save(ctx, mine)
			})
		})
		if errs[0] != nil {
			w.t.Errorf("removing: %v", errs[0])
		}
		if errs[1] != nil {
			refused(w.t, errs[1], fault.NotFound, "group_not_found")
		}
		w.noGroup(g.ID)
	}
}

func listGroups(w *world) {
	w.hire(1, "ann", "bob")
	var want []int64
	for i := range 5 {
		members := []directory.Membership{member("ann"), member("bob")}
		want = append(want, w.found(fmt.Sprint("group", i), members[:i%3]...).ID)
	}
	ids := func(groups []directory.Group) []int64 {
		var ids []int64
		for _, g := range groups {
			ids = append(ids, g.ID)
			equal(w.t, "group", &g, w.group(g.ID))
		}
		return ids
	}
	equal(w.t, "first page", ids(w.groups(0, 3)), want[:3])
	equal(w.t, "last page", ids(w.groups(want[2], 3)), want[3:])
}

func noGroups(w *world) { isEmpty(w.t, "groups", w.groups(0, 10)) }

func groupCost(w *world) {
	w.hire(1, "ann")
	ask := func(ctx context.Context, r ports.Repos) error { _, err := r.Groups.List(ctx, 0, 1000); return err }
	w.found("one", member("ann"))
	before := w.cost(ask)
	for range 49 {
		w.found("more", member("ann"))
	}
	equal(w.t, "statements", w.cost(ask), before)
}

func (w *world) administers(who, whom ident.UserID) bool {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (bool, error) { return r.Groups.Administers(ctx, who, whom) })
}

func administers(w *world) {
	w.staffGroups()
	for _, c := range []struct {
		who, whom ident.UserID
		want      bool
	}{
		{"boss", "one", true},
		{"boss", "six", true},
		{"boss", "seven", false},
		{"boss", "ten", false},
		{"boss", "elsewhere", false},
		{"boss", "boss", false},
		{"boss", "nobody", false},
		{"boss", "alone", false},
		{"plain", "one", false},
		{"one", "six", false},
		{"nobody", "one", false},
	} {
		equal(w.t, fmt.Sprintf("%s administers %s", c.who, c.whom), w.administers(c.who, c.whom), c.want)
	}
}

// staffGroups makes two groups: boss administers the first and is an ordinary member of the second;
// plain is an ordinary member of the first.
func (w *world) staffGroups() {
	w.hire(1, "one", "alone", "elsewhere")
	w.hire(6, "six")
	w.hire(7, "seven", "boss", "plain", "chief")
	w.hire(10, "ten")
	w.found("first", admin("boss"), member("plain"), member("one"), member("six"), member("seven"), member("ten"))
	w.found("second", admin("chief"), member("boss"), member("elsewhere"))
}
