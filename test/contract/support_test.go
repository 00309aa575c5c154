package contract_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"surgicase/adapters/clickup"
	"surgicase/adapters/nobugs"
	"surgicase/bootstrap"
	"surgicase/domain/fault"
	"surgicase/domain/support"
	"surgicase/test/contract"
	"surgicase/test/given"
)

func TestBugs(t *testing.T)           { onEach(t, contract.Bugs) }
func TestClientRequests(t *testing.T) { onEach(t, contract.ClientRequests) }

// trackers are the adapters of ports.BugTracker.
var trackers = map[string]func(*testing.T) contract.Tracked{
	"none": func(*testing.T) contract.Tracked { return contract.Tracked{BugTracker: nobugs.Tracker{}} },
	"clickup": func(t *testing.T) contract.Tracked {
		fake := given.StartClickUp(t)
		return byClickUp(fake, clickUp(t, fake, given.ClickUpToken))
	},
}

func TestBugTracker(t *testing.T) {
	for name, open := range trackers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contract.BugTracker(t, open)
		})
	}
	for _, name := range bootstrap.TrackerAdapters() {
		if trackers[name] == nil {
			t.Errorf("adapter %s is not held to the contract of its port", name)
		}
	}
}

func clickUp(t *testing.T, fake *given.ClickUp, token string) *clickup.Tracker {
	t.Helper()
	tracker, err := clickup.Open(clickup.Config{
		API: fake.URL, List: "https://app.clickup.com/1/v/li/" + given.ClickUpList + "/", Token: passwordOf(token), Patience: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	return tracker
}

func byClickUp(fake *given.ClickUp, tracker *clickup.Tracker) contract.Tracked {
	answers := func(how http.HandlerFunc) func(bool) {
		return func(on bool) {
			if !on {
				how = nil
			}
			fake.Answer(how)
		}
	}
	status := func(code int, body string) func(bool) {
		return answers(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		})
	}
	return contract.Tracked{
		BugTracker: tracker, Keeps: true, Lose: fake.Lose,
		Trouble: map[string]func(bool){
			"bug_refused: the body":                  status(400, `{"err":"Task name invalid"}`),
			"tracker_unavailable: no such list":      status(404, `{"err":"List not found"}`),
			"tracker_unavailable: no right":          status(401, `{"err":"Token invalid"}`),
			"tracker_unavailable: too often":         status(429, `{"err":"Rate limit reached"}`),
			"tracker_unavailable: a failure":         status(500, `{}`),
			"tracker_unavailable: a web page":        status(200, "<html>Welcome to the hotel</html>"),
			"tracker_unavailable: no id":             status(200, `{}`),
			"tracker_unavailable: an endless answer": status(200, `{"id":"`+strings.Repeat("x", 2<<20)+`"}`),
			"tracker_unavailable: a cut line":        answers(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
			"tracker_unavailable: a line that hangs": answers(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() }),
			"tracker_unavailable: another host, he says": answers(func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://127.0.0.1:1/api/v2/list/1/task", http.StatusTemporaryRedirect)
			}),
		},
	}
}

func TestClickUpGetsWhatABugIsAndNothingElse(t *testing.T) {
	t.Parallel()
	fake := given.StartClickUp(t)
	tracker := clickUp(t, fake, given.ClickUpToken)
	reference, err := tracker.Report(t.Context(), support.Bug{
		ID: 5, Title: "The list is empty", Description: "After searching.", Page: "/cases/list", Priority: "Urgent", Reporter: "dr-a", RequestID: "0f1e2d3c",
	})
	if err != nil {
		t.Fatal(err)
	}
	got := fake.Tasks()[reference]
	if got.Name != "Bug #5: The list is empty" || got.Priority != 1 || strings.Join(got.Tags, " ") != "bug auto-created" ||
		got.Description != "After searching.\n\nPage: /cases/list\nPriority: Urgent\nRequest: 0f1e2d3c" {
		t.Errorf("got %+v", got)
	}
	for priority, want := range map[string]int{"high": 2, "medium": 3, "normal": 3, "LOW": 4, "": 3, "someday": 3} {
		if got := (&support.Bug{Priority: priority}).Urgency(); got != want {
			t.Errorf("%s is %d, want %d", priority, got, want)
		}
	}
	untitled := clickUp(t, fake, given.ClickUpToken)
	if reference, err = untitled.Report(t.Context(), support.Bug{ID: 6}); err != nil || fake.Tasks()[reference].Name != "Bug #6: Untitled Bug" {
		t.Errorf("%+v, %v", fake.Tasks()[reference], err)
	}
	if _, err := clickUp(t, fake, "pk_other").Report(t.Context(), support.Bug{ID: 7}); fault.CodeOf(err) != "tracker_unavailable" || strings.Contains(err.Error(), "pk_other") {
		t.Errorf("a wrong token: %v", err)
	}
	away, err := clickup.Open(clickup.Config{API: fake.URL, List: "9", Token: func(context.Context) (string, error) { return "", errors.New("vault sealed") }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := away.Report(t.Context(), support.Bug{ID: 7}); fault.CodeOf(err) != "tracker_unavailable" {
		t.Errorf("without a token: %v", err)
	}
}
