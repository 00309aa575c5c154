package directory_test

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"surgicase/domain/directory"
	"surgicase/domain/fault"

	"pgregory.net/rapid"
)

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// parser is one of the readers of contact data with what it takes and refuses. Each gives back what
// it took when it is asked again.
type parser struct {
	read  func(string) (string, error)
	code  string
	takes map[string]string
	not   []string
}

// hostile text is refused by every parser of a format.
var hostile = []string{
	"\x00", "\xff", "é", "e\u0301", "\u202e", "😀", "' OR 1=1 --", "$(id)", "=1+1", "../../etc/passwd", "<script>", strings.Repeat("9", 10_000), " ", "\n",
}

var parsers = map[string]parser{
	"state": {
		read: directory.ParseState, code: "invalid_state",
		takes: map[string]string{"": "", "OR": "OR", "ny": "NY", "Tx": "TX", "DC": "DC", "PR": "PR", "GU": "GU", "AE": "AE"},
		not:   []string{"XX", "O", "ORE", "Oregon", " O", "R ", "A ", "LA ", "OR ", "ORWA", "L A", "UK", "0R"},
	},
	"ZIP": {
		read: directory.ParseZIP, code: "invalid_zip",
		takes: map[string]string{
			"": "", "97001": "97001", "97001-0001": "97001-0001", "970010001": "97001-0001", "00501": "00501", "97001 0001": "97001-0001",
			"97001\u00a00001": "97001-0001", "97001\u20130001": "97001-0001", "97001\u20110001": "97001-0001", "97001\uff0d0001": "97001-0001", "97001\u22120001": "97001-0001",
			"\u202a97001\u202c": "97001",
		},
		not: []string{
			"9700", "970011", "97001-", "97001-1", "-97001", "9700-10001", "97001-00011", "97001  0001", "97001/0001", "97001-000a", "9700l", "97001--001",
			"12345-678-", "+97001", " 97001", "97001 ", "９７００１", "K1A 0B1", "1234567",
		},
	},
	"telephone": {
		read: directory.ParsePhone, code: "invalid_telephone",
		takes: map[string]string{
			"": "", "5035550100": "5035550100", "503-555-0100": "5035550100", "(503) 555-0100": "5035550100", "503.555.0100": "5035550100",
			"+1 503 555 0100": "5035550100", "15035550100": "5035550100", "+15035550100": "5035550100",
			"503\u00a0555\u00a00100": "5035550100", "503\u2011555\u20110100": "5035550100", "503\u2013555\u20140100": "5035550100", "503/555-0100": "5035550100",
			"\u202a+1 (503) 555\u20100100\u202c": "5035550100", "503\u2009555\u202f0100": "5035550100", "503\u2212555\uff0d0100": "5035550100", "tel:+1-503-555-0100": "5035550100",
			"503·555·0100": "5035550100", "[503] 555\u20440100": "5035550100", "503\t555\t0100": "5035550100",
		},
		not: []string{
			"503555010", "50355501000", "25035550100", "115035550100", "0035550100", "503555010x", "503-555-0100 x12", "503-555-0100 ext. 12", "5035550100#12", "+44 20 7946 0958", "+", "()", "-", "call me",
			"５０３５５５０１００",
		},
	},
	"e-mail": {
		read: directory.ParseEmail, code: "invalid_email",
		takes: map[string]string{
			"dr@xn--mnchen-3ya.example": "dr@xn--mnchen-3ya.example",
			"ada@example.org":           "ada@example.org", "Ada@Example.ORG": "Ada@example.org", "ada+test@mail.example.org": "ada+test@mail.example.org",
			"!a~@example.org": "!a~@example.org", strings.Repeat("a", 238) + "@example.org": strings.Repeat("a", 238) + "@example.org",
			"a.b_c-d@x-y.co": "a.b_c-d@x-y.co", "o'neil@example.org": "o'neil@example.org",
			strings.Repeat("a", 60) + "@" + strings.Repeat("b", 60) + ".org": strings.Repeat("a", 60) + "@" + strings.Repeat("b", 60) + ".org",
		},
		not: []string{
			"", "ada", "@", "ada@", "@example.org", "ada@example", "ada@example.", "ada@.org", "ada@@example.org", "ada@exa mple.org", "a b@example.org",
			"Ada <ada@example.org>", "<ada@example.org>", `"a b"@example.org`, `"ada"@example.org`, "ada@[192.0.2.1]", "ada@example..org", ".ada@example.org",
			"ada.@example.org", "ada@example.org, bea@example.org", "ada@example.org\r\nBcc: x@example.org", "ada@example.org ", " ada@example.org",
			"ada@exämple.org", "ädä@example.org", "ada@example.org\x00", "a(comment)da@example.org", strings.Repeat("a", 239) + "@example.org",
		},
	},
	"time zone": {
		read: directory.ParseTimezone, code: "invalid_timezone",
		takes: map[string]string{"": "", "America/New_York": "America/New_York", "Pacific/Auckland": "Pacific/Auckland", "UTC": "UTC"},
		not: []string{
			"Local", "Mars/Olympus", "America/New York", "../UTC", "/usr/share/zoneinfo/UTC", "America/../UTC", "./UTC", "America//New_York", "America/./New_York", "America/New_York/", "UTC\x00", "UTC+5", "Europe", "zone.tab",
		},
	},
	"tax id": {
		read: directory.ParseTaxID, code: "invalid_tax_id",
		takes: map[string]string{"": "", "123456789": "123456789", "12-3456789": "123456789", "123-45-6789": "123456789", "000000001": "000000001"},
		not:   []string{"12345678", "1234567890", "12345678a", "12 3456789", "-", "---------", "１２３４５６７８９", "12.3456789", "+12345678"},
	},
}

func TestContactParsers(t *testing.T) {
	for what, p := range parsers {
		for in, want := range p.takes {
			t.Run(fmt.Sprintf("%s %.30q is taken", what, in), func(t *testing.T) {
				got, err := p.read(in)
				if err != nil || got != want {
					t.Errorf("got %q, %v; want %q", got, err, want)
				}
				again, err := p.read(got)
				if err != nil || again != got {
					t.Errorf("read again: %q, %v", again, err)
				}
			})
		}
		for _, in := range append(append([]string{}, p.not...), hostile...) {
			t.Run(fmt.Sprintf("%s %.30q is refused, without repeating it", what, in), func(t *testing.T) {
				got, err := p.read(in)
				if fault.CodeOf(err) != p.code || !errors.Is(err, fault.Invalid) || got != "" {
					t.Fatalf("got %q, %v", got, err)
				}
				if len(in) > 4 && strings.Contains(err.Error(), in) {
					t.Errorf("%v repeats the value", err)
				}
			})
		}
	}
}

func TestStates(t *testing.T) {
	t.Run("59 states, districts, territories and military regions", func(t *testing.T) {
		known := 0
		for a := 'A'; a <= 'Z'; a++ {
			for b := 'A'; b <= 'Z'; b++ {
				if _, err := directory.ParseState(string([]rune{a, b})); err == nil {
					known++
				}
			}
		}
		// 50 states, DC, AS GU MP PR VI UM, FM MH PW, AA AE AP.
		equal(t, "states", known, 50+1+6+3+3)
	})
}

// TestPhonesAsTyped: however a number is punctuated, its ten digits are what counts.
func TestPhonesAsTyped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[2-9][0-9]{9}`).Draw(t, "digits")
		typed := rapid.SampledFrom([]string{"", "+1", "1-", "+1 "}).Draw(t, "country")
		for i, d := range digits {
			if i == 3 || i == 6 {
				typed += rapid.SampledFrom([]string{"", " ", "-", ".", ") "}).Draw(t, "between")
			}
			typed += string(d)
		}
		if got, err := directory.ParsePhone(typed); err != nil || got != digits {
			t.Fatalf("%s became %q, %v", typed, got, err)
		}
	})
}

func TestParseLine(t *testing.T) {
	read := func(s string) (string, error) { return directory.ParseLine(s, 5, false) }
	for in, want := range map[string]string{
		"": "", "  ": "", "\t\n": "", "abcde": "abcde", "  abcde  ": "abcde", "ÀÉÎÕÜ": "ÀÉÎÕÜ", "😀😀😀😀😀": "😀😀😀😀😀", "a b": "a b", "שלום": "שלום",
		"\u00a0a\u00a0": "a", "a\u00a0b": "a\u00a0b", "';--": "';--", "=1+1": "=1+1",
	} {
		t.Run(fmt.Sprintf("%q is the line %q", in, want), func(t *testing.T) {
			got, err := read(in)
			if err != nil || got != want {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	for in, code := range map[string]string{
		"abcdef": "too_long", "😀😀😀😀😀😀": "too_long", "a\nb": "invalid_text", "a\x00b": "invalid_text", "a\x7fb": "invalid_text", "a\u0085b": "invalid_text",
		"a\u2028b": "invalid_text", "\u2029x\u2029x": "invalid_text", "a\xffb": "invalid_text", "a\ufffdb": "invalid_text", "\x1b[0m": "invalid_text",
	} {
		t.Run(fmt.Sprintf("%q is refused", in), func(t *testing.T) {
			got, err := read(in)
			equal(t, "code", fault.CodeOf(err), code)
			equal(t, "text", got, "")
		})
	}
	for _, blank := range []string{"", " ", "\t\n", "\u00a0\u3000"} {
		t.Run(fmt.Sprintf("a required line is not %q", blank), func(t *testing.T) {
			_, err := directory.ParseLine(blank, 5, true)
			equal(t, "code", fault.CodeOf(err), "required")
		})
	}
	t.Run("a required line with text is taken", func(t *testing.T) {
		got, err := directory.ParseLine(" x ", 5, true)
		if err != nil || got != "x" {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

func FuzzParseLine(f *testing.F) {
	for _, seed := range []string{"", "  x ", "a\x00", "\xff\xfe", "e\u0301", "\u2028", strings.Repeat("é", 41)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := directory.ParseLine(in, 40, true)
		if err != nil {
			equal(t, "nothing comes with a fault", got, "")
			return
		}
		if got != strings.TrimSpace(in) || got == "" || !utf8.ValidString(got) || utf8.RuneCountInString(got) > 40 || strings.ContainsAny(got, "\x00\n\r\t\x1b") {
			t.Errorf("%q became %q", in, got)
		}
	})
}

var shapes = map[string]*regexp.Regexp{
	"state": regexp.MustCompile(`\A([A-Z]{2})?\z`), "ZIP": regexp.MustCompile(`\A([0-9]{5}(-?[0-9]{4})?)?\z`),
	"telephone": regexp.MustCompile(`\A([1-9][0-9]{9})?\z`), "tax id": regexp.MustCompile(`\A([0-9]{9})?\z`),
	"e-mail":    regexp.MustCompile(`\A[^\s@<>"]+@[^\s@<>"A-Z]+\.[^\s@<>"A-Z]+\z`),
	"time zone": regexp.MustCompile(`\A(UTC|[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)+)?\z`),
}

// FuzzContact: whatever a parser takes has the shape of what is stored, and is taken again.
func FuzzContact(f *testing.F) {
	for _, p := range parsers {
		for in := range p.takes {
			f.Add(in)
		}
		for _, in := range p.not {
			f.Add(in)
		}
	}
	f.Fuzz(func(t *testing.T, in string) {
		for what, p := range parsers {
			got, err := p.read(in)
			if err != nil {
				equal(t, what+": code", fault.CodeOf(err), p.code)
				continue
			}
			if !shapes[what].MatchString(got) {
				t.Errorf("%s: %q became %q", what, in, got)
			}
			if again, err := p.read(got); err != nil || again != got {
				t.Errorf("%s: %q became %q, then %q, %v", what, in, got, again, err)
			}
		}
	})
}

func TestTimezonesLoad(t *testing.T) {
	t.Run("what is taken can be used", func(t *testing.T) {
		for _, name := range []string{"America/Los_Angeles", "America/Argentina/ComodRivadavia", "Etc/GMT+5"} {
			got, err := directory.ParseTimezone(name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := time.LoadLocation(got); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("names longer than their column are refused", func(t *testing.T) {
		_, err := directory.ParseTimezone(strings.Repeat("a", 65))
		equal(t, "code", fault.CodeOf(err), "invalid_timezone")
	})
}
