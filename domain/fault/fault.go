// Package fault holds the one error type of the product: a kind that callers decide on, a stable
// code that clients decide on, and a sentence that is safe to show to anybody.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind sorts faults by what a caller can do about them. A Kind is itself an error, so
// errors.Is(err, fault.NotFound) works through any wrapping.
type Kind string

// Error makes a Kind usable as a target of errors.Is.
func (k Kind) Error() string { return string(k) }

// The kinds. Anything that is no *Error is a defect of ours and tells a client nothing.
const (
	Invalid         Kind = "invalid"         // a value breaks a rule; Fields say which
	Senseless       Kind = "senseless"       // well-formed, but it makes no sense as a whole
	Unauthenticated Kind = "unauthenticated" // no caller, or one we do not know
	Forbidden       Kind = "forbidden"       // known, but not allowed
	NotFound        Kind = "not_found"       // absent, or not visible to the caller
	Conflict        Kind = "conflict"        // clashes with what is stored
	Stale           Kind = "stale"           // the caller's precondition (If-Match) no longer holds
	TooLarge        Kind = "too_large"       // more than we accept
	Limited         Kind = "limited"         // too often
	Slow            Kind = "slow"            // what a client sends comes too slowly
	Unavailable     Kind = "unavailable"     // something we depend on is away; try again
	Upstream        Kind = "upstream"        // somebody else's service, asked on the caller's behalf, has failed
)

// Field is one offending input: where it is (such as "body.patient.first") and what is wrong.
// The message never repeats the value: it may be a patient's.
type Field struct {
	Location string
	Message  string
}

// Error is a fault with everything a client may know (Kind, Code, Safe, Fields, About) and the
// cause, which only the log may know.
type Error struct {
	Kind       Kind
	Code       string
	Safe       string
	Fields     []Field
	About      map[string]string
	RetryAfter time.Duration
	Cause      error
}

// New makes a fault. The text is shown to clients: no patient data, SQL or paths in it.
func New(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Safe: fmt.Sprintf(format, args...)}
}

// InvalidField makes the fault for a single bad input.
func InvalidField(location, format string, args ...any) *Error {
	e := New(Invalid, "invalid_input", "The request has invalid values.")
	e.Fields = []Field{{Location: location, Message: fmt.Sprintf(format, args...)}}
	return e
}

// Naming returns the fault with a member that names a thing, such as case_id.
func (e *Error) Naming(member, value string) *Error {
	if e.About == nil {
		e.About = map[string]string{}
	}
	e.About[member] = value
	return e
}

// Because returns the fault with its cause, for the log.
func (e *Error) Because(cause error) *Error {
	e.Cause = cause
	return e
}

// Error gives the text for logs: kind, code, the safe sentence and the cause.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s %s: %s", e.Kind, e.Code, e.Safe)
	for _, f := range e.Fields {
		text += "; " + f.Location + " " + f.Message
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Is says whether target is the kind of this fault.
func (e *Error) Is(target error) bool {
	kind, ok := target.(Kind)
	return ok && kind == e.Kind
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// CodeOf returns the stable code of the fault in err's chain, or "" if there is none.
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// Collector gathers the field errors of one request, so that a client learns all of them at once.
type Collector struct{ fields []Field }

// Check notes the field errors of err under location. Errors that are no Invalid fault are noted
// with a general message. A nil error is no error.
func (c *Collector) Check(location string, err error) {
	if err == nil {
		return
	}
	var e *Error
	if !errors.As(err, &e) || e.Kind != Invalid {
		c.Add(location, "is not valid")
		return
	}
	if len(e.Fields) == 0 {
		c.Add(location, "%s", e.Safe)
		return
	}
	for _, f := range e.Fields {
		c.Add(location, "%s", f.Message)
	}
}

// Add notes a message for location.
func (c *Collector) Add(location, format string, args ...any) {
	c.fields = append(c.fields, Field{Location: location, Message: fmt.Sprintf(format, args...)})
}

// Err returns nil when nothing was noted, else one Invalid fault with every field.
func (c *Collector) Err() error {
	if len(c.fields) == 0 {
		return nil
	}
	e := New(Invalid, "invalid_input", "The request has invalid values.")
	e.Fields = c.fields
	return e
}
