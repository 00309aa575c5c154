package httpapi

import (
	"context"
	"net/http"

	"surgicase/application/cases"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

func (a *API) duplicateRoutes() {
	register(a, route{
		method: http.MethodPost, path: "/case/confirm_duplicates", id: "confirm-duplicates", tag: tagCases, dryRun: true,
		faults:  []int{http.StatusForbidden, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		summary: "Confirm possible duplicates", description: "For Case Admins, not about their own cases. Cases that were stored as two and turned out to have one owner, patient and day are " +
			"held below 15 until somebody confirms that each is an operation of its own. What cannot be confirmed is listed under exceptions and the answer stays 200.",
	}, a.confirmDuplicates)
}

// DuplicateBody says what is known of the possible duplicates of a case.
type DuplicateBody struct {
	DuplicateForced    bool     `json:"duplicate_forced" doc:"Somebody recorded it although the owner had a case of this patient on this day."`
	DuplicateFound     bool     `json:"duplicate_found" doc:"Stored beside another of one owner, patient and day: held below 15 until a Case Admin confirms it."`
	DuplicateConfirmed bool     `json:"duplicate_confirmed" doc:"A Case Admin confirmed that it is an operation of its own."`
	DuplicateCaseIDs   []string `json:"duplicate_case_ids" nullable:"false" doc:"The other cases of this owner, patient and day." example:"[]"`
}

func duplicateBodyOf(d surgical.Duplicates, who permission.Actor) DuplicateBody {
	return DuplicateBody{
		DuplicateForced: d.Forced, DuplicateFound: d.Mark == surgical.DuplicateFound, DuplicateConfirmed: d.Mark == surgical.DuplicateConfirmed,
		DuplicateCaseIDs: mapped(d.Shown(who), func(id ident.CaseID) string { return string(id) }),
	}
}

type confirmInput struct {
	OnlyCaller
	Body struct {
		BodyCaller
		CaseIDs []string `json:"case_ids" nullable:"false" minItems:"1" maxItems:"1000" doc:"At most 1,000; repeated ids count once." example:"[\"demo-case-001\"]"`
		Reason  string   `json:"reason" minLength:"1" maxLength:"500" doc:"Why it is an operation of its own. No patient data, please." example:"both eyes, two operations"`
	}
}

type confirmAnswer struct {
	Body struct {
		ConfirmedCases  []string         `json:"confirmed_cases" nullable:"false"`
		Exceptions      []unapprovedBody `json:"exceptions" nullable:"false"`
		TotalProcessed  int              `json:"total_processed" example:"1"`
		TotalConfirmed  int              `json:"total_confirmed" example:"1"`
		TotalExceptions int              `json:"total_exceptions" example:"0"`
	}
}

func (a *API) confirmDuplicates(ctx context.Context, in *confirmInput) (*confirmAnswer, error) {
	var r reader
	wanted := cases.Confirmation{Reason: r.line("body.reason", in.Body.Reason, maxReason, true)}
	for i, text := range in.Body.CaseIDs {
		wanted.IDs = append(wanted.IDs, r.caseID(indexed("body.case_ids", i), text))
	}
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	if err := in.Body.check(ctx); err != nil {
		return nil, err
	}
	done, err := a.Cases.ConfirmDuplicates(ctx, actorOf(ctx), wanted)
	if err != nil {
		return nil, err
	}
	out := &confirmAnswer{}
	out.Body.ConfirmedCases = mapped(done.Cases, func(c surgical.Standing) string { return string(c.ID) })
	out.Body.Exceptions = mapped(done.Exceptions, func(e cases.Exception) unapprovedBody { return unapprovedBody{string(e.ID), e.Code, e.Reason} })
	out.Body.TotalConfirmed, out.Body.TotalExceptions = len(done.Cases), len(done.Exceptions)
	out.Body.TotalProcessed = len(done.Cases) + len(done.Exceptions)
	return out, nil
}
