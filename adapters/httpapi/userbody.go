package httpapi

import (
	"strconv"
	"time"

	"surgicase/domain/directory"
)

// UserBody is a user in answers. Numbers are numbers, as the old product's columns made them.
type UserBody struct {
	UserID         string  `json:"user_id" example:"demo-provider"`
	UserEmail      string  `json:"user_email" example:"robin.provider@example.org"`
	FirstName      *string `json:"first_name" nullable:"true" example:"Robin"`
	LastName       *string `json:"last_name" nullable:"true" example:"Provider"`
	Addr1          *string `json:"addr1" nullable:"true" example:"1 Sample Plaza"`
	Addr2          *string `json:"addr2" nullable:"true"`
	City           *string `json:"city" nullable:"true" example:"Portland"`
	State          *string `json:"state" nullable:"true" example:"OR"`
	Zipcode        *string `json:"zipcode" nullable:"true" example:"97201"`
	Telephone      *int64  `json:"telephone" nullable:"true" example:"5035550100"`
	UserNPI        *int64  `json:"user_npi" nullable:"true" example:"1555123458"`
	ReferredByUser *string `json:"referred_by_user" nullable:"true"`
	UserType       int     `json:"user_type" example:"1"`
	MessagePref    int     `json:"message_pref" doc:"0 none, 1 e-mail, 2 SMS, 3 both." example:"1"`
	StatesLicensed *string `json:"states_licensed" nullable:"true" example:"OR, WA"`
	UserTier       int     `json:"user_tier" example:"1"`
	MaxCaseStatus  *int    `json:"max_case_status" nullable:"true" doc:"Null means the default, 20." example:"20"`
	Timezone       *string `json:"timezone" nullable:"true" doc:"Null means America/New_York." example:"America/Los_Angeles"`
	Credentials    *string `json:"credentials" nullable:"true" example:"MD"`
	InsExpDate     *string `json:"ins_exp_date" format:"date" nullable:"true" example:"2027-06-30"`
	TaxIDLast4     *string `json:"tax_id_last4" nullable:"true" doc:"All that is ever shown of tax_id." example:"0001"`
	RegistryBody
	Documents []userDocumentBody `json:"documents" nullable:"false"`
	Version   int64              `json:"version" doc:"Rises with every change." example:"3"`
}

type userDocumentBody struct {
	DocumentType string `json:"document_type" example:"Medical License"`
	DocumentName string `json:"document_name" example:"license.pdf"`
}

// listedUserBody is a user in the list of users.
type listedUserBody struct {
	UserBody
	CreateTS      time.Time `json:"create_ts"`
	LastUpdatedTS time.Time `json:"last_updated_ts"`
}

func userBodyOf(u *directory.User) UserBody {
	b := UserBody{
		UserID: string(u.ID), UserEmail: u.Email, FirstName: nullable(u.First), LastName: nullable(u.Last), Addr1: nullable(u.Addr1), Addr2: nullable(u.Addr2),
		City: nullable(u.City), State: nullable(u.State), Zipcode: nullable(u.ZIP), Telephone: digitsOf(u.Telephone), UserNPI: digitsOf(u.NPI.String()),
		ReferredByUser: nullable(u.ReferredBy), UserType: int(u.Type), MessagePref: u.MessagePref, StatesLicensed: nullable(u.StatesLicensed),
		UserTier: int(u.Tier), MaxCaseStatus: nullable(u.Cap), Timezone: nullable(u.Timezone), Credentials: nullable(u.Credentials),
		InsExpDate: nullableDate(u.InsuranceEnds), TaxIDLast4: nullable(u.TaxIDEnding()),
		RegistryBody: registryBodyOf(u.Registry, u.NPI, u.Name()), Documents: make([]userDocumentBody, len(u.Documents)), Version: u.Version,
	}
	for i, d := range u.Documents {
		b.Documents[i] = userDocumentBody{DocumentType: d.Type, DocumentName: d.Name.Reveal()}
	}
	return b
}

// digitsOf writes stored digits as a number, or null for none.
func digitsOf(text string) *int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil
	}
	return &n
}
