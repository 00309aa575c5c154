package civil_test

import (
	"slices"
	"testing"
	"time"

	"surgicase/domain/civil"
)

// closed are the weekdays on which the Federal Reserve banks are closed, as its calendar publishes them
// (federalreserve.gov, Holidays Observed by the Federal Reserve System).
var closed = map[int][]string{
	2020: {"01-01", "01-20", "02-17", "05-25", "09-07", "10-12", "11-11", "11-26", "12-25"}, // July 4 is a Saturday
	2021: {"01-01", "01-18", "02-15", "05-31", "07-05", "09-06", "10-11", "11-11", "11-25"}, // Christmas is a Saturday
	2022: {"01-17", "02-21", "05-30", "06-20", "07-04", "09-05", "10-10", "11-11", "11-24", "12-26"},
	2023: {"01-02", "01-16", "02-20", "05-29", "06-19", "07-04", "09-04", "10-09", "11-23", "12-25"}, // Veterans Day is a Saturday
	2024: {"01-01", "01-15", "02-19", "05-27", "06-19", "07-04", "09-02", "10-14", "11-11", "11-28", "12-25"},
	2025: {"01-01", "01-20", "02-17", "05-26", "06-19", "07-04", "09-01", "10-13", "11-11", "11-27", "12-25"},
	2026: {"01-01", "01-19", "02-16", "05-25", "06-19", "09-07", "10-12", "11-11", "11-26", "12-25"}, // July 4 is a Saturday
	2027: {"01-01", "01-18", "02-15", "05-31", "07-05", "09-06", "10-11", "11-11", "11-25"},          // June 19, Christmas are Saturdays
	2028: {"01-17", "02-21", "05-29", "06-19", "07-04", "09-04", "10-09", "11-23", "12-25"},          // New Year, Veterans Day are Saturdays
	2029: {"01-01", "01-15", "02-19", "05-28", "06-19", "07-04", "09-03", "10-08", "11-12", "11-22", "12-25"},
	2030: {"01-01", "01-21", "02-18", "05-27", "06-19", "07-04", "09-02", "10-14", "11-11", "11-28", "12-25"},
}

func TestDate_IsBankingDay(t *testing.T) {
	for year, days := range closed {
		var got []string
		for d := date(year, time.January, 1); d.Year == year; d = d.AddDays(1) {
			weekend := d.Weekday() == time.Saturday || d.Weekday() == time.Sunday
			switch {
			case weekend && d.IsBankingDay():
				t.Errorf("%s is a banking day, want none on a %s", d, d.Weekday())
			case !weekend && !d.IsBankingDay():
				got = append(got, d.String()[5:])
			}
		}
		if !slices.Equal(got, days) {
			t.Errorf("%d: closed on %v, want %v", year, got, days)
		}
	}
}

func TestDate_AddBankingDays(t *testing.T) {
	for _, x := range []struct {
		from, want string
		n          int
	}{
		{"2026-12-24", "2026-12-28", 1},
		{"2026-12-24", "2026-12-24", 0},
		{"2026-12-25", "2026-12-28", 1},
		{"2026-12-26", "2026-12-28", 1},
		{"2026-03-05", "2026-03-06", 1},
		{"2026-03-06", "2026-03-10", 2},
		{"2026-07-02", "2026-07-03", 1},
		{"2027-07-02", "2027-07-06", 1},
	} {
		from, err := civil.ParseDate(x.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := from.AddBankingDays(x.n).String(); got != x.want {
			t.Errorf("%s and %d banking days: got %s, want %s", x.from, x.n, got, x.want)
		}
	}
	if got := date(2026, 12, 25).PreviousBankingDay().String(); got != "2026-12-24" {
		t.Errorf("before Christmas: got %s", got)
	}
	if got := date(2027, 1, 1).NextBankingDay().String(); got != "2027-01-04" {
		t.Errorf("after New Year: got %s", got)
	}
}

func TestZone_Day(t *testing.T) {
	instant := time.Date(2027, time.January, 1, 0, 30, 0, 0, time.UTC)
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for want, zone := range map[string]civil.Zone{"2027-01-01": {}, "2026-12-31": civil.ZoneOf(newYork)} {
		if got := zone.Day(instant).String(); got != want {
			t.Errorf("%s: got %s, want %s", zone.Location(), got, want)
		}
	}
}
