package bench

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"surgicase/adapters/pdfreport"
	"surgicase/domain/civil"
	"surgicase/domain/ident"
	"surgicase/domain/npi"
	"surgicase/domain/pay"
	"surgicase/domain/statement"
	"surgicase/domain/surgical"
)

// What a thousand reports of twenty cases may cost.
const (
	reportTime = time.Minute
	reportHeap = 300 << 20
)

// TestAThousandProviderReports draws and locks a report for each provider of a run.
func TestAThousandProviderReports(t *testing.T) {
	providers := 20
	if *full {
		providers = 1000
	}
	s := manyPayments(providers, 20)
	look, err := pdfreport.NewLook("Example Practice", nil)
	if err != nil {
		t.Fatal(err)
	}
	var most uint64
	begin := time.Now()
	for i, section := range s.Sections {
		if _, err := look.Provider(s.Only(section.Payee.ID), begin, surgical.NewPHI("ABCD-EFGH-JKMN-PQRS")); err != nil {
			t.Fatal(err)
		}
		if i%20 == 0 {
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			most = max(most, memory.HeapInuse)
		}
	}
	took := time.Since(begin)
	t.Logf("%d reports of 20 cases in %v, heap at most %d MiB", providers, took.Round(time.Millisecond), most>>20)
	found("Reports", "PDFs of twenty cases each, locked with a password.", []string{"reports", "seconds", "largest heap"}, providers, fmt.Sprintf("%.1f", took.Seconds()), fmt.Sprintf("%d MB", most>>20))
	if most > reportHeap {
		t.Errorf("the heap grew to %d MiB", most>>20)
	}
	if *full && took > reportTime {
		t.Errorf("they took %v", took)
	}
}

func manyPayments(providers, cases int) *statement.Statement {
	payees := map[ident.UserID]statement.Payee{}
	var lines []statement.Line
	for i := range providers {
		id := ident.UserID(fmt.Sprintf("dr-%04d", i))
		payees[id] = statement.Payee{ID: id, First: "Łucja", Last: fmt.Sprintf("Example %d", i), NPI: npi.NPI(1_234_567_893), State: "OR"}
		for n := range cases {
			entry := pay.Entry{
				Kind: pay.Payment, CaseNumber: int64(i*cases + n + 1), Generation: 1, Provider: id, CaseDate: civil.Date{Year: 2026, Month: 2, Day: 1 + n}, Category: "SPINE", Amount: 125_000,
				Codes: pay.BilledCodes{"Z9001-50", "Z9002"},
			}
			lines = append(lines, statement.Line{
				Entry: entry, Patient: surgical.Patient{First: surgical.NewPHI("Rosalind"), Last: surgical.NewPHI("Example")},
			})
		}
	}
	return &statement.Statement{Run: 1, Date: civil.Date{Year: 2026, Month: 3, Day: 2}, PayDate: civil.Date{Year: 2026, Month: 3, Day: 6}, Sections: statement.New(lines, payees)}
}
