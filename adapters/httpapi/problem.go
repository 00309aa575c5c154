package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"surgicase/domain/fault"
)

// Problem is an error answer. Source: RFC 9457.
type Problem struct {
	Type     string            `json:"type" doc:"A URI for the kind of problem; about:blank means that title and code say it all." example:"about:blank"`
	Title    string            `json:"title" doc:"The text of the HTTP status." example:"Not Found"`
	Status   int               `json:"status" doc:"The HTTP status." example:"404"`
	Detail   string            `json:"detail" doc:"What is wrong, in a sentence for people." example:"There is no such case."`
	Instance string            `json:"instance" doc:"The request id, to quote to support." example:"0199f0a2-7f2e-7c3a-9a52-3b3b1c7c1b11"`
	Code     string            `json:"code" doc:"A stable word for programs." example:"case_not_found"`
	Errors   []ProblemField    `json:"errors,omitempty" nullable:"false" doc:"The fields that are wrong."`
	about    map[string]string // members that name the thing, such as case_id
	retry    time.Duration
	scheme   string // of WWW-Authenticate
}

// ProblemField is one wrong field. It never repeats the value.
type ProblemField struct {
	Location string `json:"location" doc:"Where the field is." example:"body.patient.first"`
	Message  string `json:"message" doc:"What is wrong with it." example:"must not be empty"`
}

// unexpected is what the framework says of an error that a handler returned.
const unexpected = "unexpected error occurred"

const internalText = "Something went wrong on our side. Please quote the instance to support."

// statuses is the only place that knows which HTTP status a kind of fault is.
var statuses = map[fault.Kind]int{
	fault.Invalid:         http.StatusUnprocessableEntity,
	fault.Senseless:       http.StatusBadRequest,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden:       http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.Stale:           http.StatusPreconditionFailed,
	fault.TooLarge:        http.StatusRequestEntityTooLarge,
	fault.Limited:         http.StatusTooManyRequests,
	fault.Slow:            http.StatusRequestTimeout,
	fault.Unavailable:     http.StatusServiceUnavailable,
	fault.Upstream:        http.StatusBadGateway,
}

// retryAfter is what a 503 asks clients to wait when nothing better is known.
const retryAfter = 5 * time.Second

// mostErrors is how many wrong fields an answer lists: enough to mend them in a few rounds, and never
// more than was sent.
const mostErrors = 100

// statusClientGone is what the access line shows when the client went away; nobody receives it.
const statusClientGone = 499

// problemOf is where every error becomes an answer.
func problemOf(ctx context.Context, err error) *Problem {
	c := callOf(ctx)
	c.err = err
	var f *fault.Error
	switch {
	case errors.As(err, &f):
	case errors.Is(err, context.DeadlineExceeded):
		f = fault.New(fault.Unavailable, "timeout", "The request took too long.")
	case errors.Is(err, context.Canceled):
		return newProblem(c, statusClientGone, "client_gone", "The client went away.")
	default:
		c.stack = string(debug.Stack())
		return newProblem(c, http.StatusInternalServerError, "internal_error", internalText)
	}
	p := newProblem(c, statuses[f.Kind], f.Code, f.Safe)
	p.about = f.About
	for _, field := range f.Fields[:min(len(f.Fields), mostErrors)] {
		p.Errors = append(p.Errors, ProblemField(field))
	}
	if p.retry = f.RetryAfter; p.retry == 0 && f.Kind == fault.Unavailable {
		p.retry = retryAfter
	}
	return p
}

func newProblem(c *call, status int, code, text string) *Problem {
	c.faultCode = code
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: text, Instance: c.requestID, Code: code, scheme: c.scheme}
}

// frameworkCodes are the codes of the errors that the framework finds before a handler runs.
var frameworkCodes = map[int]string{
	http.StatusUnprocessableEntity:   "invalid_input",
	http.StatusRequestEntityTooLarge: "body_too_large",
	http.StatusUnsupportedMediaType:  "unsupported_media_type",
	http.StatusRequestTimeout:        "body_too_slow",
	http.StatusNotAcceptable:         "not_acceptable",
	http.StatusBadRequest:            "bad_request",
}

// frameworkProblem translates what the framework found. Malformed JSON and missing bodies are 422
// like every other input that breaks the schema, and values are never repeated.
func frameworkProblem(hc huma.Context, status int, message string, errs ...error) huma.StatusError {
	p := frameworkProblemOf(hc.Context(), status, message, errs...)
	for name, values := range p.GetHeaders() {
		hc.SetHeader(name, values[0])
	}
	return p
}

func frameworkProblemOf(ctx context.Context, status int, message string, errs ...error) *Problem {
	if status == http.StatusInternalServerError && len(errs) == 1 && message == unexpected {
		return problemOf(ctx, errs[0])
	}
	switch {
	case message == "cannot read request body":
		status = http.StatusBadRequest
	case status == http.StatusBadRequest:
		status = http.StatusUnprocessableEntity
	case status == http.StatusInternalServerError:
		return problemOf(ctx, errors.Join(errs...))
	}
	p := newProblem(callOf(ctx), status, frameworkCodes[status], "The request has invalid values.")
	if status != http.StatusUnprocessableEntity {
		p.Detail = http.StatusText(status) + "."
		if status == http.StatusUnsupportedMediaType {
			p.Detail = "Send the body as JSON, with Content-Type: application/json and not compressed."
		}
		return p
	}
	for _, err := range errs[:min(len(errs), mostErrors)] {
		p.Errors = append(p.Errors, fieldOf(err))
	}
	if len(p.Errors) == 0 {
		p.Errors = []ProblemField{{Location: "body", Message: message}}
	}
	return p
}

func fieldOf(err error) ProblemField {
	var detail *huma.ErrorDetail
	if !errors.As(err, &detail) {
		return ProblemField{Location: "body", Message: "is not valid"}
	}
	if name, ok := notHeldMember(detail.Message); ok {
		return ProblemField{Location: detail.Location + "." + name, Message: "is not a value of the kind described, or too large"}
	}
	if detail.Location == "" || detail.Location == "body" {
		if _, structural := detail.Value.(string); structural {
			return ProblemField{Location: "body", Message: "is not valid JSON of the shape described"}
		}
	}
	if name, ok := missingProperty(detail.Message); ok {
		return ProblemField{Location: detail.Location + "." + name, Message: "is required"}
	}
	return ProblemField{Location: detail.Location, Message: detail.Message}
}

// missingProperty finds the name in the framework's words for a missing member, which it notes on the
// object around it.
func missingProperty(message string) (string, bool) {
	rest, found := strings.CutPrefix(message, "expected required property ")
	name, whole := strings.CutSuffix(rest, " to be present")
	return name, found && whole
}

// Error makes a Problem an error that huma answers.
func (p *Problem) Error() string { return p.Code }

// GetStatus gives the HTTP status to huma.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType gives the media type of problems to huma.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// MarshalJSON writes the members that name the thing beside the others.
func (p *Problem) MarshalJSON() ([]byte, error) {
	members := map[string]any{
		"type": p.Type, "title": p.Title, "status": p.Status, "detail": p.Detail, "instance": p.Instance, "code": p.Code,
	}
	if len(p.Errors) > 0 {
		members["errors"] = p.Errors
	}
	for name, value := range p.about {
		members[name] = value
	}
	return json.Marshal(members)
}

// GetHeaders gives further headers to huma.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int((p.retry+time.Second-1)/time.Second)))
	}
	if challenge := p.challenge(); challenge != "" {
		h.Set("WWW-Authenticate", challenge)
	}
	return h
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	maps.Copy(w.Header(), p.GetHeaders())
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}
