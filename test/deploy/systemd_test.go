package deploy

import (
	"maps"
	"strings"
	"testing"
)

// settings gives the lines of a unit that assign something.
func settings(t *testing.T, unit string) map[string]string {
	t.Helper()
	found := map[string]string{}
	read(t, "../../deploy/systemd/"+unit, func(text []byte) error {
		for line := range strings.Lines(string(text)) {
			if name, value, is := strings.Cut(strings.TrimSpace(line), "="); is && !strings.HasPrefix(name, "#") {
				found[name] += value + "\n"
			}
		}
		return nil
	})
	return found
}

// TestTheUnitsShareTheirFolder is about who owns DATA_DIR: systemd makes a user for each unit that names none, and gives
// StateDirectory to whichever starts last, away from the other.
func TestTheUnitsShareTheirFolder(t *testing.T) {
	t.Parallel()
	service, scheduler := settings(t, "surgicase.service"), settings(t, "surgicase-scheduler.service")
	for _, unit := range []map[string]string{service, scheduler} {
		if unit["RestartPreventExitStatus"] != "2\n" {
			t.Errorf("a wrong setting restarts the unit for ever: %q", unit["RestartPreventExitStatus"])
		}
		if unit["DynamicUser"] != "yes\n" || unit["User"] != "surgicase\n" || unit["StateDirectory"] != "surgicase\n" {
			t.Errorf("DynamicUser %q, User %q, StateDirectory %q", unit["DynamicUser"], unit["User"], unit["StateDirectory"])
		}
	}
	for _, own := range []string{"Description", "ExecStart", "Environment", "TimeoutStopSec", "MemoryMax"} {
		delete(service, own)
		delete(scheduler, own)
	}
	if !maps.Equal(service, scheduler) {
		t.Errorf("the units differ:\n%v\n%v", service, scheduler)
	}
}
