package accounting_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"surgicase/domain/accounting"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/statement"
)

// A name that were cut or spelled otherwise would make QuickBooks open another account.
func TestAccountsAreWholeOrRefused(t *testing.T) {
	level := strings.Repeat("x", 31)
	for name, whole := range map[string]bool{
		"Medical Expenses": true, "Cost of Goods Sold:Provider Payments": true, "Accounts Payable - Surgical LLC": true, level: true, strings.Repeat(level+":", 5) + level: true,
		"": false, level + "x": false, "Accounts Payable - Surgical Providers LLC": false, "A:" + level + "x": false, ":A": false, "A:": false, "A::B": false, "A: B": false, "A :B": false,
		"Dépenses": false, "Costs; all": false, "=A": false, "A\tB": false, "A  B": false, "\"A\"": false, strings.Repeat(level+":", 6) + level: false,
	} {
		if err := accounting.CheckAccount(name); (err == nil) != whole {
			t.Errorf("%q: %v", name, err)
		}
	}
	for terms, whole := range map[string]bool{"": true, "Net 30": true, "1% 10 Net 30": true, "Net:30": false, " Net": false, level + "x": false} {
		if err := accounting.CheckTerms(terms); (err == nil) != whole {
			t.Errorf("terms %q: %v", terms, err)
		}
	}
	for text, want := range map[string]string{"EXP": "EXP", "cogs": "COGS", "OEXP": "EXEXP", "EXEXP": "EXEXP", "AP": "", "": "", "EXPENSE": ""} {
		if got, err := accounting.ParseAccountType(text); got != want || (err == nil) != (want != "") {
			t.Errorf("type %q: %q, %v", text, got, err)
		}
	}
}

func keepOne(payee statement.Payee, line statement.Line) *accounting.Book {
	payees := map[ident.UserID]statement.Payee{"dr": payee}
	return accounting.Keep(&statement.Statement{Run: 1, Sections: statement.New([]statement.Line{line}, payees)}, map[ident.UserID]string{"dr": "Dr Example"}, accounting.Settings{})
}

// Lines that are too long go on in the next; what finds no room at all is told.
func TestAddressesWrap(t *testing.T) {
	long := "1200 North Example Boulevard of the Unlikely Names, Building Seven, Suite 4500"
	for _, x := range []struct {
		addr1, addr2, city string
		want               []string
		changed            bool
	}{
		{long, "", "Salem", []string{"Dr Example", "1200 North Example Boulevard of the", "Unlikely Names, Building Seven, Suite", "4500", "Salem, OR 97001"}, false},
		{long, "Floor 3", "Salem", []string{"Dr Example", "1200 North Example Boulevard of the", "Unlikely Names, Building Seven, Suite", "4500 Floor 3", "Salem, OR 97001"}, false},
		{strings.Repeat("x", 60), "", "Salem", []string{"Dr Example", strings.Repeat("x", 41), strings.Repeat("x", 19), "Salem, OR 97001"}, false},
		{long, long, "Salem", []string{"Dr Example", "1200 North Example Boulevard of the", "Unlikely Names, Building Seven, Suite", "4500 1200 North Example Boulevard of the", "Salem, OR 97001"}, true},
		{"李", "", "", nil, true},
	} {
		payee := statement.Payee{First: "A", Last: "B", Addr1: x.addr1, Addr2: x.addr2, City: x.city}
		if x.city != "" {
			payee.State, payee.ZIP = "OR", "97001"
		}
		book := keepOne(payee, entry(1, 1, pay.Payment, 100))
		got := book.Vendors[0].Address
		for _, line := range got {
			if len(line) > accounting.MaxAddressLine {
				t.Errorf("%q is too long", line)
			}
		}
		told := false
		for _, c := range book.Changes {
			told = told || strings.HasPrefix(c.Field, "addr")
		}
		if !reflect.DeepEqual(got, x.want) || told != x.changed {
			t.Errorf("%q, %q: %q, told %v", x.addr1, x.addr2, got, told)
		}
	}
}

// Codes that find no room in a memo are counted, and told.
func TestManyCodesAreCounted(t *testing.T) {
	line := entry(7, 1, pay.Payment, 100)
	line.Codes = nil
	for i := range 100 {
		line.Codes = append(line.Codes, fmt.Sprintf("Z9%03d-50", i))
	}
	book := keepOne(statement.Payee{First: "Dr", Last: "Example"}, line)
	detail := book.Bills[0].Detail
	if len(detail) > accounting.MaxMemo || len(detail) < accounting.MaxMemo-20 || !strings.HasSuffix(detail, "-50 and 76 more") {
		t.Errorf("%d: %q", len(detail), detail)
	}
	if len(book.Changes) != 1 || book.Changes[0].To != detail || book.Changes[0].From != line.Codes.String() {
		t.Errorf("told: %+v", book.Changes)
	}
	line.Codes = line.Codes[:24]
	if book := keepOne(statement.Payee{First: "Dr", Last: "Example"}, line); len(book.Changes) != 0 || book.Bills[0].Detail != line.Codes.String() {
		t.Errorf("24 codes: %q, %+v", book.Bills[0].Detail, book.Changes)
	}
}

// Of a name that cannot be written nothing is left, and no mark stands for it.
func TestUnwritableNamesLeaveContactsEmpty(t *testing.T) {
	v := keepOne(statement.Payee{First: "小龙", Last: "李"}, entry(1, 1, pay.Payment, 100)).Vendors[0]
	if v.First != "" || v.Last != "" || v.Contact != "" {
		t.Errorf("%+v", v)
	}
}

// The practice may date bills by the run, and have classes.
func TestBillsByRunAndCategory(t *testing.T) {
	line := entry(7, 1, pay.Payment, 100)
	run := line.CaseDate.AddDays(40)
	s := &statement.Statement{Run: 1, Date: run, Sections: statement.New([]statement.Line{line}, nil)}
	for _, byRun := range []bool{false, true} {
		bill := accounting.Keep(s, nil, accounting.Settings{DateByRun: byRun, ClassCategory: byRun}).Bills[0]
		if want := map[bool]string{false: "2026-02-03 ", true: run.String() + " GYN, x"}[byRun]; bill.Date.String()+" "+bill.Class != want {
			t.Errorf("by run %v: %s %q", byRun, bill.Date, bill.Class)
		}
	}
}
