package httpapi

import (
	"context"
	"net/http"

	"surgicase/domain/directory"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

// Column widths of the lists. Source: reference-wire.md, data model.
const (
	maxTypeLabel   = 100
	maxStatusLabel = 200
	maxDocPrefix   = 25
	maxQuestion    = 500
	maxAnswer      = 20_000
)

func (a *API) listEditRoutes() {
	faults := []int{http.StatusForbidden, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType}
	const replaced = "For Global Admins. 201 for a new entry, 200 for one that was replaced."
	register(a, route{
		method: http.MethodPost, path: "/user_types", id: "put-user-type", dryRun: true, tag: tagLists, status: http.StatusCreated, faults: faults,
		summary: "Name a user type", description: replaced + " What a type may do follows from its number. Users who have the type keep their max_case_status.",
	}, a.putUserType)
	register(a, route{
		method: http.MethodPost, path: "/case_statuses", id: "put-case-status", dryRun: true, tag: tagLists, status: http.StatusCreated, faults: faults,
		summary: "Label a case status", description: replaced + " The statuses themselves are fixed.",
	}, a.putCaseStatus)
	register(a, route{
		method: http.MethodPost, path: "/user_doc_types", id: "put-user-doc-type", dryRun: true, tag: tagLists, status: http.StatusCreated, faults: faults,
		summary: "Add a kind of user document", description: replaced,
	}, a.putUserDocType)
	for _, path := range []string{"/user_types", "/case_statuses", "/user_doc_types"} {
		a.alsoOK(path, "An entry was replaced.")
	}
	register(a, route{
		method: http.MethodPost, path: "/faqs", id: "create-faq", dryRun: true, tag: tagLists, status: http.StatusCreated, faults: faults,
		summary: "Add a question and its answer", description: "For Global Admins.",
	}, a.createFAQ)
}

// BodyCaller is the caller as later clients of the old product repeat him in bodies.
type BodyCaller struct {
	UserID string `json:"user_id,omitempty" maxLength:"255" doc:"May only repeat the caller."`
}

func (b BodyCaller) check(ctx context.Context) error {
	if b.UserID != "" && !isNamed(actorOf(ctx), b.UserID) {
		return permission.NotYourData()
	}
	return nil
}

// putAnswer says whether an entry is new.
type putAnswer[B any] struct {
	Status   int
	Location string `header:"Location" doc:"The list that holds it."`
	Body     B
}

func answerPut[B any](added bool, list string, body B) *putAnswer[B] {
	out := &putAnswer[B]{Status: http.StatusOK, Body: body}
	if added {
		out.Status, out.Location = http.StatusCreated, list
	}
	return out
}

type putUserTypeInput struct {
	OnlyCaller
	Body struct {
		BodyCaller
		UserType          Digits           `json:"user_type" doc:"1 to 999."`
		UserTypeDesc      string           `json:"user_type_desc" minLength:"1" maxLength:"100" example:"Regional Admin"`
		UserMaxCaseStatus Optional[Digits] `json:"user_max_case_status,omitempty" doc:"The max_case_status that users get with the type; null sets none."`
	}
}

func (a *API) putUserType(ctx context.Context, in *putUserTypeInput) (*putAnswer[userTypeBody], error) {
	var r reader
	label := directory.UserTypeLabel{
		Type: r.userType("body.user_type", in.Body.UserType), Label: r.line("body.user_type_desc", in.Body.UserTypeDesc, maxTypeLabel, true),
	}
	if top := clearable(in.Body.UserMaxCaseStatus, "user_max_case_status", r.status); top != nil {
		label.MaxStatus = *top
	}
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	if err := in.Body.check(ctx); err != nil {
		return nil, err
	}
	added, err := a.Lists.PutUserType(ctx, actorOf(ctx), label)
	if err != nil {
		return nil, err
	}
	return answerPut(added, "/user_types", userTypeBodyOf(label)), nil
}

type putCaseStatusInput struct {
	OnlyCaller
	Body struct {
		BodyCaller
		CaseStatus     Digits `json:"case_status" doc:"One of the case statuses."`
		CaseStatusDesc string `json:"case_status_desc" minLength:"1" maxLength:"200" example:"Ready for billing"`
	}
}

func (a *API) putCaseStatus(ctx context.Context, in *putCaseStatusInput) (*putAnswer[statusLabelBody], error) {
	var r reader
	status := r.status("body.case_status", in.Body.CaseStatus)
	label := r.line("body.case_status_desc", in.Body.CaseStatusDesc, maxStatusLabel, true)
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	if err := in.Body.check(ctx); err != nil {
		return nil, err
	}
	added, err := a.Lists.PutStatus(ctx, actorOf(ctx), directory.StatusLabel{Status: surgical.Status(status), Label: label})
	if err != nil {
		return nil, err
	}
	return answerPut(added, "/case_statuses", statusLabelBody{status, label}), nil
}

type putUserDocTypeInput struct {
	OnlyCaller
	Body struct {
		BodyCaller
		UserDocTypeBody
	}
}

func (a *API) putUserDocType(ctx context.Context, in *putUserDocTypeInput) (*putAnswer[UserDocTypeBody], error) {
	var r reader
	kind := directory.DocType{
		Name: r.line("body.doc_type", in.Body.DocType, maxDocType, true), Prefix: r.line("body.doc_prefix", in.Body.DocPrefix, maxDocPrefix, false),
	}
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	if err := in.Body.check(ctx); err != nil {
		return nil, err
	}
	added, err := a.Lists.PutDocType(ctx, actorOf(ctx), kind)
	if err != nil {
		return nil, err
	}
	return answerPut(added, "/user_doc_types", UserDocTypeBody{kind.Name, kind.Prefix}), nil
}

type createFAQInput struct {
	OnlyCaller
	Body struct {
		BodyCaller
		UserType     Digits  `json:"user_type" doc:"The only user type that sees it."`
		FAQHeader    string  `json:"faq_header" minLength:"1" maxLength:"500" example:"When am I paid?"`
		FAQText      string  `json:"faq_text" minLength:"1" maxLength:"20000" example:"On the first Friday after the run was settled."`
		DisplayOrder *Digits `json:"display_order,omitempty" doc:"Lower ones come first. Default 0."`
	}
}

type createdFAQ struct {
	Location string `header:"Location" doc:"The list that holds it."`
	Body     struct {
		FAQID        int64 `json:"faq_id" example:"1"`
		UserType     int   `json:"user_type" example:"1"`
		DisplayOrder int   `json:"display_order" example:"1"`
		FAQBody
	}
}

func (a *API) createFAQ(ctx context.Context, in *createFAQInput) (*createdFAQ, error) {
	var r reader
	b := &in.Body
	f := directory.FAQ{
		Type: r.userType("body.user_type", b.UserType), Header: r.line("body.faq_header", b.FAQHeader, maxQuestion, true),
		Text: r.text("body.faq_text", b.FAQText, maxAnswer), Order: given(b.DisplayOrder, "display_order", r.displayOrder),
	}
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	if err := b.check(ctx); err != nil {
		return nil, err
	}
	made, err := a.Lists.AddFAQ(ctx, actorOf(ctx), f)
	if err != nil {
		return nil, err
	}
	out := &createdFAQ{Location: "/faqs"}
	out.Body.FAQID, out.Body.UserType, out.Body.DisplayOrder = made.ID, int(made.Type), made.Order
	out.Body.FAQBody = FAQBody{made.Header, made.Text}
	return out, nil
}

func (r *reader) displayOrder(location string, d Digits) int {
	return r.whole(location, d, 0, 1_000_000)
}
