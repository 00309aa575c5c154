package directory_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/npi"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

var (
	earlier = time.Date(2026, time.March, 1, 9, 0, 0, 0, time.UTC)
	now     = earlier.Add(24 * time.Hour)
)

func to[T any](v T) *T { return &v }

func user(t permission.UserType) directory.User {
	return directory.User{
		ID: "dr.ada", Email: "ada@example.org", First: "Ada", Last: "Testwell", Addr1: "1 Sample Plaza", Addr2: "Suite 2", City: "Testville",
		State: "OR", ZIP: "97001", Telephone: "5035550100", NPI: 1234567893, ReferredBy: "dr.bea", MessagePref: 1, StatesLicensed: "OR,WA",
		Timezone: "UTC", Credentials: "MD", InsuranceEnds: civil.Date{Year: 2027, Month: 1, Day: 1}, TaxID: surgical.NewPHI("123456789"),
		Type: t, Tier: 1, Cap: 20, Active: true, Registry: directory.Finding{NPI: 1234567893, At: earlier, Name: "ADA TESTWELL"}, LastLoginAt: earlier,
		CreatedAt: earlier, UpdatedAt: earlier, Documents: []directory.UserDocument{{ID: 1, Type: "licence", Name: surgical.NewPHI("l.pdf")}},
	}
}

// edit is one change of a user and what it should leave.
type edit struct {
	field string
	ch    directory.UserChanges
	want  func(*directory.User)
}

// edits holds a change of every field, in the order of the old product's model.
func edits() []edit {
	docs := []directory.UserDocument{{Type: "licence", Name: surgical.NewPHI("new.pdf")}}
	return []edit{
		{"user_email", directory.UserChanges{Email: to("b@example.org")}, func(u *directory.User) { u.Email = "b@example.org" }},
		{"first_name", directory.UserChanges{First: to("Bea")}, func(u *directory.User) { u.First = "Bea" }},
		{"last_name", directory.UserChanges{Last: to("Other")}, func(u *directory.User) { u.Last = "Other" }},
		{"addr1", directory.UserChanges{Addr1: to("2")}, func(u *directory.User) { u.Addr1 = "2" }},
		{"addr2", directory.UserChanges{Addr2: to("")}, func(u *directory.User) { u.Addr2 = "" }},
		{"city", directory.UserChanges{City: to("X")}, func(u *directory.User) { u.City = "X" }},
		{"state", directory.UserChanges{State: to("WA")}, func(u *directory.User) { u.State = "WA" }},
		{"zipcode", directory.UserChanges{ZIP: to("98001")}, func(u *directory.User) { u.ZIP = "98001" }},
		{"telephone", directory.UserChanges{Telephone: to("5035550199")}, func(u *directory.User) { u.Telephone = "5035550199" }},
		{"user_npi", directory.UserChanges{NPI: to(npi.NPI(1245319599))}, func(u *directory.User) {
			u.NPI, u.Registry = 1245319599, directory.Finding{}
		}},
		{"referred_by_user", directory.UserChanges{ReferredBy: to("")}, func(u *directory.User) { u.ReferredBy = "" }},
		{"user_type", directory.UserChanges{Type: to(permission.GroupAdmin)}, func(u *directory.User) { u.Type = 7 }},
		{"message_pref", directory.UserChanges{MessagePref: to(0)}, func(u *directory.User) { u.MessagePref = 0 }},
		{"states_licensed", directory.UserChanges{StatesLicensed: to("OR")}, func(u *directory.User) { u.StatesLicensed = "OR" }},
		{"timezone", directory.UserChanges{Timezone: to("")}, func(u *directory.User) { u.Timezone = "" }},
		{"last_login_dt", directory.UserChanges{LastLogin: to(now)}, func(u *directory.User) { u.LastLoginAt = now }},
		{"credentials", directory.UserChanges{Credentials: to("DO")}, func(u *directory.User) { u.Credentials = "DO" }},
		{"ins_exp_date", directory.UserChanges{InsuranceEnds: &civil.Date{}}, func(u *directory.User) { u.InsuranceEnds = civil.Date{} }},
		{"tax_id", directory.UserChanges{TaxID: to(surgical.NewPHI("987654321"))}, func(u *directory.User) { u.TaxID = surgical.NewPHI("987654321") }},
		{"user_tier", directory.UserChanges{Tier: to(pay.Tier(2))}, func(u *directory.User) { u.Tier = 2 }},
		{"active", directory.UserChanges{Active: to(false)}, func(u *directory.User) { u.Active, u.DeactivatedAt = false, now }},
		{"max_case_status", directory.UserChanges{Cap: to(15)}, func(u *directory.User) { u.Cap = 15 }},
		{"documents", directory.UserChanges{Documents: &docs}, func(u *directory.User) { u.Documents = docs }},
	}
}

var ranking = []string{"user_type", "user_tier", "active", "max_case_status"}

func TestEachFieldOfAUser(t *testing.T) {
	for _, e := range edits() {
		t.Run(e.field+" changes alone", func(t *testing.T) {
			u, want := user(1), user(1)
			equal(t, "asks", e.ch.Asks(), true)
			equal(t, "differing", u.Differing(e.ch), []string{e.field})
			u.Apply(e.ch, now)
			e.want(&want)
			want.UpdatedAt = now
			equal(t, "user", u, want)
			equal(t, "differing after", u.Differing(e.ch), []string{})
		})
	}
	t.Run("nothing asked is nothing changed", func(t *testing.T) {
		u := user(1)
		equal(t, "asks", directory.UserChanges{}.Asks(), false)
		equal(t, "differing", u.Differing(directory.UserChanges{}), []string{})
	})
	t.Run("the same instant in another zone is no change, nor are the same documents", func(t *testing.T) {
		u := user(1)
		docs := []directory.UserDocument{{Type: "licence", Name: surgical.NewPHI("l.pdf")}}
		ch := directory.UserChanges{LastLogin: to(earlier.In(time.FixedZone("", 3600))), Documents: &docs, NPI: to(u.NPI)}
		equal(t, "differing", u.Differing(ch), []string{})
		u.Apply(ch, now)
		equal(t, "a document keeps its id", u.Documents[0].ID, 1)
		equal(t, "the NPI stays verified", u.Registry.Name, "ADA TESTWELL")
	})
	t.Run("what was uploaded stays, whatever names are asked for", func(t *testing.T) {
		named := func(id int64, name string, stored bool) directory.UserDocument {
			return directory.UserDocument{ID: id, Type: "licence", Name: surgical.NewPHI(name), Stored: stored}
		}
		held := []directory.UserDocument{named(1, "a.pdf", false), named(2, "up.pdf", true), named(3, "b.pdf", false)}
		for _, c := range []struct{ asked, want []directory.UserDocument }{
			{[]directory.UserDocument{named(0, "b.pdf", false), named(0, "c.pdf", false)}, []directory.UserDocument{held[1], held[2], named(0, "c.pdf", false)}},
			{[]directory.UserDocument{named(0, "b.pdf", false), named(0, "up.pdf", false), named(0, "a.pdf", false)}, held},
			{[]directory.UserDocument{}, held[1:2]},
			{nil, held[1:2]},
		} {
			u := user(1)
			u.Documents = held
			u.Apply(directory.UserChanges{Documents: &c.asked}, now)
			equal(t, "documents", u.Documents, c.want)
			equal(t, "differing after", u.Differing(directory.UserChanges{Documents: &c.asked}), []string{})
		}
	})
	t.Run("all fields differ in the order of the old product's model", func(t *testing.T) {
		var all []string
		u := directory.User{}
		filled := user(1)
		for _, e := range edits() {
			all = append(all, e.field)
		}
		ch := directory.UserChanges{
			Email: &filled.Email, First: &filled.First, Last: &filled.Last, Addr1: &filled.Addr1, Addr2: &filled.Addr2, City: &filled.City,
			State: &filled.State, ZIP: &filled.ZIP, Telephone: &filled.Telephone, NPI: &filled.NPI, ReferredBy: &filled.ReferredBy, Type: &filled.Type,
			MessagePref: &filled.MessagePref, StatesLicensed: &filled.StatesLicensed, Timezone: &filled.Timezone, Credentials: &filled.Credentials,
			LastLogin: &filled.LastLoginAt, InsuranceEnds: &filled.InsuranceEnds, TaxID: &filled.TaxID, Tier: &filled.Tier, Active: &filled.Active,
			Cap: &filled.Cap, Documents: &filled.Documents,
		}
		equal(t, "fields", u.Differing(ch), all)
		equal(t, "ranking", directory.RankOnly(all), []string{"user_type", "user_tier", "active", "max_case_status"})
	})
	t.Run("activating ends a deactivation", func(t *testing.T) {
		u := user(1)
		u.Deactivate(earlier)
		u.Apply(directory.UserChanges{Active: to(true)}, now)
		equal(t, "active", u.Active, true)
		equal(t, "deactivated", u.DeactivatedAt.IsZero(), true)
	})
}

// TestWhoMayChangeAUser: source spec/decisions.md 2.6 and 2.7.
func TestWhoMayChangeAUser(t *testing.T) {
	for _, mine := range permission.Types {
		for _, theirs := range permission.Types {
			t.Run(fmt.Sprintf("type %d changes a user of type %d", mine, theirs), func(t *testing.T) {
				u := user(theirs)
				for _, e := range edits() {
					rank := slices.Contains(ranking, e.field)
					want := ""
					switch {
					case mine < 10:
						want = "not_your_data"
					case theirs > mine:
						want = "user_not_found"
					case mine < 20:
						want = "not_your_data"
					case theirs == mine && mine != 999:
						want = "user_type_too_high"
					}
					if theirs == 7 && e.field == "user_type" {
						continue // that is his type already
					}
					err := u.MayChange(permission.Actor{User: "somebody", Type: mine}, e.ch, u.Differing(e.ch))
					equal(t, e.field+" of others", fault.CodeOf(err), want)
					if mine != theirs {
						continue
					}
					want = ""
					switch {
					case rank && mine < 20:
						want = "not_allowed"
					case rank:
						want = "not_on_yourself"
					}
					err = u.MayChange(permission.Actor{User: "dr.ada", Type: mine}, e.ch, u.Differing(e.ch))
					equal(t, e.field+" of himself", fault.CodeOf(err), want)
				}
				equal(t, "asking changes nothing", u, user(theirs))
			})
		}
	}
}

func TestWhichRankMayBeGiven(t *testing.T) {
	for _, x := range []struct {
		mine permission.UserType
		ch   directory.UserChanges
		code string
	}{
		{20, directory.UserChanges{Type: to(permission.UserType(19))}, ""},
		{20, directory.UserChanges{Type: to(permission.UserAdmin)}, "user_type_too_high"},
		{100, directory.UserChanges{Type: to(permission.UserAdmin)}, ""},
		{100, directory.UserChanges{Type: to(permission.GlobalAdmin)}, "user_type_too_high"},
		{100, directory.UserChanges{Type: to(permission.SystemAdmin)}, "user_type_too_high"},
		{999, directory.UserChanges{Type: to(permission.SystemAdmin)}, ""},
		{999, directory.UserChanges{Type: to(permission.UserType(1000))}, "invalid_input"},
		{20, directory.UserChanges{Type: to(permission.UserType(0))}, "invalid_input"},
		{20, directory.UserChanges{Tier: to(pay.Tier(0))}, "invalid_input"},
		{20, directory.UserChanges{Cap: to(7)}, "invalid_input"},
		{20, directory.UserChanges{Cap: to(0)}, ""},
		{20, directory.UserChanges{Active: to(false)}, ""},
	} {
		t.Run(fmt.Sprintf("by type %d: %q", x.mine, x.code), func(t *testing.T) {
			u := user(1)
			fields := u.Differing(x.ch)
			err := u.MayChange(permission.Actor{User: "somebody", Type: x.mine}, x.ch, fields)
			equal(t, fmt.Sprint(fields), fault.CodeOf(err), x.code)
		})
	}
	t.Run("the command line makes the first administrator", func(t *testing.T) {
		u := user(1)
		ch := directory.UserChanges{Type: to(permission.SystemAdmin)}
		if err := u.MayChange(permission.System("cli"), ch, u.Differing(ch)); err != nil {
			t.Error(err)
		}
	})
}
