package npi_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"surgicase/domain/fault"
	"surgicase/domain/npi"

	"pgregory.net/rapid"
)

func wantInvalid(t *testing.T, n npi.NPI, err error) {
	t.Helper()
	if fault.CodeOf(err) != "invalid_npi" || !errors.Is(err, fault.Invalid) || n != 0 {
		t.Errorf("got %v, %v", n, err)
	}
}

// The lists are those of spec/formats.md c and of spec/reference-rules.md 5.7.
func TestParse(t *testing.T) {
	for _, in := range []string{
		"1234567893", "1999999992", "1000000004", "1555123458", "2000000002", "1245319599", "9941339100",
		"1558598797", "1993999998", "1679576722", "1003000126",
	} {
		t.Run(in+" is an NPI", func(t *testing.T) {
			n, err := npi.Parse(in)
			if err != nil || n.String() != in {
				t.Errorf("got %v, %v", n, err)
			}
		})
	}
	for in, why := range map[string]string{
		"1234567890": "wrong digit", "1234567839": "last two swapped", "1999999985": "wrong digit", "123456789": "nine digits",
		"12345A7893": "a letter", "0000000000": "zeros", "12345678930": "eleven digits", "0123456789": "wrong digit",
		" 1234567893": "a space before", "1234567893 ": "a space after", "123456789３": "a wide digit", "١٢٣٤٥": "ten bytes of Arabic digits",
		"-234567893": "a sign", "+234567893": "a sign", "1_34567893": "an underscore", "0x12345678": "hexadecimal", "1234567.93": "a point",
		"": "nothing", "123456789\x00": "NUL", "0987654321": "wrong digit", "2000000000": "wrong digit", "1e00000000": "an exponent",
	} {
		t.Run(fmt.Sprintf("%q is none: %s", in, why), func(t *testing.T) {
			n, err := npi.Parse(in)
			wantInvalid(t, n, err)
		})
	}
}

// anyNPI draws a valid NPI as CMS may issue it, any first digit included.
func anyNPI(t *rapid.T) string {
	n, err := npi.Make(rapid.StringMatching(`[0-9]{9}`).Draw(t, "first nine"))
	if err != nil {
		t.Fatal(err)
	}
	return n.String()
}

// luhn is the textbook check over 80840 and all ten digits.
func luhn(ten string) bool {
	sum, twice := 0, false
	digits := "80840" + ten
	for i := len(digits) - 1; i >= 0; i-- {
		d := int(digits[i] - '0')
		if twice {
			d = d*2/10 + d*2%10
		}
		sum, twice = sum+d, !twice
	}
	return sum%10 == 0
}

func TestCheckDigitIsLuhn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		made := anyNPI(t)
		if !luhn(made) || len(made) != npi.Length {
			t.Fatalf("%s fails the textbook check", made)
		}
		other := rapid.StringMatching(`[0-9]{10}`).Draw(t, "other")
		if _, err := npi.Parse(other); (err == nil) != luhn(other) {
			t.Fatalf("%s: %v", other, err)
		}
		if n, err := npi.Parse(made); err != nil || n.String() != made {
			t.Fatalf("%s came back as %v, %v", made, n, err)
		}
	})
}

func TestOneWrongDigitIsAlwaysFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		good := anyNPI(t)
		for i := range good {
			for d := '0'; d <= '9'; d++ {
				bad := good[:i] + string(d) + good[i+1:]
				if _, err := npi.Parse(bad); (err == nil) != (bad == good) {
					t.Fatalf("%s for %s: %v", bad, good, err)
				}
			}
		}
	})
}

// TestSwappedNeighbours documents the blind spot: of all swaps of neighbours the check digit misses
// 09 and 90, and only the registry tells those apart.
func TestSwappedNeighbours(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		good := anyNPI(t)
		for i := range len(good) - 1 {
			pair := good[i : i+2]
			if pair[0] == pair[1] {
				continue
			}
			swapped := good[:i] + pair[1:] + pair[:1] + good[i+2:]
			_, err := npi.Parse(swapped)
			if missed := pair == "09" || pair == "90"; missed != (err == nil) {
				t.Fatalf("%s for %s: %v", swapped, good, err)
			}
		}
	})
	t.Run("1851091490 and 1851901490 are both valid", func(t *testing.T) {
		for _, in := range []string{"1851091490", "1851901490"} {
			if _, err := npi.Parse(in); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestMake(t *testing.T) {
	for _, bad := range []string{"", "12345678", "1234567890", "12345678a", "12345678é", "１23456", " 12345678", "-12345678"} {
		t.Run(fmt.Sprintf("%q begins no NPI", bad), func(t *testing.T) {
			n, err := npi.Make(bad)
			wantInvalid(t, n, err)
		})
	}
}

func TestNone(t *testing.T) {
	if text := npi.NPI(0).String(); text != "" {
		t.Errorf("none prints as %q", text)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"1234567893", "0000000000", "", "1234567890", "123456789\xff", "00000000060"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		n, err := npi.Parse(in)
		digits := len(in) == 10 && strings.Trim(in, "0123456789") == ""
		if (err == nil) != (digits && in != "0000000000" && luhn(in)) {
			t.Errorf("%q: %v", in, err)
		}
		if err == nil && n.String() != in {
			t.Errorf("%q became %v", in, n)
		}
	})
}
