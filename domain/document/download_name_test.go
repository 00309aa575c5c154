package document_test

import (
	"path"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"surgicase/domain/document"
)

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"scan.pdf ": "scan.pdf", "\u00a0 scan.pdf\t": "scan.pdf", `C:\scans\x.pdf`: "x.pdf", `d:/scans/x.pdf`: "x.pdf", `\\server\share\x.pdf`: "x.pdf",
		`C:\fakepath\x.pdf`: "x.pdf", "\u202egpj.exe.pdf": "gpj.exe.pdf", "a\u200b\ufeffb.pdf": "ab.pdf", "Smith Jr..pdf": "Smith Jr..pdf", "👩\u200d⚕️.pdf": "👩\u200d⚕️.pdf",
		"a/b.pdf": "a/b.pdf", `a\b.pdf`: `a\b.pdf`, `C:\scans\`: "", "": "", "C:x.pdf": "C:x.pdf",
	} {
		if got := document.CleanName(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestParseName_saysWhatIsWrong(t *testing.T) {
	for in, want := range map[string]string{
		strings.Repeat("é", 120) + ".pdf": "at most 200 bytes long in UTF-8; this one has 244", "\xffa.pdf": "text in UTF-8", "a\x00.pdf": "control characters",
		"a/b.pdf": "without a path", " a.pdf": "begin or end with a blank", "..": "not of a folder", "\u202ea.pdf": "direction of text", "": "must be a file name",
	} {
		if _, err := document.ParseName(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v", in, err)
		}
	}
	if _, err := document.ParseStoredName("\u202ea.pdf"); err != nil {
		t.Errorf("a stored name: %v", err)
	}
}

func TestDownloadName(t *testing.T) {
	const pdf, jpeg = "application/pdf", "image/jpeg"
	for _, c := range []struct{ stored, media, want string }{
		{"scan.pdf", pdf, "scan.pdf"},
		{"SCAN.PDF", pdf, "SCAN.PDF"},
		{"photo.jpeg", jpeg, "photo.jpeg"},
		{"photo.png", jpeg, "photo.jpg"},
		{"operative-note.bat", pdf, "operative-note.bat.pdf"},
		{"x.hta", pdf, "x.hta.pdf"},
		{"x.html", jpeg, "x.html.jpg"},
		{"no-extension", pdf, "no-extension.pdf"},
		{"\u202efdp.exe", pdf, "fdp.exe.pdf"},
		{"a\x00b\n.pdf", pdf, "ab.pdf"},
		{"CON.pdf", pdf, "_CON.pdf"},
		{"nul", pdf, "_nul.pdf"},
		{"com1.tar.pdf", pdf, "_com1.tar.pdf"},
		{"Lpt¹.pdf", pdf, "_Lpt¹.pdf"},
		{"CONsent.pdf", pdf, "CONsent.pdf"},
		{"aux .pdf", pdf, "_aux.pdf"},
		{"scan.pdf.", pdf, "scan.pdf"},
		{"scan.pdf .. ", pdf, "scan.pdf"},
		{"scan.pdf.exe ", pdf, "scan.pdf.exe.pdf"},
		{"...", pdf, "document.pdf"},
		{".pdf", pdf, "document.pdf"},
		{"", pdf, "document.pdf"},
		{"Smith Jr..pdf", pdf, "Smith Jr.pdf"},
		{"über \"sicht\".pdf", pdf, "über \"sicht\".pdf"},
		{"v1.2", pdf, "v1.2.pdf"},
		{"a.exe", "text/html", "a.exe.bin"},
		{"a/../b.pdf", pdf, "a_.._b.pdf"},
	} {
		if got := document.DownloadName(c.stored, c.media); got != c.want {
			t.Errorf("%q of %s is handed out as %q, want %q", c.stored, c.media, got, c.want)
		}
	}
}

func TestSegment(t *testing.T) {
	for in, want := range map[string]string{
		"a b.pdf": "a_b.pdf", `a<>:"/\|?*b.pdf`: "a_________b.pdf", "nul.pdf": "_nul.pdf", "Ann_Doe.": "Ann_Doe", "..": "_", "": "_",
		strings.Repeat("x", 300) + ".pdf": strings.Repeat("x", 95) + ".pdf",
	} {
		if got := document.Segment(in, 100); got != want {
			t.Errorf("%.30q became %q, want %q", in, got, want)
		}
	}
}

func FuzzDownloadName(f *testing.F) {
	for _, seed := range []string{"scan.pdf", "CON", "\u202egpj.exe", "a.", " ", "x.PDF.", strings.Repeat("é", 200), "\xff.pdf", "a:b", "nul.pdf"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		for media, ending := range map[string]string{"application/pdf": ".pdf", "text/html": ".bin"} {
			for _, got := range []string{document.DownloadName(in, media), document.Segment(document.DownloadName(in, media), 100)} {
				first, _, _ := strings.Cut(strings.ToUpper(got), ".")
				if strings.ToLower(path.Ext(got)) != ending || len(got) > document.MaxName || !utf8.ValidString(got) || first == "NUL" || first == "CON" || got == ending {
					t.Errorf("%q is handed out as %q", in, got)
				}
				for _, r := range got {
					if unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r == '/' || r == '\\' {
						t.Errorf("%q holds %U", got, r)
					}
				}
			}
		}
	})
}
