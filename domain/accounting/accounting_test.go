package accounting_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"surgicase/domain/accounting"
	"surgicase/domain/civil"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/statement"
	"surgicase/domain/surgical"

	"pgregory.net/rapid"
)

func TestClean(t *testing.T) {
	for _, x := range []struct{ given, text, name string }{
		{"Élodie Straße", "Elodie Strasse", "Elodie Strasse"},
		{"Nguyễn Thị Hằng", "Nguyen Thi Hang", "Nguyen Thi Hang"},
		{"Łukasz Đặng Ødegård", "Lukasz Dang Odegard", "Lukasz Dang Odegard"},
		{"Иван Петров, Ελένη", "Ivan Petrov, Eleni", "Ivan Petrov, Eleni"},
		{"e\u0301lodie", "elodie", "elodie"},
		{"a\tb\r\nc\x00d", "a b c d", "a b c d"},
		{"“a” \"b\"; c", "'a' 'b', c", "'a' 'b', c"},
		{"=1+1", "1+1", "1+1"},
		{" \u00a0 =+-@!x", "x", "x"},
		{":x:y", ":x:y", "x-y"},
		{"李小龍", "", ""},
		{"李 Lee", "Lee", "Lee"},
		{"李-李.", ".", ""},
		{"\u202eevil\ufeff", "evil", "evil"},
		{"\xff", "", ""},
		{"Ἀριστοτέλης Παπαδόπουλος", "Aristotelis Papadopoulos", "Aristotelis Papadopoulos"},
		{"Άγγελος Ευαγγέλου", "Angelos Evangelou", "Angelos Evangelou"},
		{"Παύλος Μπάμπης", "Pavlos Bampis", "Pavlos Bampis"},
		{"ΟΥΡΑΝΙΑ Ουρανία Αϋφαντής Άυλος Ευτυχία", "OURANIA Ourania Ayfantis Aylos Eftychia", "OURANIA Ourania Ayfantis Aylos Eftychia"},
		{"Π\u0301α\u0300", "Pa", "Pa"},
		{"＝1+1 Ｆull ﬁ Ⅳ", "1+1 Full fi IV", "1+1 Full fi IV"},
		{"a：b＂；", "a:b',", "a-b',"},
		{"Ѓорѓи Ќосев Ђоковић Ўладзімір", "Gorgi Kosev Djokovic Uladzimir", "Gorgi Kosev Djokovic Uladzimir"},
		{"Zoë 😀 Müller", "Zoe Muller", "Zoe Muller"},
		{"½ №5 ′", "1/2 No.5 '", "1/2 No.5 '"},
		{"", "", ""},
	} {
		if got := accounting.Clean(x.given); got != x.text {
			t.Errorf("%q became %q, want %q", x.given, got, x.text)
		}
		if got := accounting.CleanName(x.given); got != x.name {
			t.Errorf("the name %q became %q, want %q", x.given, got, x.name)
		}
	}
}

func TestCleanTextStaysCleanAndHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := accounting.Clean(rapid.String().Draw(t, "text"))
		if again := accounting.Clean(text); again != text {
			t.Fatalf("%q became %q when cleaned again", text, again)
		}
		for i := range len(text) {
			if text[i] < ' ' || text[i] > '~' || strings.ContainsRune("\";", rune(text[i])) {
				t.Fatalf("%q holds %q", text, text[i])
			}
		}
		if text != "" && strings.ContainsRune("=+-@! ", rune(text[0])) {
			t.Fatalf("%q begins badly", text)
		}
	})
}

func TestVendorNamesNeverCollapse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SampledFrom([]string{"Ann", "ANN", "änn", "Example", "", "李", "?", "Provider", strings.Repeat("Long ", 9), "Ann 00000000", "\t"})
		held := map[ident.UserID]string{}
		for round := range 3 {
			var payees []statement.Payee
			for i := range rapid.IntRange(0, 8).Draw(t, "payees") {
				payees = append(payees, statement.Payee{ID: ident.UserID(string(rune('a'+i)) + string(rune('0'+round%2))), First: parts.Draw(t, "first"), Last: parts.Draw(t, "last")})
			}
			for id, name := range accounting.NameVendors(held, payees) {
				if held[id] != "" || name == "" || len(name) > accounting.MaxVendorName || strings.ContainsAny(name, ":?") {
					t.Fatalf("%s is called %q, was %q", id, name, held[id])
				}
				held[id] = name
			}
		}
		seen := map[string]ident.UserID{}
		for id, name := range held {
			if other, twice := seen[accounting.VendorKey(name)]; twice {
				t.Fatalf("%s and %s are both called %q", id, other, name)
			}
			seen[accounting.VendorKey(name)] = id
		}
	})
}

func TestVendorNames(t *testing.T) {
	for _, x := range []struct{ first, last, want string }{
		{"JANE", "MCDONALD", "Jane McDonald"},
		{"Jane: ", "\"Mac\"", "Jane- 'Mac'"},
		{"DeShawn", "LaSalle III", "DeShawn LaSalle III"},
		{"Sean", "O’Connor", "Sean O'Connor"},
		{"Anna", "van der Berg", "Anna van der Berg"},
		{"Ἀριστοτέλης", "Παπαδόπουλος", "Aristotelis Papadopoulos"},
		{"Zoë 😀", "Müller", "Zoe Muller a9f11f29"},
		{"＝1+1", "Ｆull", "1+1 Full"},
		{"李", "Lee", "Lee a9f11f29"},
		{"Mu?oz", "", "Muoz a9f11f29"}, // what was lost is not said to be whole
		{"", "", "dr"},                 // the user id
	} {
		got := accounting.NameVendors(nil, []statement.Payee{{ID: "dr", First: x.first, Last: x.last}})
		if got["dr"] != x.want {
			t.Errorf("%q %q is called %q, want %q", x.first, x.last, got["dr"], x.want)
		}
	}
	unwritable := accounting.NameVendors(nil, []statement.Payee{{ID: "a", Last: "李"}, {ID: "b", Last: "王"}})
	for id, name := range unwritable {
		if !strings.HasPrefix(name, "Provider ") || len(name) != len("Provider 01234567") {
			t.Errorf("%s is called %q", id, name)
		}
	}
}

var opened = time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)

func entry(number int64, generation int, kind pay.EntryKind, amount pay.Cents) statement.Line {
	return statement.Line{
		Entry:   pay.Entry{Kind: kind, CaseNumber: number, Generation: generation, Provider: "dr", CaseDate: civil.Date{Year: 2026, Month: 2, Day: 3}, Category: "GYN; x", Codes: pay.BilledCodes{"Z9001-50", "Z9002"}, Amount: amount, At: opened, On: civil.On(opened)},
		Patient: surgical.Patient{First: surgical.NewPHI("Pat")},
	}
}

func TestKeep(t *testing.T) {
	purged := entry(9, 2, pay.Payment, 300)
	purged.Codes = nil
	lines := []statement.Line{entry(7, 1, pay.Payment, 1000), entry(8, 1, pay.Payment, 0), purged, entry(5, 1, pay.Reversal, -400)}
	poor := entry(10, 1, pay.Payment, 0)
	poor.Provider = "poor"
	payees := map[ident.UserID]statement.Payee{"dr": {First: "Ånn", Last: "EXAMPLE", Addr1: "1 Main;St", City: "Salem", State: "OR", ZIP: "97001"}}
	s := &statement.Statement{Run: 4, Date: civil.On(opened), PayDate: civil.Date{Year: 2026, Month: 3, Day: 6}, Sections: statement.New(append(lines, poor), payees)}
	book := accounting.Keep(s, map[ident.UserID]string{"dr": "Ann Example", "poor": "Poor"}, accounting.Settings{ExpenseAccount: "Costs:Medical", PayableAccount: "Payable", Terms: "Net 30"})
	feb, due := civil.Date{Year: 2026, Month: 2, Day: 3}, civil.Date{Year: 2026, Month: 3, Day: 6}
	want := []accounting.Bill{
		{Vendor: "Ann Example", Number: "7", Date: feb, Due: due, Case: 7, Detail: "Z9001-50, Z9002", Amount: 1000},
		{Vendor: "Ann Example", Number: "9-2", Date: feb, Due: due, Case: 9, Detail: "GYN, x", Amount: 300},
		{Vendor: "Ann Example", Number: "5", Date: civil.On(opened), Due: civil.On(opened), Case: 5, Detail: "Z9001-50, Z9002", Amount: 400, Refund: true},
	}
	if len(book.Bills) != len(want) {
		t.Fatalf("bills: %+v", book.Bills)
	}
	for i := range want {
		if got := book.Bills[i]; !got.Patient.First.IsEmpty() || got.Amount != want[i].Amount || got.Number != want[i].Number || got.Detail != want[i].Detail ||
			got.Refund != want[i].Refund || got.Date != want[i].Date || got.Due != want[i].Due || got.Case != want[i].Case || got.Vendor != want[i].Vendor {
			t.Errorf("bill %d: %+v, want %+v", i, got, want[i])
		}
	}
	if book.Total() != 900 || len(book.Vendors) != 1 {
		t.Errorf("the book: %s, %+v", book.Total(), book.Vendors)
	}
	if got, want := book.Vendors[0].Address, []string{"Ann Example", "1 Main,St", "Salem, OR 97001"}; !reflect.DeepEqual(got, want) {
		t.Errorf("address %v, want %v", got, want)
	}
	changes := []statement.Change{
		{Provider: "dr", Field: "name", From: "Ånn Example", To: "Ann Example"},
		{Provider: "dr", Field: "first_name", From: "Ånn", To: "Ann"},
		{Provider: "dr", Field: "addr1", From: "1 Main;St", To: "1 Main,St"},
	}
	if !reflect.DeepEqual(book.Changes, changes) {
		t.Errorf("changes %v, want %v", book.Changes, changes)
	}
	book = accounting.Keep(s, nil, accounting.Settings{MemoPatient: true})
	if book.Bills[0].Patient.First.IsEmpty() {
		t.Error("memos were to hold the patient's name")
	}
}
