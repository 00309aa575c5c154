package pay_test

import (
	"fmt"
	"testing"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/ident"
	"surgicase/domain/pay"

	"pgregory.net/rapid"
)

// TestPayDate: the first pay day on or after the next settling (Thursday 08:00 UTC). 2026-01-01 is a
// Thursday. Source: spec/decisions.md 5.1 and 5.3.
func TestPayDate(t *testing.T) {
	for _, x := range []struct {
		what, opened string
		payDay       time.Weekday
		want         string
	}{
		{"Monday's job pays the Friday of its week", "2026-03-02T08:00:00Z", time.Friday, "2026-03-06"},
		{"Thursday just before settling still counts", "2026-03-05T07:59:59.999999Z", time.Friday, "2026-03-06"},
		{"Thursday at settling waits a week", "2026-03-05T08:00:00Z", time.Friday, "2026-03-13"},
		{"Thursday midnight is before settling", "2026-03-05T00:00:00Z", time.Friday, "2026-03-06"},
		{"Friday waits a week", "2026-03-06T00:00:00Z", time.Friday, "2026-03-13"},
		{"Sunday pays the coming Friday", "2026-03-08T23:59:59Z", time.Friday, "2026-03-13"},
		{"pay day Thursday is the day of settling", "2026-03-02T08:00:00Z", time.Thursday, "2026-03-05"},
		{"pay day Wednesday comes after settling", "2026-03-02T08:00:00Z", time.Wednesday, "2026-03-11"},
		{"pay day Monday comes after settling", "2026-03-02T08:00:00Z", time.Monday, "2026-03-09"},
		{"a year ends between settling and pay day", "2026-12-31T07:59:00Z", time.Friday, "2027-01-01"},
		{"a year ends before settling", "2026-12-31T08:00:00Z", time.Friday, "2027-01-08"},
		{"a leap day is a day", "2028-02-24T09:00:00Z", time.Tuesday, "2028-03-07"},
		{"evening in Los Angeles is Thursday after settling", "2026-03-05T00:30:00-08:00", time.Friday, "2026-03-13"},
		{"Thursday evening in Auckland is before settling", "2026-03-05T20:59:00+13:00", time.Friday, "2026-03-06"},
	} {
		t.Run(x.what, func(t *testing.T) {
			opened, err := time.Parse(time.RFC3339Nano, x.opened)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "pay date", pay.PayDate(opened, x.payDay).String(), x.want)
		})
	}
}

func TestPayDateFollowsTheNextSettling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := time.FixedZone("", rapid.IntRange(-12*3600, 14*3600).Draw(t, "offset"))
		opened := time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "opened"), 0).In(zone)
		payDay := time.Weekday(rapid.IntRange(0, 6).Draw(t, "pay day"))
		settling := time.Date(2020, time.January, 2, 8, 0, 0, 0, time.UTC) // a Thursday
		weeks := int64(opened.Sub(settling) / (7 * 24 * time.Hour))
		settling = settling.Add(time.Duration(weeks+1) * 7 * 24 * time.Hour)
		got := pay.PayDate(opened, payDay)
		gap := got.Midnight().Sub(civil.On(settling).Midnight()) / (24 * time.Hour)
		if got.Weekday() != payDay || gap < 0 || gap > 6 {
			t.Fatalf("opened %v, settles %v, pays %v", opened.UTC(), settling, got)
		}
	})
}

// TestHold: source spec/decisions.md 5.1 and 2.7.
func TestHold(t *testing.T) {
	excluded := []ident.UserID{"house", "test"}
	good := pay.Candidate{Provider: "dr.ada", HasNPI: true, Status: pay.Priced}
	for _, x := range []struct {
		what string
		set  func(*pay.Candidate)
		want pay.HoldReason
	}{
		{"a priced case is taken", func(*pay.Candidate) {}, ""},
		{"a zero-approved case is taken", func(c *pay.Candidate) { c.Status = pay.ZeroApproved }, ""},
		{"no codes", func(c *pay.Candidate) { c.Status = pay.NoCodes }, "no_codes"},
		{"unpriced", func(c *pay.Candidate) { c.Status = pay.Unpriced }, "unpriced"},
		{"waived", func(c *pay.Candidate) { c.Status = pay.Waived }, "waived"},
		{"an owner without NPI waits", func(c *pay.Candidate) { c.HasNPI = false }, pay.HeldNoNPI},
		{"an excluded account waits", func(c *pay.Candidate) { c.Provider = "test" }, pay.HeldExcluded},
		{"an own case waits for another administrator", func(c *pay.Candidate) { c.OwnCase = true }, pay.HeldOwnCase},
		{"accounts are compared byte for byte", func(c *pay.Candidate) { c.Provider = "Test" }, ""},
	} {
		t.Run(x.what, func(t *testing.T) {
			c := good
			x.set(&c)
			equal(t, "reason", c.Hold(excluded), x.want)
		})
	}
	t.Run("one thing against it is enough", func(t *testing.T) {
		statuses := rapid.SampledFrom([]pay.Status{pay.Priced, pay.ZeroApproved, pay.NoCodes, pay.Unpriced, pay.Waived})
		rapid.Check(t, func(t *rapid.T) {
			c := pay.Candidate{
				Provider: rapid.SampledFrom([]ident.UserID{"dr.ada", "house"}).Draw(t, "provider"), HasNPI: rapid.Bool().Draw(t, "npi"),
				Status: statuses.Draw(t, "status"), OwnCase: rapid.Bool().Draw(t, "own"),
			}
			free := c.HasNPI && !c.OwnCase && c.Provider != "house" && (c.Status == pay.Priced || c.Status == pay.ZeroApproved)
			if (c.Hold(excluded) == "") != free {
				t.Fatalf("%+v is held for %q", c, c.Hold(excluded))
			}
		})
	})
}

func TestCounter(t *testing.T) {
	at := time.Date(2026, time.March, 3, 9, 0, 0, 0, time.UTC)
	payment := pay.Entry{
		ID: 41, RunID: 7, Kind: pay.Payment, CaseNumber: 77, Generation: 2, Provider: "dr.ada", CaseDate: civil.Date{Year: 2026, Month: 2, Day: 27},
		Category: "SPINE", Codes: pay.BilledCodes{"Z9001-50", "Z9002"}, Amount: 125_050, Table: 3, At: at.Add(-time.Hour), SettledAt: at.Add(-time.Minute), CarriedBy: 5,
	}
	for _, kind := range []pay.EntryKind{pay.Cancellation, pay.Reversal} {
		t.Run(fmt.Sprintf("a %s names the payment and carries its codes, and its cents negated", kind), func(t *testing.T) {
			equal(t, "entry", payment.Counter(kind, at), pay.Entry{
				RunID: 7, Kind: kind, PaymentID: 41, CaseNumber: 77, Generation: 2, Provider: "dr.ada", CaseDate: payment.CaseDate,
				Category: "SPINE", Codes: pay.BilledCodes{"Z9001-50", "Z9002"}, Amount: -125_050, Table: 3, At: at,
			})
		})
	}
	t.Run("payment and counter sum to nothing, whatever the amount", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			e := pay.Entry{Amount: pay.Cents(rapid.Int64Range(0, int64(pay.MaxAmount)).Draw(t, "amount"))}
			if e.Amount+e.Counter(pay.Reversal, at).Amount != 0 {
				t.Fatal("they do not")
			}
		})
	})
}

func TestNewRun(t *testing.T) {
	at := time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)
	rules := pay.Rules{PayDay: time.Friday}
	t.Run("a new run owes everything and has settled nothing", func(t *testing.T) {
		payments := []pay.Entry{{Amount: 100_000}, {Amount: 0}, {Amount: 75_050}}
		equal(t, "run", pay.NewRun(pay.Manual, payments, "gale", at, rules), pay.Run{
			Kind: pay.Manual, OpenedAt: at, OpenedBy: "gale", PayDate: civil.Date{Year: 2026, Month: 3, Day: 6},
			Payments: 3, Opened: 175_050, Open: 175_050,
		})
	})
	t.Run("what an import run paid before is settled, the rest of it is open", func(t *testing.T) {
		payments := []pay.Entry{{Amount: 100_000, SettledAt: at}, {Amount: 75_050}, {Amount: 1, SettledAt: at}, {Amount: 20}}
		run := pay.NewRun(pay.Imported, payments, "system:cli", at, rules)
		equal(t, "opened", run.Opened, 175_071)
		equal(t, "settled", run.Settled, 100_001)
		equal(t, "open", run.Open, 75_070)
	})
	t.Run("a run may be opened only to carry refunds", func(t *testing.T) {
		run := pay.NewRun(pay.Weekly, nil, "system:job", at, rules)
		equal(t, "payments", run.Payments, 0)
		equal(t, "opened", run.Opened, 0)
	})
}

func TestBills(t *testing.T) {
	at := time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		kind    pay.RunKind
		amount  pay.Cents
		settled time.Time
		bill    bool
	}{
		{pay.Weekly, 1, time.Time{}, true},
		{pay.Manual, 100_000, at.Add(-time.Hour), true},
		{pay.Weekly, 0, time.Time{}, false},
		{pay.Imported, 100_000, at.Add(-time.Hour), false},
		{pay.Imported, 100_000, at, false}, // the legacy service paid it
		{pay.Imported, 100_000, time.Time{}, true},
		{pay.Imported, 100_000, at.Add(time.Hour), true},
		{pay.Imported, 0, time.Time{}, false}, // it was open
	} {
		run := pay.Run{Kind: c.kind, OpenedAt: at}
		equal(t, string(c.kind)+" "+c.amount.String()+" "+c.settled.String(), run.HasBill(pay.Entry{Kind: pay.Payment, Amount: c.amount, SettledAt: c.settled}), c.bill)
	}
}
