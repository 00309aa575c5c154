package pay_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"surgicase/domain/fault"
	"surgicase/domain/pay"

	"pgregory.net/rapid"
)

// prices asks a table for each code alone: "tier code amount category", or nothing where it has none.
func prices(t pay.Table) string {
	var all []string
	for tier := pay.Tier(1); tier <= 3; tier++ {
		for _, code := range codes("Z9001 Z9002 Z9003 Z9004 Z9005 Z9006 Z9007 Z9008") {
			if x := t.Price(tier, []pay.Code{code}); x.Status == pay.Priced {
				all = append(all, fmt.Sprintf("%d %s %v %s", tier, code, x.Amount, x.Category))
			}
		}
	}
	return strings.Join(all, "\n")
}

func TestLoadingPrices(t *testing.T) {
	before := pay.NewTable(7, rows)
	loaded := []pay.Row{
		{Tier: 1, Code: "Z9001", Category: "NEW", Amount: 1}, {Tier: 1, Code: "Z9008", Category: "NEW", Amount: 2},
	}
	was := prices(before)
	t.Run("rows replace those of their tier and code and leave the others", func(t *testing.T) {
		after := before.With(loaded, false)
		equal(t, "version", after.Version, 8)
		equal(t, "prices", prices(after), prices(pay.NewTable(8, append(slices.Clone(rows), loaded...))))
	})
	t.Run("whole tiers replace their tiers and leave the others", func(t *testing.T) {
		want := append(slices.Clone(loaded), rows[1], rows[5+1]) // the two rows of tier 2
		equal(t, "prices", prices(before.With(loaded, true)), prices(pay.NewTable(8, want)))
	})
	t.Run("loading leaves the table it starts from", func(t *testing.T) {
		equal(t, "version", before.Version, 7)
		equal(t, "prices", prices(before), was)
	})
	t.Run("the empty table can be loaded", func(t *testing.T) {
		after := pay.Table{}.With(rows, false)
		equal(t, "version", after.Version, 1)
		equal(t, "prices", prices(after), was)
	})
}

func TestLoadingTwiceIsLoadingOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		held, asked := anyTable(t)
		loaded, _ := anyTable(t)
		whole := rapid.Bool().Draw(t, "whole")
		tier := pay.Tier(rapid.IntRange(1, 3).Draw(t, "asked tier"))
		once := pay.NewTable(1, held).With(loaded, whole)
		twice := once.With(loaded, whole)
		a, b := once.Price(tier, asked), twice.Price(tier, asked)
		if b.TableVersion != 3 || a.Amount != b.Amount || a.Category != b.Category || a.Status != b.Status {
			t.Fatalf("%+v\n%+v", a, b)
		}
	})
}

func TestCheckRows(t *testing.T) {
	good := pay.Row{Tier: 1, Code: "Z9001", Category: "SPINE", Amount: 1}
	change := func(set func(*pay.Row)) pay.Row { r := good; set(&r); return r }
	for _, x := range []struct {
		what string
		rows []pay.Row
		bad  string
	}{
		{"the fixture", rows, ""},
		{"the limits", []pay.Row{{Tier: pay.MaxTier, Code: "A0001", Category: strings.Repeat("é", pay.MaxCategory), Amount: pay.MaxAmount}, {Tier: 1, Code: "A0001"}}, ""},
		{"nothing", nil, "body.rows"},
		{"tier 0", []pay.Row{change(func(r *pay.Row) { r.Tier = 0 })}, "body.rows[0].user_tier"},
		{"tier 1,000", []pay.Row{change(func(r *pay.Row) { r.Tier = 1_000 })}, "body.rows[0].user_tier"},
		{"a negative amount", []pay.Row{change(func(r *pay.Row) { r.Amount = -1 })}, "body.rows[0].code_pay_amount"},
		{"too high an amount", []pay.Row{change(func(r *pay.Row) { r.Amount = pay.MaxAmount + 1 })}, "body.rows[0].code_pay_amount"},
		{"a long category", []pay.Row{change(func(r *pay.Row) { r.Category = strings.Repeat("é", 21) })}, "body.rows[0].code_category"},
		{"a repeated row", []pay.Row{good, {Tier: 2, Code: "Z9001"}, good}, "body.rows[2]"},
		{"everything at once", []pay.Row{good, {Tier: 0, Code: "Z9001", Amount: -1}, good}, "body.rows[1].user_tier body.rows[1].code_pay_amount body.rows[2]"},
	} {
		t.Run(fmt.Sprintf("%s: wrong is %q", x.what, x.bad), func(t *testing.T) {
			err := pay.CheckRows("body.rows", x.rows)
			var places []string
			var f *fault.Error
			if errors.As(err, &f) {
				for _, field := range f.Fields {
					places = append(places, field.Location)
				}
			}
			equal(t, "wrong", strings.Join(places, " "), x.bad)
			equal(t, "invalid", errors.Is(err, fault.Invalid), x.bad != "")
		})
	}
}

func TestParseTier(t *testing.T) {
	for in, want := range map[string]pay.Tier{"1": 1, "2": 2, "999": 999, "007": 7} {
		t.Run(in+" is a tier", func(t *testing.T) {
			got, err := pay.ParseTier(in)
			wantCode(t, err, "")
			equal(t, "tier", got, want)
		})
	}
	for _, in := range []string{"", "0", "-1", "+1", "1000", "65537", "99999999999999999999", "1.0", "1 ", "x", "１"} {
		t.Run(fmt.Sprintf("%q is none", in), func(t *testing.T) {
			got, err := pay.ParseTier(in)
			wantCode(t, err, "invalid_user_tier")
			equal(t, "tier", got, 0)
		})
	}
}
