package job_test

import (
	"testing"
	"time"

	"surgicase/domain/job"

	"pgregory.net/rapid"
)

func at(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05", text)
	if err != nil {
		panic(err)
	}
	return t
}

// 2026-03-02 is a Monday.
func TestScheduleTimes(t *testing.T) {
	monday, daily := job.Weekly(time.Monday, 8, 0), job.Daily(3, 30)
	for _, c := range []struct {
		of              job.Schedule
		now, last, next string
	}{
		{monday, "2026-03-02 07:59:59", "2026-02-23 08:00:00", "2026-03-02 08:00:00"},
		{monday, "2026-03-02 08:00:00", "2026-03-02 08:00:00", "2026-03-09 08:00:00"},
		{monday, "2026-03-02 08:00:01", "2026-03-02 08:00:00", "2026-03-09 08:00:00"},
		{monday, "2026-03-08 23:59:59", "2026-03-02 08:00:00", "2026-03-09 08:00:00"},
		{job.Weekly(time.Sunday, 0, 0), "2026-03-07 23:00:00", "2026-03-01 00:00:00", "2026-03-08 00:00:00"},
		{daily, "2026-03-01 03:29:59", "2026-02-28 03:30:00", "2026-03-01 03:30:00"},
		{daily, "2026-12-31 23:59:59", "2026-12-31 03:30:00", "2027-01-01 03:30:00"},
	} {
		if got := c.of.Last(at(c.now)); !got.Equal(at(c.last)) {
			t.Errorf("%s at %s: last %s, want %s", c.of, c.now, got, c.last)
		}
		if got := c.of.Next(at(c.now)); !got.Equal(at(c.next)) {
			t.Errorf("%s at %s: next %s, want %s", c.of, c.now, got, c.next)
		}
	}
	if got := monday.String() + ", " + daily.String(); got != "Monday 08:00 UTC, daily 03:30 UTC" {
		t.Error(got)
	}
}

func anySchedule(t *rapid.T) job.Schedule {
	return job.Schedule{
		Daily: rapid.Bool().Draw(t, "daily"), Day: time.Weekday(rapid.IntRange(0, 6).Draw(t, "day")),
		Hour: rapid.IntRange(0, 23).Draw(t, "hour"), Minute: rapid.IntRange(0, 59).Draw(t, "minute"),
	}
}

// Every instant is the last one until the next has come, whatever zone the clock is in.
func TestLastAndNextMeet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule(t)
		zone := time.FixedZone("somewhere", rapid.IntRange(-12, 14).Draw(t, "zone")*3600)
		now := at("2026-01-01 00:00:00").Add(time.Duration(rapid.Int64Range(0, 3*365*24*3600).Draw(t, "now")) * time.Second).In(zone)
		last, next := s.Last(now), s.Next(now)
		if last.After(now) || !next.After(now) || !s.Last(next).Equal(next) || !s.Last(next.Add(-1)).Equal(last) {
			t.Fatalf("%s at %s: last %s, next %s", s, now, last, next)
		}
	})
}

func TestDue(t *testing.T) {
	s, instant := job.Weekly(time.Monday, 8, 0), at("2026-03-02 08:00:00")
	long, catchup := at("2026-01-01 00:00:00"), 72*time.Hour
	run := func(state job.State, until time.Time) []job.Run {
		return []job.Run{{At: instant.AddDate(0, 0, -7), State: job.Done}, {At: instant, State: state, LeaseUntil: until}}
	}
	for _, c := range []struct {
		what  string
		now   time.Time
		known time.Time
		runs  []job.Run
		due   bool
	}{
		{"at its time", instant, long, nil, true},
		{"a second early", instant.Add(-time.Second), long, nil, false},
		{"missed for three days", instant.Add(catchup), long, nil, true},
		{"missed for longer", instant.Add(catchup + 1), long, nil, false},
		{"before the job was known", instant.Add(time.Hour), instant.Add(time.Minute), nil, false},
		{"done", instant.Add(time.Hour), long, run(job.Done, instant), false},
		{"failed", instant.Add(time.Hour), long, run(job.Failed, instant), false},
		{"being worked on", instant.Add(time.Minute), long, run(job.Running, instant.Add(2*time.Minute)), false},
		{"left by its holder", instant.Add(time.Hour), long, run(job.Running, instant.Add(2*time.Minute)), true},
		{"run by hand at the same moment", instant, long, []job.Run{{At: instant, ByHand: true, State: job.Done}}, true},
	} {
		got, due := job.Due(s, c.runs, c.known, c.now, catchup)
		if due != c.due || due && !got.Equal(instant) {
			t.Errorf("%s: due %t at %s", c.what, due, got)
		}
	}
}

func TestLeft(t *testing.T) {
	s, instant, catchup := job.Daily(8, 0), at("2026-03-02 08:00:00"), 72*time.Hour
	timed := job.Run{At: instant, State: job.Running, LeaseUntil: instant.Add(time.Minute)}
	byHand, done := timed, timed
	byHand.ByHand, done.State = true, job.Done
	for _, c := range []struct {
		what string
		run  job.Run
		now  time.Time
		left bool
	}{
		{"held", byHand, instant, false},
		{"by hand, its holder gone", byHand, instant.Add(2 * time.Minute), true},
		{"timed, to be taken up", timed, instant.Add(2 * time.Minute), false},
		{"timed, and the next is due", timed, instant.AddDate(0, 0, 1), true},
		{"done", done, instant.AddDate(0, 0, 1), false},
	} {
		if got := c.run.Left(s, c.now, catchup); got != c.left {
			t.Errorf("%s: %t", c.what, got)
		}
	}
}

func TestBusy(t *testing.T) {
	for _, c := range []struct {
		states []job.State
		busy   bool
	}{{nil, false}, {[]job.State{job.Done, job.Failed}, false}, {[]job.State{job.Done, job.Running}, true}} {
		var runs []job.Run
		for _, s := range c.states {
			runs = append(runs, job.Run{State: s})
		}
		if got := job.Busy(runs); got != c.busy {
			t.Errorf("%v: %t", c.states, got)
		}
	}
}

func TestRetry(t *testing.T) {
	now := at("2026-03-02 08:00:00")
	for attempts, want := range map[int]time.Duration{1: time.Minute, 2: 2 * time.Minute, 3: 0} {
		run := job.Run{Attempts: attempts}
		next, again := run.Retry(now)
		if again != (want > 0) || again && next.Sub(now) != want {
			t.Errorf("after %d attempts: %t in %s", attempts, again, next.Sub(now))
		}
	}
	run := job.Run{Attempts: 1, ByHand: true}
	if _, again := run.Retry(now); again {
		t.Error("what was begun by hand is tried again")
	}
}
