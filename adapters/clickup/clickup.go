// Package clickup files bugs as tasks of a ClickUp list.
package clickup

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/support"
)

// Config is where the list is and who files.
type Config struct {
	API   string                                // https://api.clickup.com unless it is set
	List  string                                // the address of the list, or its id alone
	Token func(context.Context) (string, error) // asked anew for every bug, so that it may change

	Patience time.Duration // for one request; 10 s unless it is set
}

const (
	usualAPI      = "https://api.clickup.com"
	usualPatience = 10 * time.Second
	largestAnswer = 1 << 20
)

// Tracker is a ports.BugTracker.
type Tracker struct {
	api    string
	list   string
	token  func(context.Context) (string, error)
	client *http.Client
}

// Open makes the tracker. It asks for nothing yet.
//
// Faults: Invalid "list_invalid".
func Open(c Config) (*Tracker, error) {
	u, err := url.Parse(strings.TrimRight(c.List, "/"))
	if err != nil || u.Path == "" || path.Base(u.Path) == "." {
		return nil, fault.New(fault.Invalid, "list_invalid", "the ClickUp list is no address")
	}
	return &Tracker{
		api: strings.TrimRight(cmp.Or(c.API, usualAPI), "/"), list: path.Base(u.Path), token: c.Token,
		client: &http.Client{
			Timeout: cmp.Or(c.Patience, usualPatience),
			// The token goes to ClickUp and to nobody it may point to.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// task is a bug as ClickUp takes it.
type task struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Priority    int      `json:"priority"`
	Tags        []string `json:"tags,omitempty"`
}

func taskOf(b support.Bug) task {
	about := fmt.Sprintf("Page: %s\nPriority: %s\nRequest: %s", cmp.Or(b.Page, "-"), cmp.Or(b.Priority, "-"), cmp.Or(b.RequestID, "-"))
	if b.Description != "" {
		about = b.Description + "\n\n" + about
	}
	return task{Name: fmt.Sprintf("Bug #%d: %s", b.ID, b.Name()), Description: about, Priority: b.Urgency()}
}

// Report implements ports.BugTracker.
func (t *Tracker) Report(ctx context.Context, b support.Bug) (string, error) {
	filed := taskOf(b)
	filed.Tags = []string{"bug", "auto-created"}
	var made struct {
		ID string `json:"id"`
	}
	if err := t.send(ctx, http.MethodPost, "/list/"+url.PathEscape(t.list)+"/task", filed, &made); err != nil {
		return "", err
	}
	if made.ID == "" || len(made.ID) > 100 {
		return "", away("ClickUp does not say what it calls the task.")
	}
	return made.ID, nil
}

// Update implements ports.BugTracker.
func (t *Tracker) Update(ctx context.Context, reference string, b support.Bug) error {
	return t.send(ctx, http.MethodPut, "/task/"+url.PathEscape(reference), taskOf(b), &struct{}{})
}

func (t *Tracker) send(ctx context.Context, method, at string, body task, into any) error {
	token, err := t.token(ctx)
	if err != nil {
		return away("The token for ClickUp is not to be had.").Because(err)
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, t.api+"/api/v2"+at, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", token)
	req.Header.Set("Content-Type", "application/json")
	res, err := t.client.Do(req)
	if err != nil {
		return away("ClickUp is away.").Because(withoutURL(err))
	}
	defer func() { _ = res.Body.Close() }()
	if err := judged(res.StatusCode, method); err != nil {
		return err
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, largestAnswer)).Decode(into); err != nil {
		return away("ClickUp's answer is not what it should be.").Because(err)
	}
	return nil
}

// withoutURL leaves out what net/http says of the request.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func judged(status int, method string) error {
	switch {
	case status == http.StatusOK:
		return nil
	case status == http.StatusNotFound && method == http.MethodPut:
		return fault.New(fault.NotFound, "tracked_bug_not_found", "ClickUp has no such task.")
	case status == http.StatusBadRequest || status == http.StatusUnprocessableEntity || status == http.StatusRequestEntityTooLarge:
		return fault.New(fault.Invalid, "bug_refused", "ClickUp refuses the bug for good (%d).", status)
	}
	return away("ClickUp does not take the bug now (%d).", status)
}

func away(format string, args ...any) *fault.Error {
	return fault.New(fault.Unavailable, "tracker_unavailable", format, args...)
}
