package httpapi

import (
	"context"
	"time"

	"surgicase/application/people"
	"surgicase/domain/surgical"
)

type environmentAnswer struct {
	Body environmentBody
}

type environmentBody struct {
	UserProfile     profileBody         `json:"user_profile"`
	CaseStatuses    []statusLabelBody   `json:"case_statuses" nullable:"false" doc:"Those the user is shown."`
	Surgeons        []shortSurgeonBody  `json:"surgeons" nullable:"false" doc:"By last and first name. Empty for an API token without cases:read."`
	Facilities      []shortFacilityBody `json:"facilities" nullable:"false" doc:"By name. Empty for an API token without cases:read."`
	UserTypes       []shortTypeBody     `json:"user_types" nullable:"false" doc:"Up to the user's own."`
	Permissions     accessBody          `json:"permissions"`
	EnvironmentInfo environmentInfoBody `json:"environment_info"`
}

type profileBody struct {
	UserBody
	LastLoginDT  *time.Time `json:"last_login_dt" nullable:"true" doc:"The login before this one."`
	Active       int        `json:"active" example:"1"`
	UserTypeDesc *string    `json:"user_type_desc" nullable:"true" example:"Basic Provider"`
}

type shortSurgeonBody struct {
	SurgeonID  int64  `json:"surgeon_id" example:"100001"`
	FirstName  string `json:"first_name" example:"Avery"`
	LastName   string `json:"last_name" example:"Surgeon"`
	SurgeonNPI *int64 `json:"surgeon_npi" nullable:"true" example:"1555123458"`
}

type shortFacilityBody struct {
	FacilityID   int64  `json:"facility_id" example:"1000001"`
	FacilityName string `json:"facility_name" example:"Example Surgery Center"`
	FacilityNPI  *int64 `json:"facility_npi" nullable:"true" example:"1555123458"`
}

type shortTypeBody struct {
	UserType     int    `json:"user_type" example:"1"`
	UserTypeDesc string `json:"user_type_desc" example:"Basic Provider"`
}

type accessBody struct {
	UserType              int     `json:"user_type" example:"1"`
	UserTypeDesc          *string `json:"user_type_desc" nullable:"true" example:"Basic Provider"`
	CaseStatusAccessLevel string  `json:"case_status_access_level" enum:"limited,full" example:"limited"`
	MaxCaseStatus         *int    `json:"max_case_status" nullable:"true" doc:"The highest status shown; null for no limit." example:"20"`
	MaxCaseStatusDesc     *string `json:"max_case_status_desc" nullable:"true" example:"Paid"`
	CanAccessAllCases     bool    `json:"can_access_all_cases"`
	CanAccessBackoffice   bool    `json:"can_access_backoffice"`
}

type environmentInfoBody struct {
	UserID            string `json:"user_id" example:"demo-provider"`
	CaseStatusesCount int    `json:"case_statuses_count" example:"5"`
	HasDocuments      bool   `json:"has_documents"`
	DocumentCount     int    `json:"document_count" example:"1"`
	SurgeonCount      int    `json:"surgeon_count" example:"2"`
	FacilityCount     int    `json:"facility_count" example:"1"`
	UserTypesCount    int    `json:"user_types_count" example:"1"`
	LastLoginUpdated  bool   `json:"last_login_updated" doc:"Whether this call was noted as a login: it was the user's own."`
}

func (a *API) userEnvironment(ctx context.Context, in *OwnerInput) (*environmentAnswer, error) {
	id, err := in.owner(ctx)
	if err != nil {
		return nil, err
	}
	env, err := a.Users.Environment(ctx, actorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	out := &environmentAnswer{Body: environmentBody{
		UserProfile: profileBody{
			UserBody: userBodyOf(env.User), LastLoginDT: nullableTime(env.User.LastLoginAt), Active: number(env.User.Active), UserTypeDesc: nullable(env.TypeLabel),
		},
		CaseStatuses: statusLabels(env.Statuses), Permissions: accessOf(&env),
		Surgeons: make([]shortSurgeonBody, len(env.Surgeons)), Facilities: make([]shortFacilityBody, len(env.Facilities)), UserTypes: make([]shortTypeBody, len(env.Types)),
	}}
	for i, s := range env.Surgeons {
		out.Body.Surgeons[i] = shortSurgeonBody{SurgeonID: s.ID, FirstName: s.First, LastName: s.Last, SurgeonNPI: digitsOf(s.NPI.String())}
	}
	for i, f := range env.Facilities {
		out.Body.Facilities[i] = shortFacilityBody{FacilityID: f.ID, FacilityName: f.Name, FacilityNPI: digitsOf(f.NPI.String())}
	}
	for i, t := range env.Types {
		out.Body.UserTypes[i] = shortTypeBody{UserType: int(t.Type), UserTypeDesc: t.Label}
	}
	out.Body.EnvironmentInfo = infoOf(&env)
	return out, nil
}

func accessOf(env *people.Environment) accessBody {
	b := accessBody{
		UserType: int(env.User.Type), UserTypeDesc: nullable(env.TypeLabel), CaseStatusAccessLevel: "full",
		CanAccessAllCases: env.AllCases, CanAccessBackoffice: env.BackOffice,
	}
	top := env.User.Cap
	if env.Cap != 0 {
		top, b.CaseStatusAccessLevel = int(env.Cap), "limited"
	}
	b.MaxCaseStatus = nullable(top)
	for _, l := range env.Statuses {
		if l.Status == surgical.Status(top) && top != 0 {
			b.MaxCaseStatusDesc = nullable(l.Label)
		}
	}
	return b
}

func infoOf(env *people.Environment) environmentInfoBody {
	return environmentInfoBody{
		UserID: string(env.User.ID), CaseStatusesCount: len(env.Statuses), HasDocuments: len(env.User.Documents) > 0, DocumentCount: len(env.User.Documents),
		SurgeonCount: len(env.Surgeons), FacilityCount: len(env.Facilities), UserTypesCount: len(env.Types), LastLoginUpdated: env.LoginNoted,
	}
}
