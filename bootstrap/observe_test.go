package bootstrap

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"surgicase/domain/fault"
	"surgicase/ports"
)

// What nobody is told of otherwise has to stand out in the log, also where the level is WARNING.
func TestHowLoudAnEventIs(t *testing.T) {
	t.Parallel()
	away := fault.New(fault.Unavailable, "storage_unavailable", "The storage does not answer.")
	refused := fault.New(fault.Forbidden, "not_allowed", "You may not.")
	for name, try := range map[string]struct {
		event ports.Event
		want  string
	}{
		"a success":                       {ports.Event{Name: "case.created"}, "info"},
		"a caller's fault":                {ports.Event{Name: "case.created", Err: refused}, "info"},
		"something away":                  {ports.Event{Name: "case.created", Err: away}, "warn"},
		"a timeout":                       {ports.Event{Name: "case.created", Err: fmt.Errorf("read case: %w", context.DeadlineExceeded)}, "warn"},
		"a caller who went away":          {ports.Event{Name: "case.created", Err: context.Canceled}, "warn"},
		"background work that took long":  {ports.WorkFailed("outbox", context.DeadlineExceeded), "warn"},
		"somebody else's service":         {ports.Event{Name: "npi_directory.listed", Err: fault.New(fault.Upstream, "page_changed", "The page is another.")}, "warn"},
		"a defect":                        {ports.Event{Name: "case.created", Err: errors.New("a defect")}, "error"},
		"background work without storage": {ports.WorkFailed("outbox", away), "warn"},
		"background work that is refused": {ports.WorkFailed("outbox", refused), "warn"},
		"background work with a defect":   {ports.WorkFailed("outbox", errors.New("a defect")), "error"},
		"a task that is refused":          {ports.Event{Name: "outbox.send_letter", Err: refused}, "warn"},
		"a job that is refused":           {ports.Event{Name: "job.backup", Err: refused}, "warn"},
		"a job that is done":              {ports.Event{Name: "job.backup"}, "info"},
		"a letter given up":               {ports.Event{Name: "mail.failed", Outcome: "mail_refused"}, "warn"},
		"a letter sent":                   {ports.Event{Name: "mail.sent", Outcome: "success"}, "info"},
	} {
		var log bytes.Buffer
		eventLog{newLogger(Config{LogLevel: "INFO"}, Parts{Log: &log})}.Happened(context.Background(), try.event)
		var line map[string]any
		if err := json.Unmarshal(log.Bytes(), &line); err != nil || line["level"] != try.want {
			t.Errorf("%s: %v %s, want %s", name, err, log.String(), try.want)
		}
	}
}

// Tasks that come by the dozen with every case are no news while they succeed: they would push away what is.
func TestRoutineIsNotLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	events := eventLog{newLogger(Config{LogLevel: "INFO"}, Parts{Log: &log})}
	events.Happened(context.Background(), ports.Event{Name: "outbox.find_files"})
	if log.Len() > 0 {
		t.Errorf("logged: %s", log.String())
	}
	events.Happened(context.Background(), ports.Event{Name: "outbox.find_files", Err: errors.New("a defect")})
	if log.Len() == 0 {
		t.Error("a failure is not logged")
	}
}

// What a database says of a refusal is nothing for people.
func TestSentence_leavesOutCausesOfRefusals(t *testing.T) {
	t.Parallel()
	cause := errors.New("duplicated key not allowed")
	taken := fault.New(fault.Conflict, "user_exists", "A user with this id exists or existed.").Because(cause)
	if got, want := sentence(taken), "A user with this id exists or existed."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	away := fault.New(fault.Unavailable, "database_unavailable", "The database does not answer.").Because(cause)
	if got := sentence(away); !strings.Contains(got, cause.Error()) {
		t.Errorf("%q does not say why", got)
	}
}
