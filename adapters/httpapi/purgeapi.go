package httpapi

import (
	"context"
	"net/http"

	"surgicase/application/operations"
	"surgicase/domain/surgical"
)

func (a *API) purgeRoutes() {
	register(a, route{
		method: http.MethodPost, path: "/case/purge", id: "purge-case", dryRun: true, tag: tagCases,
		faults: []int{
			http.StatusForbidden, http.StatusNotFound, http.StatusConflict,
			http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
		},
		summary: "Purge a deleted case for good",
		description: "For System Admins, not about their own cases. Removes a deleted case with its codes, documents and history " +
			"before its time is over, such as for a request for erasure: nothing brings it back, so ask with dry_run=true first. " +
			"Its id stays taken; its payments and the audit log, which hold no patient data, stay. A case whose payment stands takes the reason " +
			"erasure_request. " +
			"When the storage fails on the way the case is out of reach already: send the request again, or the job retention " +
			"completes it.",
	}, a.purgeCase)
}

type purgeCaseInput struct {
	OnlyCaller
	Body struct {
		CaseID string `json:"case_id" minLength:"1" maxLength:"100" example:"demo-case-001"`
		Reason string `json:"reason" enum:"erasure_request,entered_by_mistake,other" doc:"The code of the audit entry." example:"erasure_request"`
	}
}

type purgedRowsBody struct {
	Cases          int `json:"cases" example:"1"`
	ProcedureCodes int `json:"procedure_codes" example:"2"`
	Documents      int `json:"documents" doc:"Replaced ones too." example:"3"`
	History        int `json:"history" example:"4"`
}

type purgedCase struct {
	Body struct {
		Message       string         `json:"message" example:"Case purged successfully"`
		CaseID        string         `json:"case_id" example:"demo-case-001"`
		HumanCaseID   int64          `json:"human_case_id" example:"1042"`
		Rows          purgedRowsBody `json:"rows" doc:"Rows removed from the database."`
		Objects       int            `json:"objects" doc:"Objects removed from the storage." example:"3"`
		Bytes         int64          `json:"bytes" doc:"Size of these objects." example:"482113"`
		ObjectsShared int            `json:"objects_shared" doc:"Objects that stay because another case names them, too." example:"0"`
	}
}

func (a *API) purgeCase(ctx context.Context, in *purgeCaseInput) (*purgedCase, error) {
	var r reader
	wanted := operations.CasePurge{ID: r.caseID("body.case_id", in.Body.CaseID)}
	reason, err := surgical.ParsePurgeReason(in.Body.Reason)
	r.bad.Check("body.reason", err)
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	wanted.Reason = reason
	done, err := a.Purging.Purge(ctx, actorOf(ctx), wanted)
	if err != nil {
		return nil, err
	}
	out := &purgedCase{}
	out.Body.Message, out.Body.CaseID, out.Body.HumanCaseID = "Case purged successfully", string(done.ID), done.Number
	out.Body.Rows = purgedRowsBody{
		Cases: done.Rows.Cases, ProcedureCodes: done.Rows.Codes, Documents: done.Rows.Documents, History: done.Rows.History,
	}
	out.Body.Objects, out.Body.Bytes, out.Body.ObjectsShared = done.Objects, done.Bytes, done.Shared
	return out, nil
}
