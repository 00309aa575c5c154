package civil_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/fault"

	"pgregory.net/rapid"
)

func date(y int, m time.Month, d int) civil.Date { return civil.Date{Year: y, Month: m, Day: d} }

func TestParseDate(t *testing.T) {
	for in, want := range map[string]civil.Date{
		"2026-03-02": date(2026, 3, 2), "2024-02-29": date(2024, 2, 29), "2000-02-29": date(2000, 2, 29),
		"0001-01-01": date(1, 1, 1), "9999-12-31": date(9999, 12, 31), "2026-12-31": date(2026, 12, 31),
	} {
		t.Run(in+" is a day", func(t *testing.T) {
			got, err := civil.ParseDate(in)
			if err != nil || got != want || got.String() != in || got.IsZero() {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	for _, in := range []string{
		"", "2026-02-29", "1900-02-29", "2026-02-30", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00", "2026-01-32", "0000-01-01",
		"2026-3-2", "26-03-02", "2026/03/02", "03/02/2026", "20260302", "2026-03-02T00:00:00Z", " 2026-03-2", "2026-03-2 ", "2026-03-0x",
		"-026-03-02", "+026-03-02", "２０２６-03-02", "٢٠٢٦-03", "2026-03-02\x00", "today", "10000-01-01",
	} {
		t.Run(fmt.Sprintf("%q is none", in), func(t *testing.T) {
			got, err := civil.ParseDate(in)
			if fault.CodeOf(err) != "invalid_date" || !errors.Is(err, fault.Invalid) || !got.IsZero() {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestOn(t *testing.T) {
	instant := time.Date(2026, time.March, 2, 23, 30, 0, 0, time.UTC)
	t.Run("a time's day is that of its own zone", func(t *testing.T) {
		for offset, want := range map[int]civil.Date{0: date(2026, 3, 2), 13: date(2026, 3, 3), -8: date(2026, 3, 2), -24: date(2026, 3, 1)} {
			if got := civil.On(instant.In(time.FixedZone("", offset*3600))); got != want {
				t.Errorf("%+d hours: %v", offset, got)
			}
		}
	})
	t.Run("midnight is in UTC, whatever the zone of the machine", func(t *testing.T) {
		if got := date(2026, 3, 2).Midnight(); !got.Equal(instant.Truncate(24*time.Hour)) || got.Location() != time.UTC {
			t.Errorf("got %v", got)
		}
	})
}

func TestNoDate(t *testing.T) {
	if none := (civil.Date{}); !none.IsZero() || none.String() != "" || date(2026, 1, 1).IsZero() {
		t.Error("the zero value means no date and prints as nothing")
	}
}

func TestAddDays(t *testing.T) {
	for _, x := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-02-28", 1, "2026-03-01"},
		{"2028-02-28", 1, "2028-02-29"},
		{"2026-12-31", 1, "2027-01-01"},
		{"2026-01-01", -1, "2025-12-31"},
		{"2026-03-08", 1, "2026-03-09"},
		{"2026-03-02", 0, "2026-03-02"},
		{"2026-03-02", 366, "2027-03-03"},
	} {
		t.Run(fmt.Sprintf("%s and %d days", x.from, x.n), func(t *testing.T) {
			d, err := civil.ParseDate(x.from)
			if got := d.AddDays(x.n).String(); err != nil || got != x.want {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
}

func TestCalendar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := date(2000, 1, 1).AddDays(rapid.IntRange(-50_000, 50_000).Draw(t, "a"))
		n := rapid.IntRange(-50_000, 50_000).Draw(t, "n")
		b := a.AddDays(n)
		if a.Before(b) != (n > 0) || b.Before(a) != (n < 0) || b.AddDays(-n) != a {
			t.Fatalf("%v and %d days is %v", a, n, b)
		}
		if ((int(b.Weekday())-int(a.Weekday())-n)%7+7)%7 != 0 {
			t.Fatalf("%v is a %v, %v a %v", a, a.Weekday(), b, b.Weekday())
		}
		if a.Before(b) != (a.String() < b.String()) {
			t.Fatalf("%v and %v sort otherwise as text", a, b)
		}
		if back, err := civil.ParseDate(b.String()); err != nil || back != b {
			t.Fatalf("%v came back as %v, %v", b, back, err)
		}
	})
}

func FuzzParseDate(f *testing.F) {
	for _, seed := range []string{"2026-03-02", "2026-02-29", "", "0000-00-00", "2026-03-2 ", "+026-03-02", "2026-0\x00-02"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		d, err := civil.ParseDate(in)
		if err == nil && (d.String() != in || d.IsZero() || d.AddDays(0) != d) {
			t.Errorf("%q became %v", in, d)
		}
	})
}
