package civil

import "time"

// Zone is the time zone whose calendar a practice lives by. The zero value is UTC.
type Zone struct{ location *time.Location }

// ZoneOf returns the zone of a location.
func ZoneOf(location *time.Location) Zone { return Zone{location} }

// Location returns the location behind the zone.
func (z Zone) Location() *time.Location {
	if z.location == nil {
		return time.UTC
	}
	return z.location
}

// Day returns the calendar day of an instant in the zone.
func (z Zone) Day(at time.Time) Date { return On(at.In(z.Location())) }
