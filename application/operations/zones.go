package operations

import (
	_ "embed"
	"fmt"
	"strings"
	"time"
)

// zoneNames are the time zones offered: the canonical zones of the IANA database that some place on
// earth uses (its zone.tab), and UTC.
//
//go:embed zones.txt
var zoneNames string

// Zone is a time zone with its offset from UTC in standard time, such as -05:00.
type Zone struct {
	Name   string
	Offset string
}

// Zones lists the time zones by name, with the standard offsets of the year of now. Zones that this
// machine does not know are left out.
func Zones(now time.Time) []Zone {
	var zones []Zone
	for name := range strings.Lines(zoneNames) {
		name = strings.TrimSpace(name)
		if location, err := time.LoadLocation(name); err == nil {
			zones = append(zones, Zone{Name: name, Offset: standardOffset(location, now.Year())})
		}
	}
	return zones
}

// standardOffset is the lesser of the offsets in January and July: summer time, wherever there is
// any, puts the clock forward. The zone files' own mark says the opposite of Ireland.
func standardOffset(location *time.Location, year int) string {
	_, january := time.Date(year, time.January, 1, 0, 0, 0, 0, location).Zone()
	_, july := time.Date(year, time.July, 1, 0, 0, 0, 0, location).Zone()
	seconds, sign := min(january, july), '+'
	if seconds < 0 {
		seconds, sign = -seconds, '-'
	}
	return fmt.Sprintf("%c%02d:%02d", sign, seconds/3600, seconds%3600/60)
}
