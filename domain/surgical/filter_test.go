package surgical_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"surgicase/domain/permission"
	"surgicase/domain/surgical"

	"pgregory.net/rapid"
)

// matches is what a store makes of the filter.
func matches(f surgical.StatusFilter, s surgical.Status) bool {
	return !f.Filters() || slices.Contains(f.In, s) || (f.AtLeast != 0 && s >= f.AtLeast)
}

func capped(t permission.UserType, highest int) permission.Actor {
	return permission.Actor{User: owner, Type: t, Cap: highest}
}

// TestFilterTable is the table of spec/reference-rules.md 1.4 in the form that leaks nothing: who
// asks for more than he is shown finds nothing.
func TestFilterTable(t *testing.T) {
	cases := []surgical.Status{0, 10, 15, 20, 30, 500}
	everything := "0 10 15 20 30 500"
	for _, row := range []struct {
		filter, provider, shown, admin string
	}{
		{"all", everything, "0 10 15 20 20 20", everything},
		{" ALL ", everything, "0 10 15 20 20 20", everything},
		{"", everything, "0 10 15 20 20 20", everything},
		{"x", everything, "0 10 15 20 20 20", everything},
		{"x,,-1,1.5,0x10", everything, "0 10 15 20 20 20", everything},
		{"20", "20 30 500", "20 20 20", "20"},
		{"10,20", "10 20 30 500", "10 20 20 20", "10 20"},
		{" 10 , 20 ,x", "10 20 30 500", "10 20 20 20", "10 20"},
		{"20,20,10", "10 20 30 500", "10 20 20 20", "10 20"},
		{"30", "", "", "30"},
		{"30,500", "", "", "30 500"},
		{"10,30", "10", "10", "10 30"},
		{"0", "0", "0", "0"},
		{"7", "", "", ""},
		{"99999999999", "", "", ""},
		{"999999999999999999999,10", "10", "10", "10"},
		{"all,10", "10", "10", "10"},
	} {
		t.Run(fmt.Sprintf("asking for %q", row.filter), func(t *testing.T) {
			for _, role := range everyRole {
				by := person("somebody", role)
				f := surgical.ParseFilter(row.filter, by)
				var found, shown []string
				for _, s := range cases {
					if matches(f, s) {
						found = append(found, strconv.Itoa(int(s)))
						shown = append(shown, strconv.Itoa(int(surgical.Standing{Status: s}.Shown(by))))
					}
				}
				want, wantShown := row.admin, row.admin
				if role < permission.CaseAdmin {
					want, wantShown = row.provider, row.shown
				}
				equal(t, fmt.Sprintf("type %d finds", role), strings.Join(found, " "), want)
				equal(t, fmt.Sprintf("type %d is shown", role), strings.Join(shown, " "), wantShown)
			}
		})
	}
}

func TestFilterEcho(t *testing.T) {
	t.Run("the word all is echoed as such", func(t *testing.T) {
		equal(t, "filter", surgical.ParseFilter("All", theOwner), surgical.StatusFilter{Any: true})
	})
	t.Run("the numbers asked for are echoed once, in their order, also those that find nothing", func(t *testing.T) {
		f := surgical.ParseFilter("30,x,10,30", theOwner)
		equalSlices(t, "asked", f.Asked, []surgical.Status{30, 10})
		equal(t, "all", f.Any, false)
	})
	t.Run("nothing asked is an empty list, not null", func(t *testing.T) {
		equal(t, "asked", surgical.ParseFilter("", theOwner).Asked, []surgical.Status{})
	})
}

// TestFilterFindsWhatIsShown: a case is found exactly if the status it is shown with was asked for.
func TestFilterFindsWhatIsShown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		by := capped(rapid.SampledFrom(everyRole).Draw(t, "type"), int(rapid.SampledFrom(surgical.Statuses).Draw(t, "cap")))
		highest := by.Cap
		if highest == 0 {
			highest = 20
		}
		asked := rapid.SliceOfN(rapid.SampledFrom(surgical.Statuses), 1, 5).Draw(t, "asked")
		text := strings.Trim(strings.ReplaceAll(fmt.Sprint(asked), " ", ","), "[]")
		f := surgical.ParseFilter(text, by)
		for _, s := range surgical.Statuses {
			shown := s
			if by.Type < 10 && int(s) > highest {
				shown = surgical.Status(highest)
			}
			standing := surgical.Standing{Status: s}
			if standing.Shown(by) != shown || standing.Hidden(by) != (shown != s) {
				t.Fatalf("%d is shown as %d, not %d", s, standing.Shown(by), shown)
			}
			if matches(f, s) != slices.Contains(asked, shown) {
				t.Fatalf("filter %s and cap %d: a case at %d, shown as %d, is found: %v", text, highest, s, shown, matches(f, s))
			}
		}
	})
}

func FuzzParseFilter(f *testing.F) {
	for _, seed := range []string{"", "all", "10,20", "30", ",,,", "٣", "1e1", "+5", "-5", "4294967296", "10\x00,20"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		provider, admin := surgical.ParseFilter(text, theOwner), surgical.ParseFilter(text, caseAdmin)
		if len(admin.Asked) > strings.Count(text, ",")+1 || provider.Filters() != admin.Filters() {
			t.Fatalf("%+v", admin)
		}
		equalSlices(t, "an admin finds what he asked for", admin.In, admin.Asked)
		for _, s := range provider.In {
			if s >= permission.DefaultCap {
				t.Fatalf("a provider tells cases at %d apart", s)
			}
		}
	})
}

func TestStanding_ShowsPayment(t *testing.T) {
	for _, x := range []struct {
		at   surgical.Status
		cap  int
		want bool
	}{
		{surgical.Paid, 20, true},
		{surgical.Paid, 15, true},
		{surgical.Paid, 10, false},
		{surgical.Paid, 1, false},
		{surgical.PendingPayment, 20, true},
		{surgical.ReadyForBilling, 20, false},
	} {
		got := standing(x.at, surgical.PaymentOpen).ShowsPayment(capped(permission.Provider, x.cap))
		if got != x.want {
			t.Errorf("at %d with cap %d: %t, want %t", x.at, x.cap, got, x.want)
		}
	}
}
