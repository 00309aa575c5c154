package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"surgicase/application/payments"
	"surgicase/domain/pay"
)

const tagRuns = "Payment runs"

func (a *API) runRoutes() {
	register(a, route{
		method: http.MethodPost, path: "/payment_runs", id: "open-run", dryRun: true, tag: tagRuns, status: http.StatusCreated,
		faults:  []int{http.StatusForbidden, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		summary: "Open a payment run", description: "For Global Admins. Every case at 10 that can be paid goes to 15 and gets its payment, all at once; the others are held, with the reason, " +
			"and so are one's own. The run carries the cancellations and reversals made since the last one. With dry_run=true (200) it only says which cases and totals it would have.",
	}, a.openRun)
	a.alsoOK("/payment_runs", "Nothing to pay and nothing to take back: nothing was written and run_id is null.")
	register(a, route{
		method: http.MethodGet, path: "/payment_runs", id: "list-runs", tag: tagRuns, faults: []int{http.StatusForbidden},
		summary: "List payment runs", description: "For Case Admins, newest first, with their sums.",
	}, a.listRuns)
	register(a, route{
		method: http.MethodGet, path: "/payment_runs/{run_id}", id: "get-run", tag: tagRuns, faults: []int{http.StatusForbidden, http.StatusNotFound},
		summary: "Read a payment run", description: "For Case Admins: its sums, its payments by provider and date, page by page, and with the first page what it left out and what it carries back.",
	}, a.getRun)
	register(a, route{
		method: http.MethodPost, path: "/payment_runs/{run_id}/settle", id: "settle-run", dryRun: true, tag: tagRuns,
		faults:  []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict},
		summary: "Mark a payment run as paid", description: "For Global Admins. Its open payments are settled and exactly their cases go to 20; one's own are left. " +
			"The answer names the bills of the run's accounting file that must not be paid: their payments were cancelled since.",
	}, a.settleRun)
	register(a, route{
		method: http.MethodPost, path: "/payment_runs/{run_id}/reverse", id: "reverse-run", dryRun: true, tag: tagRuns,
		faults:  []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		summary: "Take a payment run back", description: "For Global Admins. Open payments are cancelled, settled ones reversed, and their cases go to 10 wherever they stand, so that a later run can pay them; " +
			"one's own are left. The next run's file carries what was taken back.",
	}, a.reverseRun)
}

type openRunInput struct {
	OnlyCaller
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"100" doc:"Sent again with the same body within 24 hours, the first answer is given again."`
	RawBody        []byte
	Body           openRunRequest
}

type openedAnswer struct {
	Status   int
	Location string `header:"Location" doc:"Where the run can be read."`
	Body     openedBody
}

type openedBody struct {
	Message string `json:"message" example:"Payment run opened"`
	RunBody
	Payments     []paymentBody `json:"payments" nullable:"false"`
	Refunds      []refundBody  `json:"refunds" nullable:"false" doc:"Cancellations and reversals that the run's file carries."`
	RefundsTotal Money         `json:"refunds_total" doc:"Their sum, negative."`
	DueBody
	Held   []heldBody `json:"held" nullable:"false" doc:"Cases at 10 that are left out."`
	DryRun bool       `json:"dry_run"`
}

func (a *API) openRun(ctx context.Context, in *openRunInput) (*openedAnswer, error) {
	wanted, err := in.Body.read()
	if err != nil {
		return nil, err
	}
	if err := in.Body.check(ctx); err != nil {
		return nil, err
	}
	key, earlier, err := a.beginRequest(ctx, "POST /payment_runs", in.IdempotencyKey, in.RawBody)
	if err != nil {
		return nil, err
	}
	if earlier != "" {
		return a.openedBefore(ctx, earlier)
	}
	wanted.Request = key
	done, err := a.Runs.Open(ctx, actorOf(ctx), wanted)
	if err != nil {
		return nil, a.abandonRequest(ctx, key, err)
	}
	return openedAnswerOf(ctx, done, "Payment run opened"), nil
}

// openedBefore rebuilds the answer to a repeated request by a read that checks permission.
func (a *API) openedBefore(ctx context.Context, earlier string) (*openedAnswer, error) {
	id, err := strconv.ParseInt(earlier, 10, 64)
	if err != nil {
		return openedAnswerOf(ctx, payments.Opened{}, ""), nil // it opened nothing
	}
	found, err := a.Runs.Get(ctx, actorOf(ctx), id, payments.LinePage{})
	if err != nil {
		return nil, err
	}
	return openedAnswerOf(ctx, payments.Opened{Run: &found.Run, Lines: slices.Concat(found.Payments, found.Refunds), Held: found.Held, Due: found.Due, Duplicates: found.Duplicates}, "Payment run opened"), nil
}

func openedAnswerOf(ctx context.Context, o payments.Opened, message string) *openedAnswer {
	out := &openedAnswer{Status: http.StatusOK}
	out.Body.Message, out.Body.RunBody = "There is nothing to pay", runBodyOrNone(o.Run, pay.Manual)
	if o.Run != nil {
		out.Status, out.Location, out.Body.Message = http.StatusCreated, runPath(o.Run.ID), message
	}
	known := duplicatesOf{o.Duplicates, actorOf(ctx)}
	out.Body.Payments, out.Body.Refunds = splitLines(o.Lines, known)
	for _, refund := range out.Body.Refunds {
		out.Body.RefundsTotal += refund.Amount
	}
	out.Body.Held = mapped(o.Held, func(h pay.Held) heldBody { return heldBodyOf(h, known) })
	out.Body.DueBody = dueBodyOf(o.Due)
	return out
}

func runPath(id int64) string { return "/payment_runs/" + strconv.FormatInt(id, 10) }

type runsInput struct {
	PageInput
	OnlyCaller
}

type runsAnswer struct {
	PageHeaders
	Body struct {
		PaymentRuns []RunBody `json:"payment_runs" nullable:"false"`
		Truncated   bool      `json:"truncated,omitempty" doc:"There are more; page with limit and cursor."`
	}
}

// numberKey is what a cursor of a list in order of a number holds.
type numberKey struct {
	ID int64 `json:"i"`
}

func (a *API) listRuns(ctx context.Context, in *runsInput) (*runsAnswer, error) {
	last, err := readCursor[numberKey]("payment_runs", in.Cursor)
	if err != nil {
		return nil, err
	}
	if last == nil {
		last = &numberKey{}
	}
	runs, err := a.Runs.List(ctx, actorOf(ctx), last.ID, in.limit()+1)
	if err != nil {
		return nil, err
	}
	out := &runsAnswer{}
	if len(runs) > in.limit() {
		runs = runs[:in.limit()]
		out.Link = nextLink("/payment_runs", url.Values{"limit": {strconv.Itoa(in.limit())}}, writeCursor("payment_runs", numberKey{runs[len(runs)-1].ID}))
		out.Body.Truncated = in.Limit == 0
	}
	out.Body.PaymentRuns = mapped(runs, runBodyOf)
	if in.Count {
		n, err := a.Runs.Count(ctx, actorOf(ctx))
		if err != nil {
			return nil, err
		}
		out.Total = strconv.Itoa(n)
	}
	return out, nil
}

// OneRun names a payment run in the path.
type OneRun struct {
	OnlyCaller
	RunID int64 `path:"run_id" minimum:"1" doc:"The payment run." example:"1"`
}

type runInput struct {
	OneRun
	PageInput
}

type runAnswer struct {
	PageHeaders
	Body struct {
		RunBody
		Payments     []paymentBody `json:"payments" nullable:"false"`
		Refunds      []refundBody  `json:"refunds" nullable:"false" doc:"Cancellations and reversals that the run's file carries; with the first page."`
		RefundsTotal Money         `json:"refunds_total" doc:"Their sum, negative."`
		DueBody
		Held      []heldBody `json:"held" nullable:"false" doc:"Cases that the run left out when it was opened; with the first page."`
		Truncated bool       `json:"truncated,omitempty" doc:"There are more payments; page with limit and cursor."`
	}
}

func (a *API) getRun(ctx context.Context, in *runInput) (*runAnswer, error) {
	after, err := readCursor[numberKey]("payment_run", in.Cursor)
	if err != nil {
		return nil, err
	}
	page := payments.LinePage{Limit: in.limit()}
	if after != nil {
		page.After = &after.ID
	}
	found, err := a.Runs.Get(ctx, actorOf(ctx), in.RunID, page)
	if err != nil {
		return nil, err
	}
	out := &runAnswer{}
	out.Body.RunBody, out.Body.RefundsTotal = runBodyOf(found.Run), Money(found.Refunded)
	known := duplicatesOf{found.Duplicates, actorOf(ctx)}
	out.Body.Payments = mapped(found.Payments, func(l pay.Line) paymentBody { return paymentBodyOf(l, known) })
	out.Body.Refunds = mapped(found.Refunds, func(l pay.Line) refundBody { return refundBodyOf(l, known) })
	out.Body.Held = mapped(found.Held, func(h pay.Held) heldBody { return heldBodyOf(h, known) })
	out.Body.DueBody = dueBodyOf(found.Due)
	if found.More {
		out.Link = nextLink(runPath(in.RunID), url.Values{"limit": {strconv.Itoa(in.limit())}}, writeCursor("payment_run", numberKey{found.Payments[len(found.Payments)-1].ID}))
		out.Body.Truncated = in.Limit == 0
	}
	if in.Count {
		out.Total = strconv.Itoa(found.Run.Payments)
	}
	return out, nil
}

type postedAnswer struct {
	Body struct {
		Message string `json:"message" example:"Payment run settled"`
		RunBody
		CaseIDs         []string           `json:"case_ids" nullable:"false" doc:"The cases that moved."`
		TotalUpdated    int                `json:"total_updated" doc:"Payments settled, or taken back." example:"8"`
		Exceptions      []runExceptionBody `json:"exceptions" nullable:"false" doc:"Cases that were left, such as one's own."`
		TotalExceptions int                `json:"total_exceptions" example:"0"`
		NotToPay        []paymentBody      `json:"bills_not_to_pay" nullable:"false" doc:"Bills of the run's accounting file whose payments were cancelled; a later file takes them back."`
	}
}

type runExceptionBody struct {
	CaseID string `json:"case_id" example:"demo-case-014"`
	Code   string `json:"code" example:"own_case"`
	Reason string `json:"reason" example:"Nobody can do this to their own case; another administrator has to."`
}

func (a *API) settleRun(ctx context.Context, in *OneRun) (*postedAnswer, error) {
	done, err := a.Runs.Settle(ctx, actorOf(ctx), in.RunID)
	if err != nil {
		return nil, err
	}
	message := "Payment run settled"
	if len(done.Moved) == 0 {
		message = "Nothing was settled"
	}
	return postedAnswerOf(done, message), nil
}

type reverseInput struct {
	OneRun
	Body struct {
		BodyCaller
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Why it is taken back. No patient data, please." example:"paid twice by the bank"`
	}
}

func (a *API) reverseRun(ctx context.Context, in *reverseInput) (*postedAnswer, error) {
	var r reader
	reason := r.line("body.reason", in.Body.Reason, maxReason, true)
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	if err := in.Body.check(ctx); err != nil {
		return nil, err
	}
	done, err := a.Runs.Reverse(ctx, actorOf(ctx), in.RunID, reason)
	if err != nil {
		return nil, err
	}
	return postedAnswerOf(done, "Payment run taken back"), nil
}

func postedAnswerOf(p payments.Posted, message string) *postedAnswer {
	out := &postedAnswer{}
	out.Body.Message, out.Body.RunBody = message, runBodyOf(p.Run)
	out.Body.CaseIDs = make([]string, len(p.Moved))
	for i := range p.Moved {
		out.Body.CaseIDs[i] = string(p.Moved[i].ID)
	}
	out.Body.TotalUpdated, out.Body.TotalExceptions = len(p.Moved)+len(p.Purged), len(p.Exceptions)
	out.Body.Exceptions = mapped(p.Exceptions, func(e payments.Exception) runExceptionBody { return runExceptionBody{string(e.ID), e.Code, e.Reason} })
	out.Body.NotToPay = make([]paymentBody, len(p.NotToPay))
	for i := range p.NotToPay {
		out.Body.NotToPay[i] = paymentBodyOf(p.NotToPay[i], duplicatesOf{}) // no duplicates: nobody is paid
	}
	return out
}
