// Package job says when scheduled jobs are due, and what a run of one is. Source: spec/decisions.md 5.4.
package job

import (
	"fmt"
	"time"
)

// Schedule is a time of day in UTC, on every day or on one day of the week.
type Schedule struct {
	Daily        bool
	Day          time.Weekday // unless Daily
	Hour, Minute int
}

// Weekly is a time on a day of the week.
func Weekly(day time.Weekday, hour, minute int) Schedule {
	return Schedule{Day: day, Hour: hour, Minute: minute}
}

// Daily is a time on every day.
func Daily(hour, minute int) Schedule { return Schedule{Daily: true, Hour: hour, Minute: minute} }

// Last is the latest instant of the schedule that is not after now.
func (s Schedule) Last(now time.Time) time.Time {
	now = now.UTC()
	at := time.Date(now.Year(), now.Month(), now.Day(), s.Hour, s.Minute, 0, 0, time.UTC)
	if !s.Daily {
		at = at.AddDate(0, 0, -(int(at.Weekday())-int(s.Day)+7)%7)
	}
	if at.After(now) {
		at = at.AddDate(0, 0, -s.days())
	}
	return at
}

// Next is the first instant of the schedule after now.
func (s Schedule) Next(now time.Time) time.Time { return s.Last(now).AddDate(0, 0, s.days()) }

func (s Schedule) days() int {
	if s.Daily {
		return 1
	}
	return 7
}

// String is such as "Monday 08:00 UTC".
func (s Schedule) String() string {
	day := "daily"
	if !s.Daily {
		day = s.Day.String()
	}
	return fmt.Sprintf("%s %02d:%02d UTC", day, s.Hour, s.Minute)
}
