package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"surgicase/application/operations"
	"surgicase/domain/civil"
	"surgicase/domain/directory"
	"surgicase/domain/fault"
)

const tagLists = "Lists"

func (a *API) listRoutes() {
	register(a, route{
		method: http.MethodGet, path: "/doctypes", id: "list-doctypes", tag: tagLists,
		summary: "List the kinds of user documents", description: "By name.",
	}, a.docTypes)
	register(a, route{
		method: http.MethodGet, path: "/user_doc_types", id: "list-user-doc-types", tag: tagLists,
		summary: "List the kinds of user documents with the prefixes of their file names", description: "By name.",
	}, a.userDocTypes)
	register(a, route{
		method: http.MethodGet, path: "/timezones", id: "list-timezones", tag: tagLists,
		summary: "List time zones", description: "IANA names with their offsets from UTC in standard time, by name.",
	}, a.timezones)
	register(a, route{
		method: http.MethodGet, path: "/user_types", id: "list-user-types", tag: tagLists,
		summary: "List the user types", description: "In order of type.",
	}, a.userTypes)
	register(a, route{
		method: http.MethodGet, path: "/case_statuses", id: "list-case-statuses", tag: tagLists,
		summary: "List the case statuses", description: "In order of status. The statuses are fixed, their labels can be edited.",
	}, a.caseStatuses)
	register(a, route{
		method: http.MethodGet, path: "/faqs", id: "list-faqs", tag: tagLists,
		summary: "List the questions and answers for the caller", description: "Those for exactly the caller's user type, in display order.",
	}, a.faqs)
	register(a, route{
		method: http.MethodGet, path: "/cpt_codes", id: "list-cpt-codes", tag: tagLists,
		summary: "Look up procedure codes", description: "The catalogue that the practice has imported under its own licence, in order of code.",
	}, a.cptCodes)
}

// OnlyCaller is the input of routes without parameters of their own.
type OnlyCaller struct {
	UserID string `query:"user_id" maxLength:"255" doc:"May only repeat the caller; in trusted mode without a header it names him."`
}

type docTypesAnswer struct {
	Body struct {
		DocumentTypes []docTypeBody `json:"document_types" nullable:"false"`
	}
}

type docTypeBody struct {
	DocType string `json:"doc_type" example:"Medical License"`
}

func (a *API) docTypes(ctx context.Context, _ *OnlyCaller) (*docTypesAnswer, error) {
	list, err := a.Lists.DocTypes(ctx)
	out := &docTypesAnswer{}
	out.Body.DocumentTypes = mapped(list, func(d directory.DocType) docTypeBody { return docTypeBody{d.Name} })
	return out, err
}

type userDocTypesAnswer struct {
	Body struct {
		UserDocTypes []UserDocTypeBody `json:"user_doc_types" nullable:"false"`
	}
}

// UserDocTypeBody is a kind of user document.
type UserDocTypeBody struct {
	DocType   string `json:"doc_type" minLength:"1" maxLength:"100" example:"Medical License"`
	DocPrefix string `json:"doc_prefix" maxLength:"25" example:"LIC"`
}

func (a *API) userDocTypes(ctx context.Context, _ *OnlyCaller) (*userDocTypesAnswer, error) {
	list, err := a.Lists.DocTypes(ctx)
	out := &userDocTypesAnswer{}
	out.Body.UserDocTypes = mapped(list, func(d directory.DocType) UserDocTypeBody { return UserDocTypeBody{d.Name, d.Prefix} })
	return out, err
}

type timezonesAnswer struct {
	Body struct {
		Timezones []zoneBody `json:"timezones" nullable:"false"`
	}
}

type zoneBody struct {
	TZIdentifier string `json:"tz_identifier" example:"America/New_York"`
	UTCOffset    string `json:"utc_offset" doc:"In standard time." example:"-05:00"`
}

func (a *API) timezones(context.Context, *OnlyCaller) (*timezonesAnswer, error) {
	out := &timezonesAnswer{}
	out.Body.Timezones = mapped(operations.Zones(a.settings.Now()), func(z operations.Zone) zoneBody { return zoneBody{z.Name, z.Offset} })
	return out, nil
}

type userTypesAnswer struct {
	Body struct {
		UserTypes []userTypeBody `json:"user_types" nullable:"false"`
	}
}

type userTypeBody struct {
	UserType          int    `json:"user_type" example:"1"`
	UserTypeDesc      string `json:"user_type_desc" example:"Basic Provider"`
	UserMaxCaseStatus *int   `json:"user_max_case_status" nullable:"true" doc:"The max_case_status that users get with the type." example:"20"`
}

func (a *API) userTypes(ctx context.Context, _ *OnlyCaller) (*userTypesAnswer, error) {
	list, err := a.Lists.UserTypes(ctx)
	out := &userTypesAnswer{}
	out.Body.UserTypes = mapped(list, userTypeBodyOf)
	return out, err
}

func userTypeBodyOf(l directory.UserTypeLabel) userTypeBody {
	return userTypeBody{UserType: int(l.Type), UserTypeDesc: l.Label, UserMaxCaseStatus: nullable(l.MaxStatus)}
}

type caseStatusesAnswer struct {
	Body struct {
		CaseStatuses []statusLabelBody `json:"case_statuses" nullable:"false"`
	}
}

type statusLabelBody struct {
	CaseStatus     int    `json:"case_status" example:"10"`
	CaseStatusDesc string `json:"case_status_desc" example:"Ready for billing"`
}

func statusLabels(list []directory.StatusLabel) []statusLabelBody {
	return mapped(list, func(l directory.StatusLabel) statusLabelBody { return statusLabelBody{int(l.Status), l.Label} })
}

func (a *API) caseStatuses(ctx context.Context, _ *OnlyCaller) (*caseStatusesAnswer, error) {
	list, err := a.Lists.Statuses(ctx)
	out := &caseStatusesAnswer{}
	out.Body.CaseStatuses = statusLabels(list)
	return out, err
}

type faqsAnswer struct {
	Body struct {
		FAQs     []FAQBody `json:"faqs" nullable:"false"`
		UserType int       `json:"user_type" doc:"The caller's." example:"1"`
	}
}

// FAQBody is a question and its answer.
type FAQBody struct {
	FAQHeader string `json:"faq_header" example:"When am I paid?"`
	FAQText   string `json:"faq_text" example:"On the first Friday after the run was settled."`
}

func (a *API) faqs(ctx context.Context, _ *OnlyCaller) (*faqsAnswer, error) {
	list, err := a.Lists.FAQs(ctx, actorOf(ctx))
	out := &faqsAnswer{}
	out.Body.UserType = int(actorOf(ctx).Type)
	out.Body.FAQs = mapped(list, func(f directory.FAQ) FAQBody { return FAQBody{f.Header, f.Text} })
	return out, err
}

// mostCodes is how many codes a request without limit gets. Source: spec/decisions.md 1.8.
const mostCodes = 20_000

type codesInput struct {
	PageInput
	OnlyCaller
	Search string `query:"search" maxLength:"200" doc:"The beginning of a code, or words of the description." example:"Z90"`
	Kind   string `query:"kind" maxLength:"20" doc:"Only this code system." example:"cpt"`
	Date   string `query:"date" maxLength:"10" doc:"Only codes that are valid on this day." example:"2026-11-02"`
}

type codesAnswer struct {
	PageHeaders
	Body struct {
		CPTCodes  []catalogueBody `json:"cpt_codes" nullable:"false"`
		Truncated bool            `json:"truncated,omitempty" doc:"There are more than 20,000; page with limit and cursor."`
	}
}

type catalogueBody struct {
	CPTCode        string  `json:"cpt_code" example:"Z9001"`
	CPTDescription string  `json:"cpt_description" example:"Invented procedure one"`
	Kind           string  `json:"kind" doc:"The code system." example:"cpt"`
	Category       *string `json:"category" nullable:"true" example:"SPINE"`
	EffectiveDate  *string `json:"effective_date" format:"date" nullable:"true" doc:"First day of validity; null is open."`
	EndDate        *string `json:"end_date" format:"date" nullable:"true" doc:"Last day of validity; null is open."`
}

// codeKeys is what a cursor of the catalogue holds.
type codeKeys struct {
	Code string `json:"c"`
	Kind string `json:"k"`
	From string `json:"f,omitempty"`
}

func (a *API) cptCodes(ctx context.Context, in *codesInput) (*codesAnswer, error) {
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	limit := q.Limit
	q.Limit++
	list, err := a.Codes.LookUp(ctx, actorOf(ctx), q)
	if err != nil {
		return nil, err
	}
	out := &codesAnswer{}
	if len(list) > limit {
		list = list[:limit]
		last := list[limit-1]
		query := url.Values{"limit": {strconv.Itoa(min(limit, maxPage))}, "search": {in.Search}, "kind": {in.Kind}, "date": {in.Date}}
		out.Link = nextLink("/cpt_codes", query, writeCursor("cpt_codes", codeKeys{last.Code, last.Kind, last.From.String()}))
		out.Body.Truncated = in.Limit == 0
	}
	out.Body.CPTCodes = mapped(list, catalogueBodyOf)
	if in.Count {
		n, err := a.Codes.Count(ctx, q)
		out.Total = strconv.Itoa(n)
		return out, err
	}
	return out, nil
}

func (in *codesInput) query() (operations.CodeQuery, error) {
	var r reader
	q := operations.CodeQuery{Kind: in.Kind, Search: r.line("query.search", in.Search, 200, false), On: r.day("query.date", in.Date), Limit: in.Limit}
	if q.Limit == 0 {
		q.Limit = mostCodes
	}
	if err := r.bad.Err(); err != nil {
		return q, err
	}
	keys, err := readCursor[codeKeys]("cpt_codes", in.Cursor)
	if err != nil || keys == nil {
		return q, err
	}
	from, err := civil.ParseDate(keys.From)
	if keys.From != "" && err != nil {
		return q, fault.InvalidField("query.cursor", "is not a cursor of this list")
	}
	q.After = &directory.ProcedureCode{Code: keys.Code, Kind: keys.Kind, From: from}
	return q, nil
}

func catalogueBodyOf(c directory.ProcedureCode) catalogueBody {
	return catalogueBody{
		CPTCode: c.Code, CPTDescription: c.Description, Kind: c.Kind, Category: nullable(c.Category),
		EffectiveDate: nullableDate(c.From), EndDate: nullableDate(c.Until),
	}
}

// mapped turns each entry into what is answered; no entries make an empty list, not null.
func mapped[T, B any](list []T, turn func(T) B) []B {
	out := make([]B, len(list))
	for i, entry := range list {
		out[i] = turn(entry)
	}
	return out
}
