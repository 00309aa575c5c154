package document_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"surgicase/domain/document"
	"surgicase/domain/fault"
)

func TestParseName(t *testing.T) {
	for _, good := range []string{
		"scan.pdf", "a", "Überweisung Müller.pdf", "扫描.png", "تقرير.pdf", "😀.jpg", "a b.pdf", "no-extension", ".hidden", "a.b.c", "100%.pdf", "it's.pdf", "a\u00a0b.pdf", "Smith Jr..pdf", "a..b", "...", "a\u200db.pdf",
		strings.Repeat("x", 200), strings.Repeat("é", 100),
	} {
		t.Run(fmt.Sprintf("%.20q is a name and stays as it is", good), func(t *testing.T) {
			got, err := document.ParseName(good)
			if err != nil || got.Reveal() != good {
				t.Errorf("got %q, %v", got.Reveal(), err)
			}
		})
	}
	for _, bad := range []string{
		"", ".", "..", "../x.pdf", "a/b.pdf", "/a.pdf", `a\b.pdf`, `C:\a.pdf`, "\u202egpj.exe.pdf", "a\u2066b.pdf", "a\x00.pdf", "a\n.pdf", "a\x7f.pdf", "a\u0085.pdf",
		"\t", " ", " a.pdf", "a.pdf ", "a.pdf\n", "\xff.pdf", "a\ufffd.pdf", strings.Repeat("x", 201), strings.Repeat("é", 101),
	} {
		t.Run(fmt.Sprintf("%.20q is none", bad), func(t *testing.T) {
			got, err := document.ParseName(bad)
			if fault.CodeOf(err) != "invalid_file_name" || !errors.Is(err, fault.Invalid) || !got.IsEmpty() {
				t.Errorf("got %q, %v", got.Reveal(), err)
			}
			if bad != "" && len(bad) > 3 && strings.Contains(err.Error(), bad) {
				t.Errorf("the fault repeats the name: %v", err)
			}
		})
	}
}

func FuzzParseName(f *testing.F) {
	for _, seed := range []string{"scan.pdf", "..", "a/b", "a\\b", "é", "a\u0301", "\u202egpj.exe", "", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		name, err := document.ParseName(in)
		if err != nil {
			return
		}
		s := name.Reveal()
		if s != in || s == "" || len(s) > document.MaxName || !utf8.ValidString(s) {
			t.Errorf("%q became %q", in, s)
		}
		for _, r := range s {
			if r == '/' || r == '\\' || r < 0x20 || (r >= 0x7f && r < 0xa0) {
				t.Errorf("%q holds %U", s, r)
			}
		}
		if s == ".." || strings.ContainsRune(s, 0x202e) {
			t.Errorf("%q climbs or turns around", s)
		}
	})
}
