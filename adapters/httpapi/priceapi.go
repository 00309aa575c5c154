package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"surgicase/application/payments"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/surgical"
)

const tagPrices = "Prices"

// Limits of price loads over HTTP; the command line takes more.
const (
	maxPriceBody = 8 << 20
	maxSource    = 250
	maxReason    = 500
	maxChanges   = 1000 // that an answer lists
)

func (a *API) priceRoutes() {
	register(a, route{
		method: http.MethodGet, path: "/pay_tiers", id: "list-pay-tiers", tag: tagPrices, faults: []int{http.StatusForbidden},
		summary: "List the current prices", description: "For Global Admins, by tier and code.",
	}, a.listPrices)
	register(a, route{
		method: http.MethodGet, path: "/tiers_summary", id: "tiers-summary", tag: tagPrices, faults: []int{http.StatusForbidden},
		summary: "Sum up the current prices by tier", description: "For Global Admins.",
	}, a.tiersSummary)
	register(a, route{
		method: http.MethodPost, path: "/pay_tiers", id: "load-pay-tiers", dryRun: true, tag: tagPrices, status: http.StatusCreated, maxBody: maxPriceBody,
		faults:  []int{http.StatusForbidden, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		summary: "Load prices", description: "For Global Admins. Makes a new version of the price table and prices every case below 15 by it, all at once. " +
			"Rows replace those of their tier and code. With dry_run=true (200) it only says which cases would change by how much.",
	}, a.loadPrices)
	a.alsoOK("/pay_tiers", "A dry run: nothing was written.")
	register(a, route{
		method: http.MethodPost, path: "/pay_tiers/confirm", id: "confirm-pay-tiers", dryRun: true, tag: tagPrices,
		faults:  []int{http.StatusForbidden, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		summary: "Confirm prices that somebody else loaded", description: "For Global Admins. Runs hold the cases of whoever loaded their price as own_price, until another " +
			"Global Admin confirms the price table as it stands at a version, or the operator does. What the caller has loaded is listed under own and stays as it is.",
	}, a.confirmPrices)
	register(a, route{
		method: http.MethodPost, path: "/case_pay/approve_zero", id: "approve-zero", dryRun: true, tag: tagPrices,
		faults:  []int{http.StatusForbidden, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		summary: "Let unpriced cases be paid at 0.00", description: "For Global Admins, and never for their own cases. Only unpriced cases below 15; what cannot be approved is listed under exceptions " +
			"and the answer stays 200. The reason goes into the history of each case.",
	}, a.approveZero)
}

type priceRowRequest struct {
	UserTier      int     `json:"user_tier" minimum:"1" maximum:"999" example:"1"`
	ProcedureCode string  `json:"procedure_code" minLength:"5" maxLength:"5" doc:"Five letters or digits, without modifiers." example:"Z9001"`
	CodeCategory  *string `json:"code_category,omitempty" nullable:"true" maxLength:"20" doc:"The pay category." example:"SPINE"`
	CodePayAmount Amount  `json:"code_pay_amount" minimum:"0" maximum:"99999999.99" doc:"What a provider of the tier is paid."`
}

type priceRowBody struct {
	UserTier      int     `json:"user_tier" example:"1"`
	ProcedureCode string  `json:"procedure_code" example:"Z9001"`
	CodeCategory  *string `json:"code_category" nullable:"true" doc:"The pay category." example:"SPINE"`
	CodePayAmount Money   `json:"code_pay_amount" doc:"What a provider of the tier is paid."`
}

type pricesInput struct {
	PageInput
	OnlyCaller
	UserTier int `query:"user_tier" minimum:"1" maximum:"999" doc:"Only this tier." example:"1"`
}

type pricesAnswer struct {
	PageHeaders
	Body struct {
		PayTiers     []priceRowBody `json:"pay_tiers" nullable:"false"`
		TableVersion int64          `json:"table_version" doc:"0 before the first load." example:"3"`
		Truncated    bool           `json:"truncated,omitempty" doc:"There are more; page with limit and cursor."`
	}
}

// priceKeys is what a cursor of the prices holds.
type priceKeys struct {
	Tier int    `json:"t"`
	Code string `json:"c"`
}

func (a *API) listPrices(ctx context.Context, in *pricesInput) (*pricesAnswer, error) {
	keys, err := readCursor[priceKeys]("pay_tiers", in.Cursor)
	if err != nil {
		return nil, err
	}
	q := payments.PriceQuery{Tier: pay.Tier(in.UserTier), Limit: in.limit() + 1}
	if keys != nil {
		q.After = &pay.Row{Tier: pay.Tier(keys.Tier), Code: pay.Code(keys.Code)}
	}
	rows, version, err := a.Prices.Rows(ctx, actorOf(ctx), q)
	if err != nil {
		return nil, err
	}
	out := &pricesAnswer{}
	if len(rows) > in.limit() {
		rows = rows[:in.limit()]
		last := rows[len(rows)-1]
		query := url.Values{"limit": {strconv.Itoa(in.limit())}}
		if in.UserTier != 0 {
			query.Set("user_tier", strconv.Itoa(in.UserTier))
		}
		out.Link = nextLink("/pay_tiers", query, writeCursor("pay_tiers", priceKeys{int(last.Tier), string(last.Code)}))
		out.Body.Truncated = in.Limit == 0
	}
	out.Body.PayTiers, out.Body.TableVersion = mapped(rows, priceRowBodyOf), int64(version)
	if in.Count {
		out.Total, err = a.countPrices(ctx, pay.Tier(in.UserTier))
	}
	return out, err
}

func priceRowBodyOf(row pay.Row) priceRowBody {
	return priceRowBody{UserTier: int(row.Tier), ProcedureCode: string(row.Code), CodeCategory: nullable(row.Category), CodePayAmount: Money(row.Amount)}
}

// countPrices counts the rows of a tier, or of all.
func (a *API) countPrices(ctx context.Context, tier pay.Tier) (string, error) {
	tiers, _, err := a.Prices.Tiers(ctx, actorOf(ctx))
	n := 0
	for _, t := range tiers {
		if tier == 0 || t.Tier == tier {
			n += t.Rows
		}
	}
	return strconv.Itoa(n), err
}

type tiersAnswer struct {
	Body struct {
		Tiers        []tierBody `json:"tiers" nullable:"false"`
		TableVersion int64      `json:"table_version" example:"3"`
	}
}

type tierBody struct {
	UserTier  int   `json:"user_tier" example:"1"`
	Codes     int   `json:"codes" doc:"How many codes have a price." example:"120"`
	MaxAmount Money `json:"max_amount" doc:"The highest price."`
}

func (a *API) tiersSummary(ctx context.Context, _ *OnlyCaller) (*tiersAnswer, error) {
	tiers, version, err := a.Prices.Tiers(ctx, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	out := &tiersAnswer{}
	out.Body.TableVersion = int64(version)
	out.Body.Tiers = mapped(tiers, func(t payments.TierTotal) tierBody { return tierBody{int(t.Tier), t.Rows, Money(t.Highest)} })
	return out, nil
}

type loadInput struct {
	OnlyCaller
	Body struct {
		BodyCaller
		Rows         []priceRowRequest `json:"rows" nullable:"false" minItems:"1" maxItems:"20000"`
		ReplaceTiers bool              `json:"replace_tiers,omitempty" doc:"Replace the entire tiers that the rows name, not only the codes."`
		Source       string            `json:"source,omitempty" maxLength:"250" doc:"Where the prices come from, for people." example:"price list 2027"`
	}
}

type loadAnswer struct {
	Status   int
	Location string `header:"Location" doc:"The current prices."`
	Body     loadedBody
}

type loadedBody struct {
	Message         string            `json:"message" example:"Price table loaded successfully"`
	TableVersion    int64             `json:"table_version" doc:"The version made, or with dry_run to be made." example:"4"`
	Rows            int               `json:"rows" example:"120"`
	CasesPriced     int               `json:"cases_priced" doc:"Cases below 15." example:"40"`
	CasesChanged    int               `json:"cases_changed" doc:"Those whose amount, category or pay status differs." example:"3"`
	TotalDifference Money             `json:"total_difference" doc:"By how much all of them together are worth more, or less."`
	Changes         []priceChangeBody `json:"changes" nullable:"false" doc:"At most 1,000 of the changed cases."`
	Truncated       bool              `json:"truncated,omitempty" doc:"More cases changed than are listed."`
	DryRun          bool              `json:"dry_run"`
}

type priceChangeBody struct {
	CaseID      string    `json:"case_id" example:"demo-case-001"`
	HumanCaseID int64     `json:"human_case_id" example:"1042"`
	UserID      string    `json:"user_id" doc:"The owner." example:"demo-provider"`
	CaseStatus  int       `json:"case_status" example:"10"`
	Before      worthBody `json:"before"`
	After       worthBody `json:"after"`
	Difference  Money     `json:"difference"`
}

type worthBody struct {
	PayAmount   Money   `json:"pay_amount"`
	PayCategory *string `json:"pay_category" nullable:"true" example:"SPINE"`
	PayStatus   string  `json:"pay_status" example:"priced"`
}

func (a *API) loadPrices(ctx context.Context, in *loadInput) (*loadAnswer, error) {
	var r reader
	load := payments.Load{Whole: in.Body.ReplaceTiers, Source: r.line("body.source", in.Body.Source, maxSource, false), At: "body.rows"}
	for i, row := range in.Body.Rows {
		load.Rows = append(load.Rows, r.priceRow(indexed("body.rows", i), row))
	}
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	if err := in.Body.check(ctx); err != nil {
		return nil, err
	}
	done, err := a.Prices.Load(ctx, actorOf(ctx), load)
	out := &loadAnswer{}
	out.Body = loadedBodyOf(done, load)
	out.Status, out.Location, out.Body.Message = http.StatusCreated, "/pay_tiers", "Price table loaded successfully"
	return out, err
}

func (r *reader) priceRow(location string, b priceRowRequest) pay.Row {
	code, err := pay.ParseCode(b.ProcedureCode)
	r.bad.Check(location+".procedure_code", err)
	amount, err := pay.ParseCents(string(b.CodePayAmount))
	r.bad.Check(location+".code_pay_amount", err)
	row := pay.Row{Tier: pay.Tier(b.UserTier), Code: code, Amount: amount}
	if b.CodeCategory != nil {
		row.Category = r.line(location+".code_category", *b.CodeCategory, pay.MaxCategory, false)
	}
	return row
}

func loadedBodyOf(l payments.Loaded, load payments.Load) loadedBody {
	b := loadedBody{
		TableVersion: int64(l.Version), Rows: len(load.Rows), CasesPriced: l.Cases, CasesChanged: len(l.Changes), TotalDifference: Money(l.Total),
		Truncated: len(l.Changes) > maxChanges,
	}
	b.Changes = mapped(l.Changes[:min(len(l.Changes), maxChanges)], func(c payments.Change) priceChangeBody {
		return priceChangeBody{
			CaseID: string(c.ID), HumanCaseID: c.Number, UserID: string(c.Owner), CaseStatus: int(c.Status),
			Before: worthOf(c.Before), After: worthOf(c.Pay), Difference: Money(c.Pay.Amount - c.Before.Amount),
		}
	})
	return b
}

func worthOf(w surgical.Worth) worthBody {
	return worthBody{PayAmount: Money(w.Amount), PayCategory: nullable(w.Category), PayStatus: string(w.Status)}
}

type approveInput struct {
	OnlyCaller
	Body struct {
		BodyCaller
		CaseIDs []string `json:"case_ids" nullable:"false" minItems:"1" maxItems:"1000" doc:"At most 1,000; repeated ids count once." example:"[\"demo-case-001\"]"`
		Reason  string   `json:"reason" minLength:"1" maxLength:"500" doc:"Why nothing is paid. No patient data, please." example:"courtesy case"`
	}
}

type approveAnswer struct {
	Body struct {
		ApprovedCases   []approvedBody   `json:"approved_cases" nullable:"false"`
		Exceptions      []unapprovedBody `json:"exceptions" nullable:"false"`
		TotalProcessed  int              `json:"total_processed" example:"1"`
		TotalApproved   int              `json:"total_approved" example:"1"`
		TotalExceptions int              `json:"total_exceptions" example:"0"`
	}
}

type approvedBody struct {
	CaseID    string `json:"case_id" example:"demo-case-001"`
	PayStatus string `json:"pay_status" example:"zero_approved"`
}

type unapprovedBody struct {
	CaseID string `json:"case_id" example:"demo-case-002"`
	Code   string `json:"code" example:"case_not_unpriced"`
	Reason string `json:"reason" example:"Only an unpriced case below 15 can be approved at zero."`
}

func (a *API) approveZero(ctx context.Context, in *approveInput) (*approveAnswer, error) {
	var r reader
	ids := make([]ident.CaseID, len(in.Body.CaseIDs))
	for i, text := range in.Body.CaseIDs {
		id, err := ident.ParseCaseID(text)
		r.bad.Check(indexed("body.case_ids", i), err)
		ids[i] = id
	}
	reason := r.line("body.reason", in.Body.Reason, maxReason, true)
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	if err := in.Body.check(ctx); err != nil {
		return nil, err
	}
	done, err := a.Prices.ApproveZero(ctx, actorOf(ctx), ids, reason)
	if err != nil {
		return nil, err
	}
	out := &approveAnswer{}
	out.Body.ApprovedCases = mapped(done.Cases, func(c surgical.Standing) approvedBody { return approvedBody{string(c.ID), string(c.Pay.Status)} })
	out.Body.Exceptions = mapped(done.Exceptions, func(e payments.Exception) unapprovedBody { return unapprovedBody{string(e.ID), e.Code, e.Reason} })
	out.Body.TotalApproved, out.Body.TotalExceptions = len(done.Cases), len(done.Exceptions)
	out.Body.TotalProcessed = len(done.Cases) + len(done.Exceptions)
	return out, nil
}

type confirmPricesInput struct {
	OnlyCaller
	Body struct {
		BodyCaller
		TableVersion int64 `json:"table_version" minimum:"1" maximum:"9007199254740991" doc:"The version that was looked at; earlier ones are confirmed with it." example:"4"`
	}
}

type confirmPricesAnswer struct {
	Body struct {
		Confirmed []loadedTableBody `json:"confirmed" nullable:"false"`
		Own       []loadedTableBody `json:"own" nullable:"false" doc:"Loaded by the caller: somebody else has to confirm them."`
	}
}

type loadedTableBody struct {
	TableVersion int64     `json:"table_version" example:"4"`
	Source       string    `json:"source" example:"price list 2027"`
	LoadedBy     string    `json:"loaded_by" doc:"A user, or system:cli." example:"demo-global-admin"`
	LoadedAt     time.Time `json:"loaded_at"`
}

func (a *API) confirmPrices(ctx context.Context, in *confirmPricesInput) (*confirmPricesAnswer, error) {
	if err := in.Body.check(ctx); err != nil {
		return nil, err
	}
	result, err := a.Prices.Confirm(ctx, actorOf(ctx), pay.TableVersion(in.Body.TableVersion))
	if err != nil {
		return nil, err
	}
	toBody := func(t pay.LoadedTable) loadedTableBody {
		return loadedTableBody{TableVersion: int64(t.Version), Source: t.Source, LoadedBy: string(t.By), LoadedAt: t.At}
	}
	out := &confirmPricesAnswer{}
	out.Body.Confirmed, out.Body.Own = mapped(result.Confirmed, toBody), mapped(result.Own, toBody)
	return out, nil
}
