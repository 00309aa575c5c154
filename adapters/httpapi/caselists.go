package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"surgicase/application/casebook"
	"surgicase/application/cases"
	"surgicase/domain/civil"
	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

// List sizes. A list without limit gives what the old product's clients expect: all, up to the most
// that one page may hold. Source: spec/decisions.md 1.8.
const maxPage = 1000

// PageInput are the parameters of every paged list. Exported, like all embedded parts of inputs and
// outputs: huma does not see the others.
type PageInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" doc:"Most entries to give. Without it up to 1,000 and truncated says whether there are more."`
	Cursor string `query:"cursor" maxLength:"1000" doc:"Where to go on: from the Link header of the page before."`
	Count  bool   `query:"count" doc:"Count all matches into X-Total-Count."`
}

func (p PageInput) limit() int {
	if p.Limit == 0 {
		return maxPage
	}
	return p.Limit
}

// PageHeaders are the headers of a page.
type PageHeaders struct {
	Link  string `header:"Link" doc:"The next page, rel=next."`
	Total string `header:"X-Total-Count" doc:"All matches, when count=true."`
}

func (a *API) caseListRoutes() {
	register(a, route{
		method: http.MethodGet, path: "/case_filter", aliases: []string{"/casefilter"}, id: "filter-cases", tag: tagCases, owner: true,
		faults:  []int{http.StatusForbidden},
		summary: "List one owner's cases", description: "Newest id first. The filter works on the status that is shown: what lies above the caller's cap counts as the cap.",
	}, a.filterCases)
	register(a, route{
		method: http.MethodGet, path: "/cases_by_status", aliases: []string{"/casesbystatus"}, id: "cases-by-status", tag: tagCases,
		faults:  []int{http.StatusBadRequest, http.StatusForbidden},
		summary: "List everybody's cases", description: "For Case Admins: by status, date and id, with true statuses.",
	}, a.casesByStatus)
	register(a, route{
		method: http.MethodGet, path: "/group_cases", id: "group-cases", tag: tagCases, faults: []int{http.StatusForbidden},
		summary: "List the cases of group members", description: "For Group Admins: cases of members of type 1 to 6 in groups that they administer, and their own.",
	}, a.groupCases)
	register(a, route{
		method: http.MethodPatch, path: "/bulk_update_case_status", aliases: []string{"/bulkupdatecasestatus"}, id: "move-cases", dryRun: true, tag: tagCases,
		faults:  []int{http.StatusBadRequest, http.StatusForbidden, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		summary: "Move cases to a status", description: "Each case moves as far as the table of moves allows; what it refuses is listed under exceptions and the answer stays 200. " +
			"A move to 15 opens a manual payment run of these cases, a move to 20 settles their payments.",
	}, a.moveCases)
	register(a, route{
		method: http.MethodGet, path: "/case_history", id: "case-history", tag: tagCases, faults: []int{http.StatusNotFound, http.StatusForbidden},
		summary: "Tell the moves of a case", description: "Oldest first. Moves above the caller's cap are left out.",
	}, a.caseHistory)
	register(a, route{
		method: http.MethodGet, path: "/case_pay", id: "case-pay", tag: tagCases, faults: []int{http.StatusNotFound, http.StatusForbidden},
		summary: "Explain what a case is worth", description: "Tier, table version, each code with its price row, and which one won: the highest amount, not the sum; ties go to the lowest code.",
	}, a.casePay)
}

type casePage struct {
	PageHeaders
	Body casePageBody
}

type casePageBody struct {
	Cases     []caseBody `json:"cases" nullable:"false"`
	UserID    string     `json:"user_id,omitempty" example:"demo-provider"`
	Filter    any        `json:"filter" doc:"The filter as understood: [\"all\"], \"all\" or a list of statuses."`
	StartDate **string   `json:"start_date,omitempty" nullable:"true" doc:"As sent; in /cases_by_status only."`
	EndDate   **string   `json:"end_date,omitempty" nullable:"true"`
	Truncated bool       `json:"truncated,omitempty" doc:"There are more; page with limit and cursor."`
}

type filterInput struct {
	PageInput
	UserID string `query:"user_id" maxLength:"255" doc:"The owner asked about (default: the caller)." example:"demo-provider"`
	Filter string `query:"filter" maxLength:"500" doc:"all, or a comma list of statuses." example:"0,1,10"`
}

func (a *API) filterCases(ctx context.Context, in *filterInput) (*casePage, error) {
	who := actorOf(ctx)
	q, err := caseQuery(in.PageInput, "case_filter", in.Filter, who)
	if err != nil {
		return nil, err
	}
	if q.Owner = who.User; in.UserID != "" {
		if q.Owner, err = ident.ParseUserID(in.UserID); err != nil {
			return nil, at("query.user_id", err)
		}
	}
	listed, err := a.Casebook.Owned(ctx, who, q)
	if err != nil {
		return nil, err
	}
	out := pageOf(listed, who, in.PageInput, "case_filter", url.Values{"user_id": {string(q.Owner)}, "filter": {in.Filter}})
	out.Body.UserID, out.Body.Filter = string(q.Owner), filterEcho(q.Statuses, []string{"all"})
	return out, nil
}

type groupInput struct {
	PageInput
	RequestingUserID string `query:"requesting_user_id" maxLength:"255" doc:"May only repeat the caller."`
	UserID           string `query:"user_id" maxLength:"255" doc:"May only repeat the caller; in trusted mode without a header it names him."`
	TargetUserID     string `query:"target_user_id" maxLength:"255" doc:"Only this member's cases."`
	Filter           string `query:"filter" maxLength:"500" doc:"all, or a comma list of statuses."`
}

func (a *API) groupCases(ctx context.Context, in *groupInput) (*casePage, error) {
	who := actorOf(ctx)
	q, err := caseQuery(in.PageInput, "group_cases", in.Filter, who)
	if err != nil {
		return nil, err
	}
	if in.TargetUserID != "" {
		if q.Owner, err = ident.ParseUserID(in.TargetUserID); err != nil {
			return nil, at("query.target_user_id", err)
		}
	}
	listed, err := a.Casebook.Grouped(ctx, who, q)
	if err != nil {
		return nil, err
	}
	out := pageOf(listed, who, in.PageInput, "group_cases", url.Values{"target_user_id": {in.TargetUserID}, "filter": {in.Filter}})
	out.Body.UserID, out.Body.Filter = string(who.User), filterEcho(q.Statuses, []string{"all"})
	return out, nil
}

type byStatusInput struct {
	PageInput
	UserID    string `query:"user_id" maxLength:"255" doc:"May only repeat the caller; in trusted mode without a header it names him."`
	Filter    string `query:"filter" maxLength:"500" doc:"all, or a comma list of statuses." example:"10,15"`
	StartDate string `query:"start_date" maxLength:"20" doc:"First case date, YYYY-MM-DD." example:"2026-10-01"`
	EndDate   string `query:"end_date" maxLength:"20" doc:"Last case date, YYYY-MM-DD." example:"2026-12-31"`
	Duplicate bool   `query:"duplicates" doc:"Only cases that are forced, found or confirmed duplicates, or have another of their owner, patient and day."`
}

func (a *API) casesByStatus(ctx context.Context, in *byStatusInput) (*casePage, error) {
	who := actorOf(ctx)
	q, err := caseQuery(in.PageInput, "cases_by_status", in.Filter, who)
	if err != nil {
		return nil, err
	}
	if q.From, q.To, err = dateRange(in.StartDate, in.EndDate); err != nil {
		return nil, err
	}
	q.Duplicates = in.Duplicate
	listed, err := a.Casebook.Everybodys(ctx, who, q)
	if err != nil {
		return nil, err
	}
	out := pageOf(listed, who, in.PageInput, "cases_by_status", onlyDuplicates(in.Duplicate, url.Values{"filter": {in.Filter}, "start_date": {in.StartDate}, "end_date": {in.EndDate}}))
	for i := range listed.Cases {
		out.Body.Cases[i].ProviderName = shownOrNull(directory.FullName(listed.Cases[i].OwnerFirst, listed.Cases[i].OwnerLast))
	}
	out.Body.Filter, out.Body.StartDate, out.Body.EndDate = filterEcho(q.Statuses, "all"), shownOrNull(in.StartDate), shownOrNull(in.EndDate)
	return out, nil
}

func onlyDuplicates(only bool, query url.Values) url.Values {
	if only {
		query.Set("duplicates", "true")
	}
	return query
}

func dateRange(from, to string) (start, end civil.Date, err error) {
	var r reader
	if from != "" {
		start = r.date("query.start_date", from)
	}
	if to != "" {
		end = r.date("query.end_date", to)
	}
	return start, end, r.bad.Err()
}

// casePosition is what a cursor of a case list holds.
type casePosition struct {
	Status int    `json:"s,omitempty"`
	Date   string `json:"d,omitempty"`
	ID     string `json:"i"`
}

func caseQuery(p PageInput, list, filter string, who permission.Actor) (surgical.Query, error) {
	q := surgical.Query{Statuses: surgical.ParseFilter(filter, who), Limit: p.limit(), Count: p.Count}
	pos, err := readCursor[casePosition](list, p.Cursor)
	if err != nil || pos == nil {
		return q, err
	}
	date, dateErr := civil.ParseDate(pos.Date)
	id, idErr := ident.ParseCaseID(pos.ID)
	if idErr != nil || (pos.Date != "" && dateErr != nil) {
		return q, fault.InvalidField("query.cursor", "is not a cursor of this list")
	}
	q.After = &surgical.Position{Status: surgical.Status(pos.Status), Date: date, ID: id}
	return q, nil
}

// filterEcho tells the client how its filter was understood.
func filterEcho(f surgical.StatusFilter, all any) any {
	if f.Any {
		return all
	}
	return f.Asked
}

func pageOf(listed casebook.Listed, who permission.Actor, p PageInput, list string, query url.Values) *casePage {
	out := &casePage{Body: casePageBody{Cases: make([]caseBody, len(listed.Cases))}}
	for i := range listed.Cases {
		sheet := &listed.Cases[i]
		body := bodyOf(sheet, who)
		label := listed.Labels[sheet.Shown(who)]
		body.CaseStatusDesc = &label
		out.Body.Cases[i] = body
	}
	if listed.More {
		last := &listed.Cases[len(listed.Cases)-1]
		query.Set("limit", strconv.Itoa(p.limit()))
		out.Link = nextLink("/"+list, query, writeCursor(list, casePosition{int(last.Shown(who)), last.Date.String(), string(last.ID)}))
		out.Body.Truncated = p.Limit == 0
	}
	if p.Count {
		out.Total = strconv.Itoa(listed.Total)
	}
	return out
}

type moveInput struct {
	UserID string `query:"user_id" maxLength:"255" doc:"May only repeat the caller; in trusted mode without a header it names him."`
	Body   struct {
		CaseIDs   []string `json:"case_ids" nullable:"false" minItems:"1" maxItems:"1000" doc:"At most 1,000; repeated ids count once." example:"[\"demo-case-001\"]"`
		NewStatus int      `json:"new_status" minimum:"0" maximum:"10000" doc:"One of the case statuses." example:"10"`
		Force     *bool    `json:"force,omitempty" nullable:"true" doc:"For moves that need it."`
		Reason    *string  `json:"reason,omitempty" nullable:"true" maxLength:"500" doc:"For moves that need it. No patient data, please."`
	}
}

type moveAnswer struct {
	Body moveAnswerBody
}

type moveAnswerBody struct {
	UpdatedCases    []movedBody     `json:"updated_cases" nullable:"false"`
	Exceptions      []exceptionBody `json:"exceptions" nullable:"false"`
	TotalProcessed  int             `json:"total_processed" example:"1"`
	TotalUpdated    int             `json:"total_updated" example:"1"`
	TotalExceptions int             `json:"total_exceptions" example:"0"`
	RunID           *int64          `json:"run_id" nullable:"true" doc:"The manual payment run that a move to 15 opened."`
	NotToPay        []string        `json:"bills_not_to_pay" nullable:"false" doc:"Document numbers of bills in accounting files whose payments were cancelled; a later file takes them back." example:"[\"12\"]"`
	DryRun          bool            `json:"dry_run"`
}

type movedBody struct {
	CaseID           string       `json:"case_id" example:"demo-case-001"`
	PreviousStatus   int          `json:"previous_status" example:"1"`
	NewStatus        int          `json:"new_status" example:"10"`
	Forced           bool         `json:"forced"`
	TimestampUpdated *stampedBody `json:"timestamp_updated,omitempty"`
}

type stampedBody struct {
	Field      string `json:"field" example:"ready_for_billing_ts"`
	Transition string `json:"transition" example:"1 → 10"`
}

type exceptionBody struct {
	CaseID          string `json:"case_id" example:"demo-case-002"`
	Code            string `json:"code" example:"case_not_found"`
	Reason          string `json:"reason" example:"Case not found or inactive"`
	CurrentStatus   *int   `json:"current_status" nullable:"true"`
	AttemptedStatus int    `json:"attempted_status" example:"10"`
}

func (a *API) moveCases(ctx context.Context, in *moveInput) (*moveAnswer, error) {
	move, err := in.read()
	if err != nil {
		return nil, err
	}
	done, err := a.Cases.Move(ctx, actorOf(ctx), move)
	if err != nil {
		return nil, err
	}
	out := &moveAnswer{Body: moveAnswerBody{
		UpdatedCases: make([]movedBody, len(done.Moved)), Exceptions: make([]exceptionBody, len(done.Exceptions)),
		TotalProcessed: len(done.Moved) + len(done.Exceptions), TotalUpdated: len(done.Moved), TotalExceptions: len(done.Exceptions),
		RunID: nullable(done.RunID), NotToPay: mapped(done.NotToPay, pay.Entry.DocNumber),
	}}
	if len(done.Exceptions) > 0 {
		callOf(ctx).outcome = Partly
	}
	for i, m := range done.Moved {
		out.Body.UpdatedCases[i] = movedBodyOf(string(m.ID), m.Move)
	}
	for i, e := range done.Exceptions {
		out.Body.Exceptions[i] = exceptionBody{CaseID: string(e.ID), Code: e.Code, Reason: e.Reason, CurrentStatus: (*int)(e.Status), AttemptedStatus: int(move.To)}
	}
	return out, nil
}

func movedBodyOf(id string, m surgical.Move) movedBody {
	body := movedBody{CaseID: id, PreviousStatus: int(m.From), NewStatus: int(m.To), Forced: m.Forced}
	if field, ok := stampField[m.To]; ok {
		body.TimestampUpdated = &stampedBody{field, strconv.Itoa(int(m.From)) + " → " + strconv.Itoa(int(m.To))}
	}
	return body
}

func (in *moveInput) read() (cases.BulkMove, error) {
	var r reader
	move := cases.BulkMove{Force: in.Body.Force != nil && *in.Body.Force}
	for i, text := range in.Body.CaseIDs {
		id, err := ident.ParseCaseID(text)
		r.bad.Check(indexed("body.case_ids", i), err)
		move.IDs = append(move.IDs, id)
	}
	to, err := surgical.ParseStatus(in.Body.NewStatus)
	r.bad.Check("body.new_status", err)
	if move.To = to; in.Body.Reason != nil {
		move.Reason = r.line("body.reason", *in.Body.Reason, 500, false)
	}
	return move, r.bad.Err()
}

type historyAnswer struct {
	Body struct {
		CaseID  string        `json:"case_id" example:"demo-case-001"`
		History []historyBody `json:"history" nullable:"false"`
	}
}

type historyBody struct {
	FromStatus     int       `json:"from_status" example:"1"`
	FromStatusDesc string    `json:"from_status_desc" example:"Submitted"`
	ToStatus       int       `json:"to_status" example:"10"`
	ToStatusDesc   string    `json:"to_status_desc" example:"Ready for billing"`
	At             time.Time `json:"at"`
	ActorID        string    `json:"actor_id" doc:"A user, or system:auto, system:job, system:cli." example:"demo-case-admin"`
	Reason         *string   `json:"reason" nullable:"true"`
	RunID          *int64    `json:"run_id" nullable:"true"`
}

func (a *API) caseHistory(ctx context.Context, in *OneCase) (*historyAnswer, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	told, err := a.Casebook.History(ctx, actorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	out := &historyAnswer{}
	out.Body.CaseID, out.Body.History = string(id), make([]historyBody, len(told.Entries))
	for i, e := range told.Entries {
		out.Body.History[i] = historyBody{
			FromStatus: int(e.From), FromStatusDesc: told.Labels[e.From], ToStatus: int(e.To), ToStatusDesc: told.Labels[e.To],
			At: e.At, ActorID: string(e.By), Reason: nullable(e.Reason), RunID: nullable(e.RunID),
		}
	}
	return out, nil
}
