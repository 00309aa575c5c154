package pay_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"surgicase/domain/pay"

	"pgregory.net/rapid"
)

// TestWorkedExamples are those of spec/reference-rules.md 2.3 as spec/decisions.md 4 changes them.
// Example 4 there has the other category, against its own text: the lowest code wins ties (4.1).
func TestWorkedExamples(t *testing.T) {
	table := pay.NewTable(7, rows)
	for _, x := range []struct {
		tier     pay.Tier
		codes    string
		amount   string
		category string
		winner   pay.Code
		status   pay.Status
	}{
		{1, "Z9001", "1000.00", "SPINE", "Z9001", pay.Priced},
		{1, "Z9002 Z9001 Z9004", "1000.00", "SPINE", "Z9001", pay.Priced},
		{1, "Z9002 Z9004", "750.50", "ORTHO", "Z9004", pay.Priced},
		{2, "Z9001", "1250.00", "SPINE", "Z9001", pay.Priced},
		{1, "Z9003 Z9002", "400.00", "GYN", "Z9002", pay.Priced},
		{1, "Z9006", "0.00", "", "", pay.Unpriced},
		{1, "Z9006 Z9004", "750.50", "ORTHO", "Z9004", pay.Priced},
		{1, "", "0.00", "", "", pay.NoCodes},
		{1, "Z9005", "0.00", "EM", "Z9005", pay.Priced},
		{1, "Z9001 Z9001", "1000.00", "SPINE", "Z9001", pay.Priced},
		{1, "Z9007", "900.00", "SPINE", "Z9007", pay.Priced},
		{3, "Z9001 Z9004", "0.00", "", "", pay.Unpriced},
		{1, "Z9005 Z9002", "400.00", "GYN", "Z9002", pay.Priced},
		{1, "Z9005 Z9006", "0.00", "EM", "Z9005", pay.Priced},
		{1, "z9001", "0.00", "", "", pay.Unpriced},
	} {
		t.Run(fmt.Sprintf("tier %d is paid %s for %q", x.tier, x.amount, x.codes), func(t *testing.T) {
			got := table.Price(x.tier, codes(x.codes))
			equal(t, "amount", got.Amount.String(), x.amount)
			equal(t, "category", got.Category, x.category)
			equal(t, "winner", got.Winner, x.winner)
			equal(t, "status", got.Status, x.status)
			equal(t, "tier and table", fmt.Sprint(got.Tier, got.TableVersion), fmt.Sprint(x.tier, 7))
			equal(t, "explained again", got.Recompute(), got)
		})
	}
}

func codes(list string) []pay.Code {
	var all []pay.Code
	for c := range strings.FieldsSeq(list) {
		all = append(all, pay.Code(c))
	}
	return all
}

func TestExplanation(t *testing.T) {
	t.Run("it shows each code once with its row, found or not", func(t *testing.T) {
		got := pay.NewTable(7, rows).Price(1, codes("Z9006 Z9002 Z9001 Z9002"))
		equal(t, "considered", got.Considered, []pay.Considered{
			{Code: "Z9001", Row: rows[0], Found: true}, {Code: "Z9002", Row: rows[2], Found: true}, {Code: "Z9006"},
		})
		equal(t, "when it was computed is the caller's to say", got.At.IsZero(), true)
	})
	t.Run("it counts the codes that have a price and says why in a sentence", func(t *testing.T) {
		table := pay.NewTable(7, rows)
		for _, x := range []struct {
			codes string
			found int
			why   string
		}{
			{"Z9006 Z9002 Z9001 Z9002", 2, "Z9001 has the highest price among the codes in tier 1."},
			{"Z9005", 1, "Z9005 has the highest price among the codes in tier 1."},
			{"Z9006", 0, "None of the codes has a price in tier 1."},
			{"", 0, "The case has no procedure codes."},
		} {
			got := table.Price(1, codes(x.codes))
			equal(t, x.codes+": found", got.Found(), x.found)
			equal(t, x.codes+": why", got.Why(), x.why)
		}
	})
	t.Run("the empty table prices nothing", func(t *testing.T) {
		equal(t, "status", pay.Table{}.Price(1, codes("Z9001")).Status, pay.Unpriced)
		equal(t, "status", pay.Table{}.Price(1, nil).Status, pay.NoCodes)
	})
	t.Run("of two rows for one tier and code the later wins", func(t *testing.T) {
		twice := append(slices.Clone(rows), pay.Row{Tier: 1, Code: "Z9001", Category: "LATER", Amount: 1})
		equal(t, "category", pay.NewTable(1, twice).Price(1, codes("Z9001")).Category, "LATER")
	})
	t.Run("pricing leaves the codes it is given in order", func(t *testing.T) {
		given := codes("Z9004 Z9001 Z9001")
		pay.NewTable(1, rows).Price(1, given)
		equal(t, "codes", given, codes("Z9004 Z9001 Z9001"))
	})
}

func TestWhyOfAnAmountThatWasTakenOver(t *testing.T) {
	x := pay.Explanation{Tier: 1, TakenOver: true}
	equal(t, "why", x.Why(), "The amount was taken over from the service before: no price table here gives it.")
}

func TestPayable(t *testing.T) {
	for status, want := range map[pay.Status]bool{
		pay.Priced: true, pay.ZeroApproved: true, pay.Unpriced: false, pay.NoCodes: false, pay.Waived: false, "": false,
	} {
		t.Run(fmt.Sprintf("%q", status), func(t *testing.T) { equal(t, "payable", status.Payable(), want) })
	}
}

// anyTable draws a small table, with ties and zeros, and codes of which some are in it.
func anyTable(t *rapid.T) ([]pay.Row, []pay.Code) {
	some := rapid.SampledFrom([]pay.Code{"A0001", "A0002", "B0001", "B0002", "C0001", "Z9999"})
	row := rapid.Custom(func(t *rapid.T) pay.Row {
		return pay.Row{
			Tier: pay.Tier(rapid.IntRange(1, 3).Draw(t, "tier")), Code: some.Draw(t, "code"),
			Category: rapid.SampledFrom([]string{"X", "Y"}).Draw(t, "category"),
			Amount:   rapid.SampledFrom([]pay.Cents{0, 1, 99, 100, 5_000, pay.MaxAmount}).Draw(t, "amount"),
		}
	})
	unique := rapid.SliceOfNDistinct(row, 0, 10, func(r pay.Row) string { return fmt.Sprint(r.Tier, r.Code) })
	return unique.Draw(t, "rows"), rapid.SliceOfN(some, 0, 6).Draw(t, "codes")
}

// TestPriceProperties compares with the plainest possible reading of spec/decisions.md 4.1 and 4.2.
func TestPriceProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, codes := anyTable(t)
		tier := pay.Tier(rapid.IntRange(1, 3).Draw(t, "asked tier"))
		x := pay.NewTable(1, rows).Price(tier, codes)
		var best *pay.Row
		for i, r := range rows {
			if r.Tier != tier || !slices.Contains(codes, r.Code) {
				continue
			}
			if best == nil || r.Amount > best.Amount || (r.Amount == best.Amount && r.Code < best.Code) {
				best = &rows[i]
			}
		}
		want := pay.Row{Tier: tier}
		status := pay.Unpriced
		switch {
		case best != nil:
			want, status = *best, pay.Priced
		case len(codes) == 0:
			status = pay.NoCodes
		}
		if x.Amount != want.Amount || x.Category != want.Category || x.Winner != want.Code || x.Status != status {
			t.Fatalf("got %+v, want %+v %s", x, want, status)
		}
	})
}

func TestOrderAndDuplicatesDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, codes := anyTable(t)
		table := pay.NewTable(1, rows)
		mixed := rapid.Permutation(append(slices.Clone(codes), codes...)).Draw(t, "mixed")
		if a, b := fmt.Sprint(table.Price(1, codes)), fmt.Sprint(table.Price(1, mixed)); a != b {
			t.Fatalf("%s\n%s", a, b)
		}
	})
}

func TestRecomputeGivesTheSameCents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, codes := anyTable(t)
		x := pay.NewTable(4, rows).Price(2, codes)
		if again := x.Recompute(); fmt.Sprint(again) != fmt.Sprint(x) {
			t.Fatalf("%+v\n%+v", x, again)
		}
	})
}

// Adding codes never lowers a price, and never makes it more than the highest single price.
func TestMoreCodes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, codes := anyTable(t)
		table := pay.NewTable(1, rows)
		whole := table.Price(1, codes).Amount
		var highest pay.Cents
		for _, c := range codes {
			highest = max(highest, table.Price(1, []pay.Code{c}).Amount)
		}
		if whole != highest {
			t.Fatalf("%v together are paid %v, the dearest alone %v", codes, whole, highest)
		}
	})
}

func TestParseCode(t *testing.T) {
	for in, want := range map[string]pay.Code{"Z9001": "Z9001", "z9001": "Z9001", "00000": "00000", "abcde": "ABCDE", "9999A": "9999A"} {
		t.Run(fmt.Sprintf("%q is a code", in), func(t *testing.T) {
			got, err := pay.ParseCode(in)
			wantCode(t, err, "")
			equal(t, "code", got, want)
		})
	}
	for _, in := range []string{"", "Z900", "Z90011", "Z9001-50", "Z900 ", "Z-001", "Z900é", "é123", "Z900\x00", "١٢", "Z9_01"} {
		t.Run(fmt.Sprintf("%q is none", in), func(t *testing.T) {
			got, err := pay.ParseCode(in)
			wantCode(t, err, "invalid_procedure_code")
			equal(t, "code", got, "")
		})
	}
	for _, in := range []string{"ſ123", "12ı3", "ſıſ", "ıı1", "ŉ123", "ǰ123"} {
		t.Run(fmt.Sprintf("%q, which changes its length in upper case, is none", in), func(t *testing.T) {
			defer func() {
				if r := recover(); r != nil {
					t.Errorf("panic: %v", r)
				}
			}()
			_, err := pay.ParseCode(in)
			wantCode(t, err, "invalid_procedure_code")
		})
	}
}
