package pdfreport_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"strings"
	"testing"
	"time"

	"surgicase/adapters/pdfreport"
	"surgicase/domain/civil"
	"surgicase/domain/ident"
	"surgicase/domain/npi"
	"surgicase/domain/pay"
	"surgicase/domain/statement"
	"surgicase/domain/surgical"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
)

var made = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

// week is a run of several providers with so many cases each.
func week(providers, cases int) *statement.Statement {
	names := [][2]string{{"JANE", "MCDONALD"}, {"Łukasz", "Wiśniewski-Nguyễn"}, {"Елена", "Петрова"}, {"שרה", "כהן"}, {"Ἀριστοτέλης", "Παπαδόπουλος"}, {"小龍", "李 😀"}, {"Maximiliana Alexandrina Theophania Bartholomea Konstantina", "von Hohenstein-Wolkenburg zu Sankt Florian"}}
	categories := []string{"SPINE", "ORTHO", "GYN-MAJOR", "", "GENERAL"}
	payees := map[ident.UserID]statement.Payee{}
	var lines []statement.Line
	for i := range providers {
		id := ident.UserID(fmt.Sprintf("dr-%03d", i))
		name := names[i%len(names)]
		payees[id] = statement.Payee{ID: id, First: name[0], Last: name[1], NPI: npi.NPI(1_234_567_893), State: []string{"OR", "WA", ""}[i%3]}
		for n := range cases {
			number := int64(1000 + i*cases + n)
			codes := make(pay.BilledCodes, 1+n%9)
			for c := range codes {
				codes[c] = fmt.Sprintf("Z%04d", 9000+c) + []string{"", "-50"}[c%2]
			}
			patient := surgical.Patient{First: surgical.NewPHI(names[(i+n)%len(names)][0]), Last: surgical.NewPHI(fmt.Sprintf("Patient-%d", number))}
			lines = append(lines, statement.Line{
				Entry:   pay.Entry{Kind: pay.Payment, CaseNumber: number, Generation: 1 + n%2, Provider: id, CaseDate: civil.Date{Year: 2026, Month: 2, Day: 1 + n%28}, Category: categories[n%len(categories)], Codes: codes, Amount: pay.Cents(12_345 * (n + 1)), At: made},
				Patient: patient,
			})
		}
		if i%2 == 0 {
			lines = append(lines, statement.Line{Entry: pay.Entry{Kind: pay.Reversal, CaseNumber: int64(i + 1), Generation: 1, Provider: id, CaseDate: civil.Date{Year: 2026, Month: 1, Day: 9}, Category: "SPINE", Amount: -10_001, At: made}})
		}
	}
	return &statement.Statement{Run: 12, Date: civil.On(made), PayDate: civil.Date{Year: 2026, Month: 3, Day: 6}, Sections: statement.New(lines, payees)}
}

func logo(t testing.TB) []byte {
	t.Helper()
	picture := image.NewNRGBA(image.Rect(0, 0, 240, 120))
	for x := range 240 {
		for y := range 120 {
			picture.Set(x, y, color.NRGBA{R: 23, G: uint8(78 + x/4), B: 92, A: 255})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func look(t testing.TB) *pdfreport.Look {
	t.Helper()
	l, err := pdfreport.NewLook("Example Surgical Practice", logo(t))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// opens says whether a password opens the document.
func opens(document []byte, password string) error {
	rules := model.NewAESConfiguration(password, password, 256)
	return api.Validate(bytes.NewReader(document), rules)
}

func TestReportsAreLocked(t *testing.T) {
	t.Parallel()
	l := look(t)
	preview := week(2, 3)
	preview.Run = 0
	for what, draw := range map[string]func() ([]byte, error){
		"payments": func() ([]byte, error) { return l.Payments(week(8, 40), made, surgical.NewPHI("ABCD-EFGH-JKMN-PQRS")) },
		"provider": func() ([]byte, error) { return l.Provider(week(1, 3), made, surgical.NewPHI("ABCD-EFGH-JKMN-PQRS")) },
		"summary":  func() ([]byte, error) { return l.Summary(week(90, 1), made, surgical.NewPHI("ABCD-EFGH-JKMN-PQRS")) },
		"preview":  func() ([]byte, error) { return l.Payments(preview, made, surgical.NewPHI("ABCD-EFGH-JKMN-PQRS")) },
	} {
		document, err := draw()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if folder := os.Getenv("REPORTS_FOR_THE_EYE"); folder != "" {
			_ = os.WriteFile(folder+"/"+what+".pdf", document, 0o600)
		}
		if !bytes.HasPrefix(document, []byte("%PDF-2.0")) || bytes.Contains(document, []byte("MCDONALD")) || bytes.Contains(document, []byte("Practice")) {
			t.Errorf("%s is of an old version or legible", what)
		}
		if err := opens(document, "ABCD-EFGH-JKMN-PQRS"); err != nil {
			t.Errorf("%s: the right password: %v", what, err)
		}
		if err := opens(document, "ABCD-EFGH-JKMN-PQRT"); err == nil {
			t.Errorf("%s opens with a wrong password", what)
		}
	}
}

func TestNoReportWithoutPassword(t *testing.T) {
	t.Parallel()
	if document, err := look(t).Provider(week(1, 1), made, surgical.NewPHI("")); err == nil || document != nil {
		t.Error("a report without a password was made")
	}
}

func TestLogos(t *testing.T) {
	t.Parallel()
	for what, bad := range map[string][]byte{"text": []byte("no picture"), "cut": logo(t)[:40]} {
		if _, err := pdfreport.NewLook("Example", bad); err == nil || strings.Contains(err.Error(), "%") {
			t.Errorf("%s was taken as a logo: %v", what, err)
		}
	}
	if _, err := pdfreport.NewLook("Example", nil); err != nil {
		t.Error(err)
	}
}

func BenchmarkProvider(b *testing.B) {
	l := look(b)
	s := week(1, 20)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Provider(s, made, surgical.NewPHI("ABCD-EFGH-JKMN-PQRS")); err != nil {
			b.Fatal(err)
		}
	}
}

func TestEveryNameFitsOnPaper(t *testing.T) {
	t.Parallel()
	l := look(t)
	for _, name := range []string{
		"", strings.Repeat("W", 250), strings.Repeat("W ", 125), "\x00\ufffe\uffff", "😀🏽‍🚀", "مُحَمَّد علي", "\u202eevil\u202c", "e\u0301\u0301\u0301", "\xff\xfe", "{nb}", "(\\)", "<b>",
	} {
		s := week(1, 1)
		s.Sections[0].Payee.First, s.Sections[0].Payments[0].Category = name, name
		s.Sections[0].Payments[0].Patient.Last = surgical.NewPHI(name)
		if _, err := l.Payments(s, made, surgical.NewPHI("secret")); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}
