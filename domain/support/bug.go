// Package support holds what users tell the people behind the product: bug reports, and what their
// clients saw of requests.
package support

import (
	"net/url"
	"strings"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
)

// Bug is a report by a user that something is wrong.
type Bug struct {
	ID          int64
	Version     int64
	Title       string
	Description string
	Page        string // where it was seen: a path, without what could name a patient
	Priority    string
	Status      Status
	Reporter    ident.UserID
	RequestID   string // of the request that went wrong, or of the report
	Tracked     string // what the bug tracker calls it; empty while it does not know it
	Told        int64  // the version that the bug tracker knows
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Status is how far a bug is.
type Status string

// The states of a bug.
const (
	Open       Status = "Open"
	InProgress Status = "In Progress"
	Resolved   Status = "Resolved"
	Closed     Status = "Closed"
)

// The longest texts of a report, in characters.
const (
	MaxTitle       = 200
	MaxDescription = 5000
	MaxPage        = 200
	MaxPriority    = 20
)

// ParseStatus reads a status.
//
// Faults: Invalid "unknown_status".
func ParseStatus(text string) (Status, error) {
	for _, s := range []Status{Open, InProgress, Resolved, Closed} {
		if strings.EqualFold(string(s), text) {
			return s, nil
		}
	}
	return "", fault.New(fault.Invalid, "unknown_status", "must be Open, In Progress, Resolved or Closed")
}

// Urgency is the priority as the bug tracker counts it: 1 urgent to 4 low. What is none of the words is
// normal. Source: spec/reference-rules.md 10.5.
func (b *Bug) Urgency() int {
	switch strings.ToLower(b.Priority) {
	case "urgent":
		return 1
	case "high":
		return 2
	case "low":
		return 4
	}
	return 3
}

// Name is the title, for those who list bugs.
func (b *Bug) Name() string {
	if b.Title == "" {
		return "Untitled Bug"
	}
	return b.Title
}

// Contents lists what a digest of the report in the audit trail covers.
func (b *Bug) Contents() []string {
	return []string{b.Title, b.Description, b.Page, b.Priority, string(b.Status), string(b.Reporter), b.RequestID}
}

// Changes are those that somebody wants of a bug; nil leaves a field as it is.
type Changes struct {
	Title, Description, Priority *string
	Status                       *Status
}

// Apply changes the bug and says which fields have another value now.
func (b *Bug) Apply(c Changes, at time.Time) (fields []string) {
	set := func(name string, field, value *string) {
		if value != nil && *field != *value {
			*field, fields = *value, append(fields, name)
		}
	}
	set("title", &b.Title, c.Title)
	set("description", &b.Description, c.Description)
	set("priority", &b.Priority, c.Priority)
	set("status", (*string)(&b.Status), (*string)(c.Status))
	if len(fields) > 0 {
		b.UpdatedAt = at
	}
	return fields
}

// PagePath leaves of an address what says where in the product it is: neither host nor query, which
// could name a patient.
func PagePath(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Opaque != "" {
		return ""
	}
	return u.Path
}

// ClientRequest is what a client reports of a request that it made. Source: spec/decisions.md 9.4.
type ClientRequest struct {
	User     ident.UserID
	Method   string
	Path     string
	Status   int
	TookMS   int
	LoggedAt time.Time
}

// KeptReports is how long what clients report of requests is kept.
const KeptReports = 90 * 24 * time.Hour

// Query asks for a page of bugs, newest first.
type Query struct {
	Reporter ident.UserID // of everybody when empty
	All      bool         // closed ones, too
	Before   int64        // the id where the last page ended; 0 for the first page
	Limit    int
}
