package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"surgicase/domain/support"
)

const tagSupport = "Support"

func (a *API) supportRoutes() {
	register(a, route{
		method: http.MethodPost, path: "/bugs", id: "report-bug", dryRun: true, tag: tagSupport, status: http.StatusCreated,
		faults:  []int{http.StatusForbidden, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		summary: "Report a bug", description: "Title, description, priority, page and request id are kept and passed on to the bug tracker, if there is one; " +
			"whatever else clients send is ignored. Do not write patients' names.",
	}, a.reportBug)
	register(a, route{
		method: http.MethodGet, path: "/bugs", id: "list-bugs", tag: tagSupport,
		summary: "List bug reports", description: "Those that are not closed, newest first: one's own, for Case Admins everybody's.",
	}, a.listBugs)
	register(a, route{
		method: http.MethodPatch, path: "/bugs", id: "change-bug", dryRun: true, tag: tagSupport,
		faults:  []int{http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		summary: "Change a bug report", description: "One's own, for Case Admins everybody's. The bug tracker is brought up to date, but for the status, which it has its own of.",
	}, a.changeBug)
	register(a, route{
		method: http.MethodPost, path: "/log_request", id: "log-request", noDryRun: "nothing follows from it", tag: tagSupport,
		faults:  []int{http.StatusForbidden, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		summary: "Report a request that the client made", description: "Kept for 90 days, marked as reported by a client; it never enters the audit trail. " +
			"Only method, path without query, status and duration are kept, with the caller and the time of the report; payloads, addresses and whatever else is sent are ignored.",
	}, a.logRequest)
}

// reportBugRequest ignores what it does not know: clients of the old product send profiles, surgeons and
// facilities along, which have no business in a bug report.
type reportBugRequest struct {
	_           struct{} `additionalProperties:"true"`
	CallingPage string   `json:"calling_page,omitempty" maxLength:"2000" doc:"Where it was seen. Only the path is kept." example:"/cases/list"`
	Priority    string   `json:"priority,omitempty" maxLength:"20" doc:"urgent, high, medium or low." example:"high"`
	RequestID   string   `json:"request_id,omitempty" maxLength:"64" doc:"X-Request-ID of the answer that was wrong; by default that of this request." example:"0f1e2d3c"`
	Bug         struct {
		_           struct{} `additionalProperties:"true"`
		Title       string   `json:"title,omitempty" maxLength:"200" example:"The list is empty"`
		Description string   `json:"description,omitempty" maxLength:"5000" example:"After searching for a date the list stays empty."`
	} `json:"bug"`
}

type reportBugInput struct {
	CallerInput
	Body reportBugRequest
}

type reportedBug struct {
	Location string `header:"Location" doc:"The list that shows it."`
	Body     struct {
		Message string `json:"message" example:"Bug report created successfully"`
		BugID   int64  `json:"bug_id" example:"5"`
		Status  string `json:"status" example:"Open"`
	}
}

func (a *API) reportBug(ctx context.Context, in *reportBugInput) (*reportedBug, error) {
	var r reader
	b := support.Bug{
		Title: r.line("body.bug.title", in.Body.Bug.Title, support.MaxTitle, false), Priority: r.line("body.priority", in.Body.Priority, support.MaxPriority, false),
		Description: r.optionalText("body.bug.description", in.Body.Bug.Description, support.MaxDescription), Page: r.pagePath("body.calling_page", in.Body.CallingPage),
		RequestID: r.requestID("body.request_id", in.Body.RequestID),
	}
	if b.Title == "" && b.Description == "" {
		r.bad.Add("body.bug", "must have a title or a description")
	}
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	b, err := a.Support.Report(ctx, actorOf(ctx), b)
	if err != nil {
		return nil, err
	}
	out := &reportedBug{Location: "/bugs"}
	out.Body.Message, out.Body.BugID, out.Body.Status = "Bug report created successfully", b.ID, string(b.Status)
	return out, nil
}

// optionalText is text that may be empty.
func (r *reader) optionalText(location, text string, longest int) string {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	return r.text(location, text, longest)
}

// pagePath keeps the path of a page, as much of it as there is room for.
func (r *reader) pagePath(location, text string) string {
	path := []rune(support.PagePath(r.line(location, text, 2000, false)))
	return string(path[:min(len(path), support.MaxPage)])
}

func (r *reader) requestID(location, text string) string {
	if text != "" && requestID(text) != text {
		r.bad.Add(location, "must be the X-Request-ID of an answer")
	}
	return text
}

type bugsInput struct {
	PageInput
	CallerInput
	IncludeClosed bool `query:"include_closed" doc:"Closed ones, too."`
}

type bugBody struct {
	BugID       int64     `json:"bug_id" example:"5"`
	Title       string    `json:"title" example:"The list is empty"`
	Description string    `json:"description" example:"After searching for a date the list stays empty."`
	CallingPage string    `json:"calling_page" example:"/cases/list"`
	Status      string    `json:"status" enum:"Open,In Progress,Resolved,Closed" example:"Open"`
	Priority    string    `json:"priority" example:"high"`
	RequestID   string    `json:"request_id" example:"0f1e2d3c"`
	ReportedBy  string    `json:"reported_by" doc:"The user who reported it." example:"demo-provider"`
	TrackerRef  *string   `json:"tracker_ref" nullable:"true" doc:"What the bug tracker calls it; null if it does not know it." example:"86cx1abc"`
	CreatedTS   time.Time `json:"created_ts"`
	UpdatedTS   time.Time `json:"updated_ts"`
}

func bugBodyOf(b support.Bug) bugBody {
	return bugBody{
		BugID: b.ID, Title: b.Title, Description: b.Description, CallingPage: b.Page, Status: string(b.Status), Priority: b.Priority, RequestID: b.RequestID,
		ReportedBy: string(b.Reporter), TrackerRef: nullable(b.Tracked), CreatedTS: b.CreatedAt, UpdatedTS: b.UpdatedAt,
	}
}

type bugsAnswer struct {
	PageHeaders
	Body struct {
		Bugs      []bugBody `json:"bugs" nullable:"false"`
		Count     int       `json:"count" doc:"How many are in this answer." example:"1"`
		Truncated bool      `json:"truncated,omitempty" doc:"There are more; page with limit and cursor."`
	}
}

func (a *API) listBugs(ctx context.Context, in *bugsInput) (*bugsAnswer, error) {
	query := url.Values{}
	if in.IncludeClosed {
		query.Set("include_closed", "true")
	}
	page, err := pageByID(in.PageInput, "bugs", query, func(b support.Bug) int64 { return b.ID },
		func(before int64, limit int) ([]support.Bug, error) {
			return a.Support.List(ctx, actorOf(ctx), support.Query{All: in.IncludeClosed, Before: before, Limit: limit})
		})
	if err != nil {
		return nil, err
	}
	out := &bugsAnswer{PageHeaders: page.headers}
	out.Body.Bugs, out.Body.Count, out.Body.Truncated = mapped(page.rows, bugBodyOf), len(page.rows), page.truncated
	return out, nil
}

type changeBugInput struct {
	CallerInput
	Body struct {
		_           struct{} `additionalProperties:"true"`
		BugID       int64    `json:"bug_id" minimum:"1" example:"5"`
		Title       *string  `json:"title,omitempty" maxLength:"200"`
		Description *string  `json:"description,omitempty" maxLength:"5000"`
		Priority    *string  `json:"priority,omitempty" maxLength:"20"`
		Status      *string  `json:"status,omitempty" enum:"Open,In Progress,Resolved,Closed" example:"Resolved"`
	}
}

type changedBug struct {
	Body struct {
		Message       string   `json:"message" example:"Bug report updated successfully"`
		BugID         int64    `json:"bug_id" example:"5"`
		UpdatedFields []string `json:"updated_fields" nullable:"false" example:"[\"status\"]"`
	}
}

func (a *API) changeBug(ctx context.Context, in *changeBugInput) (*changedBug, error) {
	var r reader
	c := support.Changes{
		Title: whenSent(in.Body.Title, func(text string) string { return r.line("body.title", text, support.MaxTitle, true) }),
		Description: whenSent(in.Body.Description, func(text string) string {
			return r.optionalText("body.description", text, support.MaxDescription)
		}),
		Priority: whenSent(in.Body.Priority, func(text string) string { return r.line("body.priority", text, support.MaxPriority, true) }),
		Status: whenSent(in.Body.Status, func(text string) support.Status {
			status, err := support.ParseStatus(text)
			r.bad.Check("body.status", err)
			return status
		}),
	}
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	if c == (support.Changes{}) {
		return nil, noFields()
	}
	fields, err := a.Support.Change(ctx, actorOf(ctx), in.Body.BugID, c)
	if err != nil {
		return nil, err
	}
	out := &changedBug{}
	out.Body.Message, out.Body.BugID, out.Body.UpdatedFields = "Bug report updated successfully", in.Body.BugID, orNone(fields)
	return out, nil
}

// whenSent reads a member that was sent.
func whenSent[T any](sent *string, read func(string) T) *T {
	if sent == nil {
		return nil
	}
	v := read(*sent)
	return &v
}

type logRequestInput struct {
	CallerInput
	Body struct {
		_               struct{} `additionalProperties:"true"`
		Endpoint        string   `json:"endpoint" minLength:"1" maxLength:"2000" doc:"Only the path is kept." example:"/case_filter"`
		Method          string   `json:"method" minLength:"1" maxLength:"10" example:"GET"`
		ResponseStatus  int      `json:"response_status" minimum:"0" maximum:"999" example:"200"`
		ExecutionTimeMS int      `json:"execution_time_ms" minimum:"0" maximum:"86400000" example:"35"`
	}
}

type loggedRequest struct {
	Body struct {
		Success bool `json:"success" example:"true"`
	}
}

func (a *API) logRequest(ctx context.Context, in *logRequestInput) (*loggedRequest, error) {
	var r reader
	report := support.ClientRequest{
		Method: r.line("body.method", in.Body.Method, 10, true), Path: r.pagePath("body.endpoint", in.Body.Endpoint), Status: in.Body.ResponseStatus, TookMS: in.Body.ExecutionTimeMS,
	}
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	if err := a.Support.LogRequest(ctx, actorOf(ctx), report); err != nil {
		return nil, err
	}
	out := &loggedRequest{}
	out.Body.Success = true
	return out, nil
}
