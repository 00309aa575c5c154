package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"surgicase/application/cases"
	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

const tagCases = "Cases"

func (a *API) caseRoutes() {
	register(a, route{
		method: http.MethodGet, path: "/case", id: "get-case", tag: tagCases, faults: []int{http.StatusNotFound, http.StatusForbidden},
		summary: "Read a case", description: "The case as the caller may see it. The ETag goes into If-Match of a later change.",
	}, a.getCase)
	register(a, route{
		method: http.MethodPost, path: "/case", id: "create-case", dryRun: true, tag: tagCases, status: http.StatusCreated, owner: true,
		faults:  []int{http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		summary: "Record a case", description: "Prices the case, and submits it (0 to 1) if it has demo_file, note_file and a procedure code. " +
			"A second case of the same owner, patient and day is a conflict unless force_duplicate is true.",
	}, a.createCase)
	register(a, route{
		method: http.MethodPatch, path: "/case", id: "change-case", dryRun: true, tag: tagCases,
		faults:  []int{http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		summary: "Change a case", description: "A JSON merge patch (RFC 7396): absent members stay, null clears. Values equal to the stored ones change nothing. " +
			"Providers change their cases at 0 and 1, administrators up to 10; missing documents can be added at any status.",
	}, a.changeCase)
	register(a, route{
		method: http.MethodDelete, path: "/case", id: "delete-case", dryRun: true, tag: tagCases,
		faults:  []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed},
		summary: "Delete a case", description: "Soft: it can be restored, its id stays taken and its payments stand.",
	}, a.deleteCase)
	register(a, route{
		method: http.MethodPost, path: "/case/restore", id: "restore-case", dryRun: true, tag: tagCases,
		faults:  []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		summary: "Restore a deleted case", description: "For Global Admins. Below 15 the case is priced anew; an own case that was at 10 comes back at 1.",
	}, a.restoreCase)
}

// OneCase are the parameters of routes about one case.
type OneCase struct {
	CaseID string `query:"case_id" required:"true" minLength:"1" maxLength:"100" doc:"The case." example:"demo-case-001"`
	UserID string `query:"user_id" maxLength:"255" doc:"May only repeat the caller; in trusted mode without a header it names him."`
}

func (in OneCase) id() (ident.CaseID, error) {
	id, err := ident.ParseCaseID(in.CaseID)
	return id, at("query.case_id", err)
}

type caseAnswer struct {
	ETag string `header:"ETag" doc:"Changes with everything this caller sees of the case."`
	Body caseAnswerBody
}

type caseAnswerBody struct {
	Case   caseBody `json:"case"`
	UserID string   `json:"user_id" doc:"Owner of the case." example:"demo-provider"`
	CaseID string   `json:"case_id" example:"demo-case-001"`
}

func (a *API) getCase(ctx context.Context, in *OneCase) (*caseAnswer, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	out, _, err := a.readCase(ctx, id)
	return out, err
}

// readCase also gives the true version of the case, which the answer may not show.
func (a *API) readCase(ctx context.Context, id ident.CaseID) (*caseAnswer, int64, error) {
	who := actorOf(ctx)
	sheet, err := a.Casebook.Case(ctx, who, id)
	if err != nil {
		return nil, 0, err
	}
	out := &caseAnswer{Body: caseAnswerBody{Case: bodyOf(&sheet, who), UserID: string(sheet.Owner), CaseID: string(id)}}
	name := ""
	if sheet.OwnerActive {
		name = directory.FullName(sheet.OwnerFirst, sheet.OwnerLast)
	}
	out.Body.Case.UserName = shownOrNull(name)
	out.ETag, err = etagOf(sheet.ShownVersion(who), out.Body)
	return out, sheet.Version, err
}

type createdCase struct {
	Location string `header:"Location" doc:"Where the case can be read."`
	Body     createdCaseBody
}

type createdCaseBody struct {
	Message         string         `json:"message" example:"Case and procedure codes created successfully"`
	UserID          string         `json:"user_id" example:"demo-provider"`
	CaseID          string         `json:"case_id" example:"demo-case-001"`
	HumanCaseID     int64          `json:"human_case_id" example:"1042"`
	ProcedureCodes  []string       `json:"procedure_codes" nullable:"false"`
	StatusUpdate    submissionBody `json:"status_update"`
	PayAmountUpdate priceBody      `json:"pay_amount_update"`
}

type createCaseInput struct {
	UserID         string `query:"user_id" maxLength:"255" doc:"The owner if the body names none (default: the caller)."`
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"100" doc:"Sent again with the same body within 24 hours, the first answer is given again."`
	RawBody        []byte
	Body           createCaseRequest
}

func (a *API) createCase(ctx context.Context, in *createCaseInput) (*createdCase, error) {
	who := actorOf(ctx)
	facts, err := in.Body.facts(ident.UserID(in.UserID), who.User, a.settings.Today())
	if err != nil {
		return nil, err
	}
	key, earlier, err := a.beginRequest(ctx, "POST /case", in.IdempotencyKey, in.RawBody)
	if err != nil {
		return nil, err
	}
	if earlier != "" {
		return a.createdBefore(ctx, ident.CaseID(earlier))
	}
	done, err := a.Cases.Create(ctx, who, cases.NewCase{Facts: facts, Request: key})
	if err != nil {
		return nil, a.abandonRequest(ctx, key, err)
	}
	return createdAnswer(done.Case, done.Submitted, len(done.Price.Considered), who), nil
}

// createdBefore rebuilds the answer to a repeated request by a read that checks permission.
func (a *API) createdBefore(ctx context.Context, id ident.CaseID) (*createdCase, error) {
	sheet, x, err := a.Casebook.Pay(ctx, actorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return createdAnswer(&sheet.Case, sheet.Shown(actorOf(ctx)) == surgical.Submitted, len(x.Considered), actorOf(ctx)), nil
}

func createdAnswer(c *surgical.Case, submitted bool, found int, who permission.Actor) *createdCase {
	codes := make([]string, len(c.Codes))
	for i, code := range c.Codes {
		codes[i] = code.String()
	}
	return &createdCase{
		Location: "/case?case_id=" + url.QueryEscape(string(c.ID)),
		Body: createdCaseBody{
			Message: "Case and procedure codes created successfully", UserID: string(c.Owner), CaseID: string(c.ID), HumanCaseID: c.Number,
			ProcedureCodes: codes, StatusUpdate: submissionOf(c, submitted, who), PayAmountUpdate: priceOf(c, found, who),
		},
	}
}

type changeCaseInput struct {
	UserID  string `query:"user_id" maxLength:"255" doc:"May only repeat the caller; in trusted mode without a header it names him."`
	IfMatch string `header:"If-Match" doc:"The ETag last read; another one means 412."`
	Body    changeCaseRequest
}

type changedCase struct {
	ETag string `header:"ETag"`
	Body changedCaseBody
}

type changedCaseBody struct {
	Message         string         `json:"message" example:"Case updated successfully"`
	CaseID          string         `json:"case_id" example:"demo-case-001"`
	UpdatedFields   []string       `json:"updated_fields" nullable:"false" doc:"Empty if every value was equal to the stored one."`
	StatusUpdate    submissionBody `json:"status_update"`
	PayAmountUpdate *priceBody     `json:"pay_amount_update" doc:"Null unless codes or owner changed."`
	Version         int64          `json:"version" example:"4"`
}

func (a *API) changeCase(ctx context.Context, in *changeCaseInput) (*changedCase, error) {
	who := actorOf(ctx)
	change, err := in.Body.change(a.settings.Today())
	if err != nil {
		return nil, err
	}
	if change.IfVersion, err = a.matchCase(ctx, change.ID, in.IfMatch); err != nil {
		return nil, err
	}
	done, err := a.Cases.Change(ctx, who, change)
	if err != nil {
		return nil, err
	}
	out := &changedCase{Body: changedCaseBody{
		Message: "Case updated successfully", CaseID: string(change.ID), UpdatedFields: changed(ctx, done.Fields),
		StatusUpdate: submissionOf(done.Case, done.Submitted, who), Version: done.Case.ShownVersion(who),
	}}
	if done.Price != nil {
		price := priceOf(done.Case, len(done.Price.Considered), who)
		out.Body.PayAmountUpdate = &price
		out.Body.UpdatedFields = append(out.Body.UpdatedFields, "pay_amount")
	}
	out.ETag = a.tagAfter(ctx, done.Case)
	return out, nil
}

// tagAfter gives the ETag of what a change has made of a case. It gives none, and no fault, when that cannot be read,
// or when another change came in between, whose ETag the caller must not send as if he had seen it: the change is
// made, and who wants to make another reads first.
func (a *API) tagAfter(ctx context.Context, c *surgical.Case) string {
	read, version, err := a.readCase(ctx, c.ID)
	if err != nil || version != c.Version {
		return ""
	}
	return read.ETag
}

// matchCase compares If-Match with what the caller sees now and gives the version that his change
// must still find; 0 means any.
func (a *API) matchCase(ctx context.Context, id ident.CaseID, ifMatch string) (int64, error) {
	if ifMatch == "" {
		return 0, nil
	}
	read, version, err := a.readCase(ctx, id)
	if err != nil {
		return 0, err
	}
	return version, matches(ifMatch, read.ETag)
}

type deleteCaseInput struct {
	OneCase
	IfMatch string `header:"If-Match" doc:"The ETag last read; another one means 412."`
}

type deletedCase struct {
	Body struct {
		Message       string    `json:"message" example:"Case deactivated successfully"`
		CaseID        string    `json:"case_id" example:"demo-case-001"`
		Active        int       `json:"active" example:"0"`
		DeactivatedAt time.Time `json:"deactivated_at"`
	}
}

func (a *API) deleteCase(ctx context.Context, in *deleteCaseInput) (*deletedCase, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	version, err := a.matchCase(ctx, id, in.IfMatch)
	if err != nil {
		return nil, err
	}
	at, err := a.Cases.Delete(ctx, actorOf(ctx), id, version)
	if err != nil {
		return nil, err
	}
	out := &deletedCase{}
	out.Body.Message, out.Body.CaseID, out.Body.DeactivatedAt = "Case deactivated successfully", string(id), at
	return out, nil
}

type restoreCaseInput struct {
	UserID string `query:"user_id" maxLength:"255" doc:"May only repeat the caller."`
	Body   struct {
		CaseID         string `json:"case_id" minLength:"1" maxLength:"100" example:"demo-case-001"`
		ForceDuplicate bool   `json:"force_duplicate,omitempty" doc:"Restore although the owner has another case of this patient on this day."`
	}
}

type restoredCase struct {
	Body struct {
		Message string `json:"message" example:"Case restored successfully"`
		CaseID  string `json:"case_id" example:"demo-case-001"`
		Active  int    `json:"active" example:"1"`
		Version int64  `json:"version" example:"5"`
	}
}

func (a *API) restoreCase(ctx context.Context, in *restoreCaseInput) (*restoredCase, error) {
	id, err := ident.ParseCaseID(in.Body.CaseID)
	if err != nil {
		return nil, at("body.case_id", err)
	}
	done, err := a.Cases.Restore(ctx, actorOf(ctx), id, in.Body.ForceDuplicate)
	if err != nil {
		return nil, err
	}
	out := &restoredCase{}
	out.Body.Message, out.Body.CaseID, out.Body.Active, out.Body.Version = "Case restored successfully", string(id), 1, done.Case.Version
	return out, nil
}
