package iif_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/ident"
	"surgicase/domain/npi"
	"surgicase/domain/pay"
	"surgicase/domain/statement"
	"surgicase/domain/surgical"
)

// hostile are names that clash, are too long, or would break a file.
var hostile = []string{
	"Jane McDonald", "JANE MCDONALD", "jane mcdonald", "Jané McDônald", "Jane\tMcDonald", "Jane \"Mac\" Donald", "Jane;McDonald", "Jane:McDonald",
	"=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "!TRNS\tBILL", "ENDTRNS\r\nTRNS", "\r\n\r\n", "李小龍", "Иван Петров", "Ελένη", "שרה כהן", "😀😀",
	"Nguyễn Thị Hằng", "O'Neil-D'Arcy", "a", "", " ", "\x00\x07", "e\u0301lodie", "\u202eevil", "=\u00a0=1+1", "\ufeff=1",
	"Maximiliana Alexandrina Theophania Bartholomew", "Maximiliana Alexandrina Theophania Bartholomeus", "MAXIMILIANA ALEXANDRINA THEOPHANIA BARTHOLOMEW",
	"Provider", "?", "Jane McDonald 00000000", "“Quoted” Łukasz Straße", "Bobby'); DROP TABLE cases;--",
}

// ledger is a made-up history: runs that paid, and what became of their payments.
type ledger struct {
	payees  map[ident.UserID]statement.Payee
	runs    []*statement.Statement
	entries []pay.Entry
	waiting []pay.Entry // cancellations and reversals that no run carries yet
}

func newLedger(random *rand.Rand) *ledger {
	l := &ledger{payees: map[ident.UserID]statement.Payee{}}
	for i := range 1 + random.IntN(6) {
		p := statement.Payee{
			ID: ident.UserID(fmt.Sprintf("%sdr-%d", []string{"", "@", "+", "-"}[random.IntN(4)], i)), First: pick(random, hostile), Last: pick(random, hostile),
			NPI: npi.NPI(1_234_567_893), Addr1: pick(random, hostile), City: pick(random, hostile), State: "OR", ZIP: "97001", Telephone: "5035550100",
		}
		if random.IntN(2) == 0 {
			p.TaxID = surgical.NewPHI(fmt.Sprintf("%09d", random.IntN(1_000_000_000)))
		}
		l.payees[p.ID] = p
	}
	opened := time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)
	for week := range 1 + random.IntN(4) {
		l.week(random, int64(week+1), opened.AddDate(0, 0, 7*week))
	}
	l.open(nil, int64(len(l.runs)+1), opened.AddDate(0, 0, 7*len(l.runs))) // carries what is left
	return l
}

func pick[T any](random *rand.Rand, from []T) T { return from[random.IntN(len(from))] }

// week opens a run and lets some payments be settled, cancelled or reversed.
func (l *ledger) week(random *rand.Rand, run int64, opened time.Time) {
	ids := slices.Sorted(func(yield func(ident.UserID) bool) {
		for id := range l.payees {
			if !yield(id) {
				return
			}
		}
	})
	var payments []pay.Entry
	for range random.IntN(8) {
		amount := pay.Cents(random.Int64N(100_000_00))
		if random.IntN(8) == 0 {
			amount = []pay.Cents{0, 1, 99, pay.MaxAmount}[random.IntN(4)]
		}
		payments = append(payments, pay.Entry{
			ID: int64(len(l.entries)+len(payments)) + 1, RunID: run, Kind: pay.Payment, CaseNumber: int64(len(l.entries)+len(payments)) + 700, Generation: 1 + random.IntN(3),
			Provider: pick(random, ids), CaseDate: civil.Date{Year: 2026, Month: time.February, Day: 1 + random.IntN(28)}, Category: pick(random, []string{"SPINE", "", "GYN; \"major\""}),
			Codes: pay.BilledCodes{"Z9001-50"}, Amount: amount, At: opened,
		})
	}
	l.open(payments, run, opened)
	for i := range l.entries {
		if e := l.entries[i]; e.Kind == pay.Payment && e.RunID == run {
			l.fate(random, i, opened.AddDate(0, 0, 3))
		}
	}
}

func (l *ledger) fate(random *rand.Rand, i int, at time.Time) {
	kind := pay.Cancellation
	switch random.IntN(4) {
	case 0:
		return // stays open
	case 1:
		l.entries[i].SettledAt = at
		return
	case 2:
		l.entries[i].SettledAt, kind = at, pay.Reversal
	}
	counter := l.entries[i].Counter(kind, at)
	counter.On = civil.On(at)
	l.entries = append(l.entries, counter)
	l.waiting = append(l.waiting, counter)
}

func (l *ledger) open(payments []pay.Entry, run int64, opened time.Time) {
	var lines []statement.Line
	for _, e := range slices.Concat(payments, l.waiting) {
		lines = append(lines, statement.Line{Entry: e, Patient: surgical.Patient{First: surgical.NewPHI("=Patient\t"), Last: surgical.NewPHI("Ça;nary\"")}})
	}
	l.entries, l.waiting = append(l.entries, payments...), nil
	l.runs = append(l.runs, &statement.Statement{
		Run: run, Date: civil.On(opened), PayDate: pay.Rules{PayDay: time.Friday}.PayDate(opened), Sections: statement.New(lines, l.payees),
	})
}

// owed is, per provider, what was settled less what was reversed, and what is still open.
func (l *ledger) owed() map[ident.UserID]int64 {
	owed := map[ident.UserID]int64{}
	for _, e := range l.entries {
		owed[e.Provider] += int64(e.Amount) // a cancellation takes off what is not open, a reversal what was settled
	}
	return owed
}
