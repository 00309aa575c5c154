package httpapi

import (
	"golang.org/x/text/unicode/norm"

	"surgicase/application/people"
	"surgicase/domain/directory"
	"surgicase/domain/document"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
)

type userDocumentRequest struct {
	DocumentType string `json:"document_type" minLength:"1" maxLength:"100" doc:"One of /user_doc_types." example:"Medical License"`
	DocumentName string `json:"document_name" minLength:"1" maxLength:"200" doc:"Name of a file that the client uploads itself." example:"license.pdf"`
}

type createUserRequest struct {
	UserID         string                `json:"user_id" minLength:"1" maxLength:"255" doc:"The new user: in production the subject of the identity provider." example:"demo-provider-3"`
	UserEmail      string                `json:"user_email" maxLength:"250" example:"robin.provider@example.org"`
	FirstName      string                `json:"first_name" minLength:"1" maxLength:"250" example:"Robin"`
	LastName       string                `json:"last_name" minLength:"1" maxLength:"250" example:"Provider"`
	Addr1          string                `json:"addr1" minLength:"1" maxLength:"250" example:"1 Sample Plaza"`
	Addr2          *string               `json:"addr2,omitempty" nullable:"true" maxLength:"250"`
	City           string                `json:"city" minLength:"1" maxLength:"250" example:"Portland"`
	State          string                `json:"state" minLength:"2" maxLength:"2" example:"OR"`
	Zipcode        string                `json:"zipcode" minLength:"5" maxLength:"10" example:"97201"`
	Telephone      Digits                `json:"telephone" doc:"Ten digits; punctuation and +1 are dropped."`
	UserNPI        Optional[Digits]      `json:"user_npi" doc:"Checked by its check digit. Null for staff who have none."`
	MessagePref    Digits                `json:"message_pref" doc:"0 none, 1 e-mail, 2 SMS, 3 both."`
	StatesLicensed string                `json:"states_licensed" minLength:"1" maxLength:"500" example:"OR, WA"`
	ReferredByUser *string               `json:"referred_by_user,omitempty" nullable:"true" maxLength:"100"`
	Timezone       *string               `json:"timezone,omitempty" nullable:"true" maxLength:"64" doc:"One of /timezones." example:"America/Los_Angeles"`
	Credentials    *string               `json:"credentials,omitempty" nullable:"true" maxLength:"100" example:"MD"`
	InsExpDate     *string               `json:"ins_exp_date,omitempty" nullable:"true" maxLength:"10" doc:"When the malpractice insurance expires." example:"2027-06-30"`
	TaxID          *string               `json:"tax_id,omitempty" nullable:"true" maxLength:"11" doc:"Nine digits. Stored encrypted and never answered but for its last four." example:"99-0000001"`
	UserType       *Digits               `json:"user_type,omitempty" doc:"A type below the caller's own. Default 1. It sets max_case_status as the list of user types says."`
	UserTier       *Digits               `json:"user_tier,omitempty" doc:"Pay tier. Default 1."`
	MaxCaseStatus  *Digits               `json:"max_case_status,omitempty" doc:"Highest case status shown. Default 20."`
	Documents      []userDocumentRequest `json:"documents,omitempty" nullable:"true" maxItems:"100"`
}

// user reads a new user.
func (b *createUserRequest) user() (directory.User, error) {
	var r reader
	u := directory.User{
		ID: r.user("body.user_id", b.UserID), Email: r.email("body.user_email", b.UserEmail),
		First: r.name("body.first_name", b.FirstName), Last: r.name("body.last_name", b.LastName),
		Addr1: r.line("body.addr1", b.Addr1, maxLine, true), City: r.line("body.city", b.City, maxLine, true),
		State: r.state("body.state", b.State), ZIP: r.zip("body.zipcode", b.Zipcode), Telephone: r.phone("body.telephone", b.Telephone),
		MessagePref: r.messagePref("body.message_pref", b.MessagePref), StatesLicensed: r.line("body.states_licensed", b.StatesLicensed, maxStatesText, true),
		Addr2: given(b.Addr2, "addr2", r.lineOf(maxLine)), ReferredBy: given(b.ReferredByUser, "referred_by_user", r.referrer),
		Timezone: given(b.Timezone, "timezone", r.zone), Credentials: given(b.Credentials, "credentials", r.lineOf(maxCredentials)),
		InsuranceEnds: given(b.InsExpDate, "ins_exp_date", r.day), TaxID: given(b.TaxID, "tax_id", r.taxID),
	}
	if b.Telephone == "" {
		r.bad.Add("body.telephone", "must not be empty")
	}
	if !b.UserNPI.Null {
		u.NPI = r.npi("body.user_npi", b.UserNPI.Value)
	}
	u.Type = given(b.UserType, "user_type", r.userType)
	u.Tier = given(b.UserTier, "user_tier", r.tier)
	u.Cap = given(b.MaxCaseStatus, "max_case_status", r.status)
	u.Documents = r.documents(u.ID, b.Documents)
	return u, r.bad.Err()
}

// given reads a member that may be left out; without it the value is the zero value.
func given[T, D any](v *T, name string, parse func(string, T) D) (out D) {
	if v != nil {
		out = parse("body."+name, *v)
	}
	return out
}

func (r *reader) tier(location string, d Digits) pay.Tier {
	tier, err := pay.ParseTier(string(d))
	r.bad.Check(location, err)
	return tier
}

func (r *reader) documents(owner ident.UserID, list []userDocumentRequest) []directory.UserDocument {
	documents := make([]directory.UserDocument, len(list))
	if len(list) > maxDocuments {
		r.bad.Add("body.documents", "must be at most %d documents", maxDocuments)
		return nil
	}
	for i, d := range list {
		location := indexed("body.documents", i)
		name, err := document.ParseName(norm.NFC.String(d.DocumentName))
		r.bad.Check(location+".document_name", err)
		documents[i] = directory.UserDocument{
			Type: r.line(location+".document_type", d.DocumentType, maxDocType, true), Name: name, Key: directory.DocumentKey(owner, name),
		}
	}
	return documents
}

type changeUserRequest struct {
	UserID         string                          `json:"user_id" minLength:"1" maxLength:"255" doc:"The user to change." example:"demo-provider"`
	UserEmail      Optional[string]                `json:"user_email,omitempty" example:"robin.provider@example.org"`
	FirstName      Optional[string]                `json:"first_name,omitempty" example:"Robin"`
	LastName       Optional[string]                `json:"last_name,omitempty" example:"Provider"`
	Addr1          Optional[string]                `json:"addr1,omitempty" example:"2 Sample Plaza"`
	Addr2          Optional[string]                `json:"addr2,omitempty"`
	City           Optional[string]                `json:"city,omitempty" example:"Portland"`
	State          Optional[string]                `json:"state,omitempty" example:"OR"`
	Zipcode        Optional[string]                `json:"zipcode,omitempty" example:"97201"`
	Telephone      Optional[Digits]                `json:"telephone,omitempty"`
	UserNPI        Optional[Digits]                `json:"user_npi,omitempty"`
	ReferredByUser Optional[string]                `json:"referred_by_user,omitempty"`
	UserType       Optional[Digits]                `json:"user_type,omitempty" doc:"For User Admins, and never one's own. It sets max_case_status as the list of user types says."`
	MessagePref    Optional[Digits]                `json:"message_pref,omitempty" doc:"0 none, 1 e-mail, 2 SMS, 3 both."`
	StatesLicensed Optional[string]                `json:"states_licensed,omitempty" example:"OR, WA"`
	Timezone       Optional[string]                `json:"timezone,omitempty" doc:"One of /timezones." example:"America/Los_Angeles"`
	LastLoginDT    Optional[string]                `json:"last_login_dt,omitempty" doc:"/user_environment notes logins by itself." example:"2026-11-02T15:04:05Z"`
	Credentials    Optional[string]                `json:"credentials,omitempty" example:"MD"`
	InsExpDate     Optional[string]                `json:"ins_exp_date,omitempty" example:"2027-06-30"`
	TaxID          Optional[string]                `json:"tax_id,omitempty" doc:"Nine digits; never answered but for its last four." example:"99-0000001"`
	UserTier       Optional[Digits]                `json:"user_tier,omitempty" doc:"For User Admins, and never one's own. Reprices the user's cases below 15."`
	Active         Optional[Flag]                  `json:"active,omitempty" doc:"For User Admins, and never one's own."`
	MaxCaseStatus  Optional[Digits]                `json:"max_case_status,omitempty" doc:"For User Admins, and never one's own. Null means the default, 20."`
	Documents      Optional[[]userDocumentRequest] `json:"documents,omitempty" doc:"Takes the place of the documents that the client uploads itself (RFC 7396); null or [] removes them. What was uploaded to /user_files stays until DELETE /user_file."`
}

// change reads a merge patch. What a user cannot be without cannot be cleared.
func (b *changeUserRequest) change() (people.UserChange, error) {
	var r reader
	c := people.UserChange{ID: r.user("body.user_id", b.UserID)}
	c.UserChanges = directory.UserChanges{
		Email: needed(&r, "user_email", b.UserEmail, r.email), First: needed(&r, "first_name", b.FirstName, r.name), Last: needed(&r, "last_name", b.LastName, r.name),
		Addr1: clearable(b.Addr1, "addr1", r.lineOf(maxLine)), Addr2: clearable(b.Addr2, "addr2", r.lineOf(maxLine)),
		City: clearable(b.City, "city", r.lineOf(maxLine)), State: clearable(b.State, "state", r.state), ZIP: clearable(b.Zipcode, "zipcode", r.zip),
		Telephone: clearable(b.Telephone, "telephone", r.phone), NPI: clearable(b.UserNPI, "user_npi", r.npi),
		ReferredBy: clearable(b.ReferredByUser, "referred_by_user", r.referrer), MessagePref: needed(&r, "message_pref", b.MessagePref, r.messagePref),
		StatesLicensed: clearable(b.StatesLicensed, "states_licensed", r.lineOf(maxStatesText)), Timezone: clearable(b.Timezone, "timezone", r.zone),
		Credentials: clearable(b.Credentials, "credentials", r.lineOf(maxCredentials)), InsuranceEnds: clearable(b.InsExpDate, "ins_exp_date", r.day),
		LastLogin: needed(&r, "last_login_dt", b.LastLoginDT, r.instant), TaxID: clearable(b.TaxID, "tax_id", r.taxID),
		Type: needed(&r, "user_type", b.UserType, r.userType), Tier: needed(&r, "user_tier", b.UserTier, r.tier),
		Active: needed(&r, "active", b.Active, func(_ string, f Flag) bool { return bool(f) }), Cap: clearable(b.MaxCaseStatus, "max_case_status", r.status),
		Documents: clearable(b.Documents, "documents", func(_ string, list []userDocumentRequest) []directory.UserDocument { return r.documents(c.ID, list) }),
	}
	if err := r.bad.Err(); err != nil {
		return c, err
	}
	if !c.Asks() {
		return c, fault.New(fault.Senseless, "no_fields", "No fields to update")
	}
	return c, nil
}
