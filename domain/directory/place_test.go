package directory_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"surgicase/domain/directory"
	"surgicase/domain/npi"
	"surgicase/domain/surgical"
)

func surgeon() directory.Surgeon {
	return directory.Surgeon{ID: 5, Owner: "dr.ada", First: "Sam", Last: "Sample", NPI: 1234567893, Address: address()}
}

func facility() directory.Facility {
	return directory.Facility{ID: 6, Owner: "dr.ada", Name: "Sample Clinic", NPI: 1234567893, Address: address()}
}

func address() directory.Address {
	return directory.Address{Line: "1 Sample Plaza", City: "Testville", State: "OR", ZIP: "97001"}
}

func newAddress() directory.AddressChanges {
	return directory.AddressChanges{Line: to("2 Sample Plaza"), City: to("Elsewhere"), State: to("WA"), ZIP: to("98001")}
}

func TestChangingASurgeon(t *testing.T) {
	all := directory.SurgeonChanges{First: to("Kim"), Last: to("Other"), NPI: to(npi.NPI(0)), Address: newAddress()}
	t.Run("every field is set and named in its order", func(t *testing.T) {
		s := surgeon()
		fields := s.Apply(all)
		equal(t, "fields", strings.Join(fields, " "), "first_name last_name surgeon_npi surgeon_addr surgeon_city surgeon_state surgeon_zip")
		equal(t, "surgeon", s, directory.Surgeon{
			ID: 5, Owner: "dr.ada", First: "Kim", Last: "Other",
			Address: directory.Address{Line: "2 Sample Plaza", City: "Elsewhere", State: "WA", ZIP: "98001"},
		})
		equal(t, "again", s.Apply(all), []string{})
	})
	t.Run("what is not asked for stays", func(t *testing.T) {
		s := surgeon()
		equal(t, "fields", s.Apply(directory.SurgeonChanges{Address: directory.AddressChanges{City: to("Elsewhere")}}), []string{"surgeon_city"})
		want := surgeon()
		want.Address.City = "Elsewhere"
		equal(t, "surgeon", s, want)
		equal(t, "asks", all.Asks(), true)
		equal(t, "asks nothing", directory.SurgeonChanges{}.Asks(), false)
	})
}

func TestChangingAFacility(t *testing.T) {
	all := directory.FacilityChanges{Name: to("Other Clinic"), NPI: to(npi.NPI(1245319599)), Address: newAddress()}
	t.Run("every field is set and named in its order", func(t *testing.T) {
		f := facility()
		fields := f.Apply(all)
		equal(t, "fields", strings.Join(fields, " "), "facility_name facility_npi facility_addr facility_city facility_state facility_zip")
		equal(t, "facility", f, directory.Facility{
			ID: 6, Owner: "dr.ada", Name: "Other Clinic", NPI: 1245319599,
			Address: directory.Address{Line: "2 Sample Plaza", City: "Elsewhere", State: "WA", ZIP: "98001"},
		})
		equal(t, "again", f.Apply(all), []string{})
		equal(t, "asks", all.Asks(), true)
		equal(t, "asks nothing", directory.FacilityChanges{}.Asks(), false)
	})
}

func TestMembers(t *testing.T) {
	g := directory.Group{Description: "West"}
	steps := func(want string) {
		t.Helper()
		var all []string
		for _, m := range g.Members {
			all = append(all, fmt.Sprintf("%s %v", m.User, m.Admin))
		}
		equal(t, "members", strings.Join(all, " "), want)
	}
	set := func(m directory.Membership) string {
		added, changed := g.SetMember(m)
		return fmt.Sprint(added, changed)
	}
	t.Run("members are added, changed and removed, each once", func(t *testing.T) {
		equal(t, "new", set(directory.Membership{User: "dr.ada"}), "true true")
		equal(t, "another", set(directory.Membership{User: "dr.bea", Admin: true}), "true true")
		equal(t, "same", set(directory.Membership{User: "dr.ada"}), "false false")
		equal(t, "admin now", set(directory.Membership{User: "dr.ada", Admin: true}), "false true")
		steps("dr.ada true dr.bea true")
		equal(t, "removed", g.RemoveMember("dr.ada"), true)
		equal(t, "again", g.RemoveMember("dr.ada"), false)
		steps("dr.bea true")
	})
}

// differ wants every change of a thing to show in its digest.
func differ[T any](t *testing.T, make func() T, contents func(*T) []string, changes map[string]func(*T)) {
	t.Helper()
	plain, again := make(), make()
	equal(t, "contents", contents(&plain), contents(&again))
	for what, change := range changes {
		t.Run("contents show "+what, func(t *testing.T) {
			thing := make()
			change(&thing)
			equal(t, "same", slices.Equal(contents(&thing), contents(&plain)), false)
		})
	}
}

func TestContents(t *testing.T) {
	differ(t, surgeon, (*directory.Surgeon).Contents, map[string]func(*directory.Surgeon){
		"owner": func(s *directory.Surgeon) { s.Owner = "x" }, "first name": func(s *directory.Surgeon) { s.First = "x" },
		"last name": func(s *directory.Surgeon) { s.Last = "x" }, "NPI": func(s *directory.Surgeon) { s.NPI = 0 },
		"address": func(s *directory.Surgeon) { s.Address.Line = "x" }, "city": func(s *directory.Surgeon) { s.Address.City = "x" },
		"state": func(s *directory.Surgeon) { s.Address.State = "x" }, "ZIP": func(s *directory.Surgeon) { s.Address.ZIP = "x" },
		"deletion": func(s *directory.Surgeon) { s.DeletedAt = now },
	})
	differ(t, facility, (*directory.Facility).Contents, map[string]func(*directory.Facility){
		"owner": func(f *directory.Facility) { f.Owner = "x" }, "name": func(f *directory.Facility) { f.Name = "x" },
		"NPI": func(f *directory.Facility) { f.NPI = 0 }, "address": func(f *directory.Facility) { f.Address.Line = "x" },
		"deletion": func(f *directory.Facility) { f.DeletedAt = now },
	})
	differ(t, func() directory.Group {
		return directory.Group{Description: "West", Members: []directory.Membership{{User: "b"}, {User: "a"}}}
	}, (*directory.Group).Contents, map[string]func(*directory.Group){
		"description": func(g *directory.Group) { g.Description = "x" }, "a member": func(g *directory.Group) { g.Members[0].User = "c" },
		"an admin": func(g *directory.Group) { g.Members[0].Admin = true }, "one less": func(g *directory.Group) { g.Members = g.Members[:1] },
	})
	t.Run("the order of members does not matter", func(t *testing.T) {
		a := directory.Group{Members: []directory.Membership{{User: "b"}, {User: "a"}}}
		b := directory.Group{Members: []directory.Membership{{User: "a"}, {User: "b"}}}
		equal(t, "contents", a.Contents(), b.Contents())
	})
	changes := map[string]func(*directory.User){}
	for _, e := range edits() {
		if !slices.Contains([]string{"tax_id", "documents", "last_login_dt"}, e.field) {
			changes[e.field] = e.want
		}
	}
	differ(t, func() directory.User { return user(1) }, (*directory.User).Contents, changes)
	t.Run("nine digits behind a known key are quickly guessed: no tax id, no file names", func(t *testing.T) {
		a, b := user(1), user(1)
		b.TaxID, b.Documents = surgical.NewPHI("987654321"), nil
		equal(t, "contents", a.Contents(), b.Contents())
	})
}
