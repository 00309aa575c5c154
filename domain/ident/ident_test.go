package ident_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"surgicase/domain/fault"
	"surgicase/domain/ident"

	"pgregory.net/rapid"
)

// alphabet is that of spec/decisions.md 1.11.
var alphabet = regexp.MustCompile(`\A[A-Za-z0-9._@+:-]{1,100}\z`)

func TestIdentifiers(t *testing.T) {
	for _, good := range []string{
		"a", "7", "dr.ada", "ada+test@example.org", "018f3b6e-0000-7000-8000-000000000000", "urn:case:1", "A_b", strings.Repeat("x", 100),
	} {
		t.Run(fmt.Sprintf("%q is an identifier, byte for byte", good), func(t *testing.T) {
			user, err := ident.ParseUserID(good)
			if err != nil || string(user) != good {
				t.Errorf("%q, %v", user, err)
			}
			id, err := ident.ParseCaseID(good)
			if err != nil || string(id) != good {
				t.Errorf("%q, %v", id, err)
			}
		})
	}
	for _, bad := range []string{
		"", ".", "..", " ", "a b", " a", "a\n", "a\x00", "a/b", `a\b`, "a%2e", "é", "ａ", "a\u202eb", "a'b", `a"b`, "a;b", "a,b", "a=b", "a?b", "a#b",
		"a|b", "a~b", "a!b", "a*b", "(a)", "<a>", "\xff", "😀", strings.Repeat("x", 101),
	} {
		t.Run(fmt.Sprintf("%.20q is none", bad), func(t *testing.T) {
			_, err := ident.ParseCaseID(bad)
			if fault.CodeOf(err) != "invalid_id" || !errors.Is(err, fault.Invalid) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestParseUserID_maps_subjects_of_identity_providers(t *testing.T) {
	seen := map[ident.UserID]string{}
	for _, subject := range []string{
		"auth0|5f7c8ec7c33c6c004bbafe82", "AUTH0|5f7c8ec7c33c6c004bbafe82", "google-oauth2|12341123123", "dlvyg+PkAtlCmoJtTqbT+W8AJ743J2PaovD5oe6mrHs=",
		`DOMAIN\ada`, "https://id.example.org/ada", strings.Repeat("x", 101), strings.Repeat("x", 255), "~!*'();,?#%",
	} {
		id, err := ident.ParseUserID(subject)
		if _, again := ident.ParseCaseID(string(id)); err != nil || again != nil || !strings.HasPrefix(string(id), "subject:") {
			t.Errorf("%q: got %q, %v", subject, id, err)
		}
		if other, taken := seen[id]; taken {
			t.Errorf("%q and %q are one user", subject, other)
		}
		seen[id] = subject
		if named, err := ident.UserIDOfSubject(subject); err != nil || named != id {
			t.Errorf("%q: a token names %q, %v", subject, named, err)
		}
		if stolen, err := ident.UserIDOfSubject(string(id)); err != nil || stolen == id {
			t.Errorf("a subject spelled %q names the user of %q: %v", id, subject, err)
		}
	}
	for _, bad := range []string{"", ".", "..", " ", "Ada Lovelace", " a", "a ", "a\n", "a\x00b", "a\tb", "é|a", "ａ", "a\u202eb", "\xff", strings.Repeat("x", 256)} {
		if _, err := ident.ParseUserID(bad); fault.CodeOf(err) != "invalid_id" {
			t.Errorf("%q: got %v", bad, err)
		}
		if _, err := ident.UserIDOfSubject(bad); fault.CodeOf(err) != "invalid_id" {
			t.Errorf("%q as a subject: got %v", bad, err)
		}
	}
}

// valid is the alphabet of decisions 1.11 without the two names that mean folders.
func valid(s string) bool { return alphabet.MatchString(s) && s != "." && s != ".." }

func TestAlphabet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOfN(rapid.Byte(), 0, 102).Draw(t, "bytes"))
		if rapid.Bool().Draw(t, "plain") {
			s = rapid.StringMatching(`[A-Za-z0-9._@+:-]{0,102}`).Draw(t, "plain text")
		}
		if _, err := ident.ParseCaseID(s); (err == nil) != valid(s) {
			t.Fatalf("%q: %v", s, err)
		}
	})
}

func FuzzParseUserID(f *testing.F) {
	for _, seed := range []string{"dr.ada", "", "..", "a\x00b", "é", strings.Repeat("a", 101), "auth0|7"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ident.ParseUserID(s)
		if err == nil && !valid(string(id)) || valid(s) && (err != nil || string(id) != s) {
			t.Errorf("%q became %q, %v", s, id, err)
		}
	})
}
