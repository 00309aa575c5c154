package pay_test

import (
	"fmt"
	"testing"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"

	"pgregory.net/rapid"
)

// TestRules_PayDate/without a lead: the first pay day on or after the next settling (Thursday 08:00 UTC), moved off
// holidays. 2026-01-01 is a Thursday. Source: spec/decisions.md 5.1 and 5.3.
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
		{"a year ends between settling and pay day", "2026-12-31T07:59:00Z", time.Friday, "2027-01-04"},
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
			equal(t, "pay date", (pay.Rules{PayDay: x.payDay}).PayDate(opened).String(), x.want)
		})
	}
}

func TestRules_PayDateFollowsTheNextSettling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := time.FixedZone("", rapid.IntRange(-12*3600, 14*3600).Draw(t, "offset"))
		opened := time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "opened"), 0).In(zone)
		rules := pay.Rules{
			PayDay: time.Weekday(rapid.IntRange(0, 6).Draw(t, "pay day")), LeadDays: rapid.IntRange(0, 9).Draw(t, "lead"),
			RollBefore: rapid.Bool().Draw(t, "before"), Zone: civil.ZoneOf(zone),
		}
		settling := time.Date(2020, time.January, 2, 8, 0, 0, 0, time.UTC) // a Thursday
		weeks := int64(opened.Sub(settling) / (7 * 24 * time.Hour))
		settled := rules.Zone.Day(settling.Add(time.Duration(weeks+1) * 7 * 24 * time.Hour))
		got := rules.PayDate(opened)
		lead := 0
		for d := settled.AddDays(1); !got.Before(d); d = d.AddDays(1) {
			if d.IsBankingDay() {
				lead++
			}
		}
		if !got.IsBankingDay() || got.Before(settled) || lead < rules.LeadDays {
			t.Fatalf("opened %v, settled %v, paid %v, %d banking days after", opened, settled, got, lead)
		}
		if latest := settled.AddBankingDays(rules.LeadDays).AddDays(6).NextBankingDay().AddDays(7); latest.Before(got) {
			t.Fatalf("opened %v, settled %v, paid only on %v", opened, settled, got)
		}
	})
}

// TestRules_PayDate: source spec/decisions.md 11.6.
func TestRules_PayDateOnBankingDays(t *testing.T) {
	for _, x := range []struct {
		what, opened string
		rules        pay.Rules
		want         string
	}{
		{"an ordinary week", "2026-11-30T08:00:00Z", pay.Rules{PayDay: time.Friday, LeadDays: 1}, "2026-12-04"},
		{"the day of settling has no lead", "2026-03-02T08:00:00Z", pay.Rules{PayDay: time.Thursday, LeadDays: 1}, "2026-03-12"},
		{"two days of lead pass over the weekend", "2026-03-02T08:00:00Z", pay.Rules{PayDay: time.Monday, LeadDays: 2}, "2026-03-09"},
		{"three do not fit before Monday", "2026-03-02T08:00:00Z", pay.Rules{PayDay: time.Monday, LeadDays: 3}, "2026-03-16"},
		{"Christmas on a Friday moves to Monday", "2026-12-21T08:00:00Z", pay.Rules{PayDay: time.Friday, LeadDays: 1}, "2026-12-28"},
		{"and New Year", "2026-12-28T08:00:00Z", pay.Rules{PayDay: time.Friday, LeadDays: 1}, "2027-01-04"},
		{"the day before Christmas is the day of settling", "2026-12-21T08:00:00Z", pay.Rules{PayDay: time.Friday, LeadDays: 1, RollBefore: true}, "2026-12-31"},
		{"which is all right without a lead", "2026-12-21T08:00:00Z", pay.Rules{PayDay: time.Friday, RollBefore: true}, "2026-12-24"},
		{"a Saturday is never a pay date", "2026-03-02T08:00:00Z", pay.Rules{PayDay: time.Saturday, LeadDays: 1}, "2026-03-09"},
		{"nor before", "2026-03-02T08:00:00Z", pay.Rules{PayDay: time.Saturday, LeadDays: 1, RollBefore: true}, "2026-03-06"},
		{"a holiday on Saturday leaves Friday", "2026-06-29T08:00:00Z", pay.Rules{PayDay: time.Friday, LeadDays: 1}, "2026-07-03"},
		{"a holiday on Sunday takes Monday", "2027-06-28T08:00:00Z", pay.Rules{PayDay: time.Monday, LeadDays: 1}, "2027-07-06"},
		{"in Honolulu settling is on Wednesday", "2026-03-02T08:00:00Z", pay.Rules{PayDay: time.Thursday, LeadDays: 1, Zone: civil.ZoneOf(time.FixedZone("HST", -10*3600))}, "2026-03-05"},
	} {
		t.Run(x.what, func(t *testing.T) {
			opened, err := time.Parse(time.RFC3339Nano, x.opened)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "pay date", x.rules.PayDate(opened).String(), x.want)
		})
	}
}

func TestRules_CheckPayDate(t *testing.T) {
	now := time.Date(2027, time.January, 1, 0, 30, 0, 0, time.UTC) // still 2026 in New York
	utc, newYork := pay.Rules{}, pay.Rules{Zone: civil.ZoneOf(time.FixedZone("EST", -5*3600))}
	for _, x := range []struct {
		what, day string
		rules     pay.Rules
		taken     bool
	}{
		{"today", "2026-12-31", newYork, true},
		{"yesterday", "2026-12-31", utc, false},
		{"long ago", "1990-01-02", utc, false},
		{"a holiday", "2027-01-01", utc, false},
		{"a Saturday", "2027-01-02", utc, false},
		{"a Sunday", "2027-01-03", utc, false},
		{"Martin Luther King Jr. Day", "2027-01-18", utc, false},
		{"the next banking day", "2027-01-04", utc, true},
		{"day 60", "2027-03-02", utc, true},
		{"day 61", "2027-03-03", utc, false},
		{"day 61 in New York", "2027-03-02", newYork, false},
		{"the end of time", "9999-12-31", utc, false},
	} {
		t.Run(x.what, func(t *testing.T) {
			day, err := civil.ParseDate(x.day)
			if err != nil {
				t.Fatal(err)
			}
			if err := x.rules.CheckPayDate(day, now); (err == nil) != x.taken || err != nil && fault.CodeOf(err) != "invalid_date" {
				t.Errorf("%s: got %v, want it taken %v", x.day, err, x.taken)
			}
		})
	}
}

// TestHold: source spec/decisions.md 5.1 and 2.7.
func TestHold(t *testing.T) {
	excluded := []ident.UserID{"house", "test"}
	today := civil.Date{Year: 2026, Month: 3, Day: 2}
	good := pay.Candidate{Provider: "dr.ada", HasNPI: true, Status: pay.Priced, Date: today.AddDays(-3)}
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
		{"a price that the provider loaded waits for somebody else", func(c *pay.Candidate) { c.OwnPrice = true }, pay.HeldOwnPrice},
		{"an operation of tomorrow has not been", func(c *pay.Candidate) { c.Date = today.AddDays(1) }, pay.HeldNotYet},
		{"one of today has", func(c *pay.Candidate) { c.Date = today }, ""},
		{"accounts are compared byte for byte", func(c *pay.Candidate) { c.Provider = "Test" }, ""},
	} {
		t.Run(x.what, func(t *testing.T) {
			c := good
			x.set(&c)
			equal(t, "reason", c.Hold(excluded, today), x.want)
		})
	}
	t.Run("one thing against it is enough", func(t *testing.T) {
		statuses := rapid.SampledFrom([]pay.Status{pay.Priced, pay.ZeroApproved, pay.NoCodes, pay.Unpriced, pay.Waived})
		rapid.Check(t, func(t *rapid.T) {
			c := pay.Candidate{
				Provider: rapid.SampledFrom([]ident.UserID{"dr.ada", "house"}).Draw(t, "provider"), HasNPI: rapid.Bool().Draw(t, "npi"),
				Status: statuses.Draw(t, "status"), OwnCase: rapid.Bool().Draw(t, "own"),
				OwnPrice: rapid.Bool().Draw(t, "own price"), Date: today.AddDays(rapid.IntRange(-1, 1).Draw(t, "day")),
			}
			free := c.HasNPI && !c.OwnCase && !c.OwnPrice && !today.Before(c.Date) && c.Provider != "house" && (c.Status == pay.Priced || c.Status == pay.ZeroApproved)
			if (c.Hold(excluded, today) == "") != free {
				t.Fatalf("%+v is held for %q", c, c.Hold(excluded, today))
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
			Kind: pay.Manual, OpenedAt: at, OpenedOn: civil.On(at), OpenedBy: "gale", PayDate: civil.Date{Year: 2026, Month: 3, Day: 6},
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
