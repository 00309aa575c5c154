package pay_test

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"surgicase/domain/pay"

	"pgregory.net/rapid"
)

func TestParseCents(t *testing.T) {
	for in, want := range map[string]pay.Cents{
		"0": 0, "0.00": 0, "1250": 125_000, "1250.5": 125_050, "1250.50": 125_050, "0.01": 1, "0.1": 10, "007.00": 700,
		"99999999.99": pay.MaxAmount, "99999999": 9_999_999_900,
	} {
		t.Run(in+" is an amount", func(t *testing.T) {
			got, err := pay.ParseCents(in)
			wantCode(t, err, "")
			equal(t, "cents", got, want)
		})
	}
	for _, in := range []string{
		"", ".", ".5", "5.", "1.234", "-1", "+1", "1,250", "1_250", "1e3", "0x10", "100000000", "100000000.00", "1 ", " 1", "1.-5", "1.+5",
		"1.5.5", "NaN", "Inf", "$5", "１", "٣", "1.٣", "1\x00", "1.5 ", "18446744073709551616", "=1+1",
	} {
		t.Run(fmt.Sprintf("%q is none", in), func(t *testing.T) {
			got, err := pay.ParseCents(in)
			wantCode(t, err, "invalid_amount")
			equal(t, "cents", got, 0)
		})
	}
}

func TestCentsPrint(t *testing.T) {
	for cents, want := range map[pay.Cents]string{
		0: "0.00", 1: "0.01", 99: "0.99", 100: "1.00", 125_000: "1250.00", -5: "-0.05", -125_050: "-1250.50",
		math.MaxInt64: "92233720368547758.07", math.MinInt64: "-92233720368547758.08",
	} {
		t.Run(want, func(t *testing.T) { equal(t, "text", cents.String(), want) })
	}
}

func TestCentsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := pay.Cents(rapid.Int64Range(0, int64(pay.MaxAmount)).Draw(t, "cents"))
		back, err := pay.ParseCents(c.String())
		if err != nil || back != c {
			t.Fatalf("%v came back as %v, %v", c, back, err)
		}
		if negative := (-c).String(); c > 0 && negative != "-"+c.String() {
			t.Fatalf("%v negated is %s", c, negative)
		}
	})
}

var amount = regexp.MustCompile(`\A[0-9]{1,8}(\.[0-9]{1,2})?\z`)

func FuzzParseCents(f *testing.F) {
	for _, seed := range []string{"0", "1250.00", "99999999.99", "1.5", "-1", "", ".", "1.", "00000000.0", "1e9", "１２"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		c, err := pay.ParseCents(in)
		equal(t, "accepted", err == nil, amount.MatchString(in))
		if err != nil {
			wantCode(t, err, "invalid_amount")
			return
		}
		exact, _ := new(big.Rat).SetString(in)
		if got := new(big.Rat).SetFrac64(int64(c), 100); got.Cmp(exact) != 0 || c > pay.MaxAmount {
			t.Errorf("%s became %s", in, c)
		}
		back, err := pay.ParseCents(c.String())
		if err != nil || back != c || strings.Count(c.String(), ".") != 1 {
			t.Errorf("%s is written as %s and read as %s, %v", in, c, back, err)
		}
	})
}
