package httpapi

import (
	"fmt"
	"time"

	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

// caseBody is a case in answers, as the caller may see it.
type caseBody struct {
	UserID           string     `json:"user_id" doc:"Who is paid for the case." example:"demo-provider"`
	CaseID           string     `json:"case_id" example:"demo-case-001"`
	HumanCaseID      int64      `json:"human_case_id" doc:"Short running number for people." example:"1042"`
	CaseDate         string     `json:"case_date" format:"date" example:"2026-11-02"`
	PatientFirst     string     `json:"patient_first" example:"Rosalind"`
	PatientLast      string     `json:"patient_last" example:"Example"`
	PatientDOB       *string    `json:"patient_dob" format:"date" nullable:"true" example:"1961-04-12"`
	InsProvider      *string    `json:"ins_provider" nullable:"true" example:"Example Health Plan"`
	SurgeonID        *int64     `json:"surgeon_id" nullable:"true" example:"100001"`
	FacilityID       *int64     `json:"facility_id" nullable:"true" example:"1000001"`
	CaseStatus       int        `json:"case_status" doc:"Callers below Case Admin see at most their max_case_status." example:"10"`
	CaseStatusDesc   *string    `json:"case_status_desc,omitempty" doc:"Label of case_status; in lists only." example:"Ready for billing"`
	DemoFile         *string    `json:"demo_file" nullable:"true" example:"demographics.pdf"`
	NoteFile         *string    `json:"note_file" nullable:"true" example:"operative-note.pdf"`
	MiscFile         *string    `json:"misc_file" nullable:"true"`
	AdminFile        *string    `json:"admin_file" nullable:"true"`
	PendingFiles     []string   `json:"pending_files" nullable:"false" doc:"File fields whose name is known but whose object is not stored here."`
	PayAmount        Money      `json:"pay_amount" doc:"What the provider is paid."`
	PayCategory      *string    `json:"pay_category" nullable:"true" example:"SPINE"`
	PayStatus        *string    `json:"pay_status" nullable:"true" enum:"no_codes,priced,unpriced,zero_approved,waived" doc:"Callers who are shown less than its true status see what it was below that." example:"priced"`
	RunID            *int64     `json:"run_id" nullable:"true" doc:"The payment run of its present payment." example:"7"`
	SurgeonName      *string    `json:"surgeon_name" nullable:"true" example:"Avery Surgeon"`
	FacilityName     *string    `json:"facility_name" nullable:"true" example:"Example Surgery Center"`
	UserName         **string   `json:"user_name,omitempty" nullable:"true" doc:"The owner's name; null if he is inactive. Only for a single case." example:"Robin Provider"`
	ProviderName     **string   `json:"provider_name,omitempty" nullable:"true" doc:"The owner's name; in lists of everybody's cases only." example:"Robin Provider"`
	ProcedureCodes   []codeBody `json:"procedure_codes" nullable:"false"`
	Timestamps       stampsBody `json:"timestamps" doc:"When each status was last reached."`
	CaseCreateTS     time.Time  `json:"case_create_ts"`
	CaseUpdatedTS    time.Time  `json:"case_updated_ts" doc:"When it last changed. Callers who are shown less than its true status are told when it last came to one that they see."`
	Version          int64      `json:"version" doc:"Rises with every change." example:"3"`
	UnreadableFields []string   `json:"unreadable_fields,omitempty" nullable:"false" doc:"Fields whose stored values cannot be decrypted: they are empty, and the case cannot be changed. Absent unless there are some." example:"[\"patient_first\"]"`
	DuplicateBody
}

type codeBody struct {
	ProcedureCode string   `json:"procedure_code" example:"Z9001"`
	ProcedureDesc *string  `json:"procedure_desc" nullable:"true" example:"Invented procedure one"`
	Modifiers     []string `json:"modifiers,omitempty" nullable:"false" doc:"They do not price." example:"[\"50\"]"`
}

type stampsBody struct {
	Submitted         *time.Time `json:"submitted_ts,omitempty"`
	ReadyForBilling   *time.Time `json:"ready_for_billing_ts,omitempty"`
	PendingPayment    *time.Time `json:"pending_payment_ts,omitempty"`
	PaidToProvider    *time.Time `json:"paid_to_provider_ts,omitempty"`
	SentToBiller      *time.Time `json:"sent_to_biller_ts,omitempty"`
	ReceivedPayment   *time.Time `json:"received_pmnt_ts,omitempty"`
	SentToNegotiation *time.Time `json:"sent_to_negotiation_ts,omitempty"`
	Settled           *time.Time `json:"settled_ts,omitempty"`
	SentToIDR         *time.Time `json:"sent_to_idr_ts,omitempty"`
	IDRDecision       *time.Time `json:"idr_decision_ts,omitempty"`
	Rejected          *time.Time `json:"rejected_ts,omitempty"`
	Closed            *time.Time `json:"closed_ts,omitempty"`
}

// stampField is the name under which the timestamp of a status is answered.
var stampField = map[surgical.Status]string{
	surgical.Submitted: "submitted_ts", surgical.ReadyForBilling: "ready_for_billing_ts", surgical.PendingPayment: "pending_payment_ts",
	surgical.Paid: "paid_to_provider_ts", surgical.SentToBiller: "sent_to_biller_ts", surgical.PaymentReceived: "received_pmnt_ts",
	surgical.SentToNegotiation: "sent_to_negotiation_ts", surgical.Settled: "settled_ts", surgical.SentToIDR: "sent_to_idr_ts",
	surgical.IDRDecision: "idr_decision_ts", surgical.Rejected: "rejected_ts", surgical.Closed: "closed_ts",
}

// bodyOf shows a case to the actor: the capped status, and nothing of what lies above the cap.
func bodyOf(s *surgical.Sheet, who permission.Actor) caseBody {
	b := caseBody{
		UserID: string(s.Owner), CaseID: string(s.ID), HumanCaseID: s.Number, CaseDate: s.Date.String(),
		PatientFirst: s.Patient.First.Reveal(), PatientLast: s.Patient.Last.Reveal(), PatientDOB: nullable(s.Patient.Born.Reveal()),
		InsProvider: nullable(s.Insurer), SurgeonID: nullable(s.SurgeonID), FacilityID: nullable(s.FacilityID),
		CaseStatus: int(s.Shown(who)), PendingFiles: []string{}, PayAmount: Money(s.Pay.Amount), PayCategory: nullable(s.Pay.Category),
		SurgeonName: nullable(s.SurgeonName), FacilityName: nullable(s.FacilityName), ProcedureCodes: codesOf(s),
		CaseCreateTS: s.CreatedAt, CaseUpdatedTS: s.ShownUpdate(who), Version: s.ShownVersion(who), DuplicateBody: duplicateBodyOf(s.Duplicates, who), UnreadableFields: s.Unreadable,
	}
	b.PayStatus = nullable(string(s.ShownPayStatus(who)))
	if s.ShowsPayment(who) {
		b.RunID = nullable(s.RunID)
	}
	name := func(kind surgical.FileKind) *string { return nullable(s.Files[kind].Name.Reveal()) }
	b.DemoFile, b.NoteFile, b.MiscFile, b.AdminFile = name(surgical.DemoFile), name(surgical.NoteFile), name(surgical.MiscFile), name(surgical.AdminFile)
	for _, kind := range s.PendingFiles() {
		b.PendingFiles = append(b.PendingFiles, kind.Field())
	}
	b.Timestamps = stampsOf(s, who)
	return b
}

func codesOf(s *surgical.Sheet) []codeBody {
	codes := make([]codeBody, len(s.Codes))
	for i, c := range s.Codes {
		codes[i] = codeBody{ProcedureCode: string(c.Procedure), ProcedureDesc: nullable(s.Descriptions[string(c.Procedure)]), Modifiers: c.Modifiers}
	}
	return codes
}

func stampsOf(s *surgical.Sheet, who permission.Actor) stampsBody {
	at := func(status surgical.Status) *time.Time { return nullableTime(s.ShownStamp(status, who)) }
	return stampsBody{
		Submitted: at(surgical.Submitted), ReadyForBilling: at(surgical.ReadyForBilling), PendingPayment: at(surgical.PendingPayment),
		PaidToProvider: at(surgical.Paid), SentToBiller: at(surgical.SentToBiller), ReceivedPayment: at(surgical.PaymentReceived),
		SentToNegotiation: at(surgical.SentToNegotiation), Settled: at(surgical.Settled), SentToIDR: at(surgical.SentToIDR),
		IDRDecision: at(surgical.IDRDecision), Rejected: at(surgical.Rejected), Closed: at(surgical.Closed),
	}
}

// submissionBody says whether the case was submitted, as the old product did.
type submissionBody struct {
	Success        bool     `json:"success" doc:"Whether the case is submitted."`
	Message        string   `json:"message" example:"Case status updated successfully from 0 to 1"`
	CaseID         string   `json:"case_id" example:"demo-case-001"`
	CaseStatus     *int     `json:"case_status,omitempty" example:"1"`
	ProcedureCount *int     `json:"procedure_count,omitempty" example:"1"`
	DemoFile       **string `json:"demo_file,omitempty" nullable:"true" doc:"When it or note_file is missing."`
	NoteFile       **string `json:"note_file,omitempty" nullable:"true"`
}

func submissionOf(c *surgical.Case, submitted bool, who permission.Actor) submissionBody {
	has, shown := c.Completeness(), int(c.Shown(who))
	out := submissionBody{CaseID: string(c.ID)}
	switch {
	case submitted:
		out.Success, out.Message = true, "Case status updated successfully from 0 to 1"
		out.CaseStatus, out.ProcedureCount = &shown, &has.Codes
	case c.Status != surgical.Draft:
		out.Success, out.Message, out.CaseStatus = true, fmt.Sprintf("Case status is %d and stays there", shown), &shown
	case !has.HasDemo || !has.HasNote:
		out.Message = "demo_file and note_file must not be null"
		out.DemoFile, out.NoteFile = shownOrNull(c.Files[surgical.DemoFile].Name.Reveal()), shownOrNull(c.Files[surgical.NoteFile].Name.Reveal())
	default:
		out.Message, out.ProcedureCount = "At least one procedure code is required", &has.Codes
	}
	return out
}

// priceBody says what the case is worth, as the old product did.
type priceBody struct {
	Success             bool    `json:"success" doc:"Whether the amount stands: priced, or nothing to price."`
	PayAmount           Money   `json:"pay_amount"`
	PayCategory         *string `json:"pay_category" nullable:"true" example:"SPINE"`
	PayStatus           string  `json:"pay_status" example:"priced"`
	ProcedureCodesFound int     `json:"procedure_codes_found" doc:"How many codes the case has, with a price or without." example:"1"`
	Message             string  `json:"message" example:"pay_amount is 1250.00"`
}

func priceOf(c *surgical.Case, found int, who permission.Actor) priceBody {
	status := c.ShownPayStatus(who)
	return priceBody{
		Success: status != "unpriced", PayAmount: Money(c.Pay.Amount), PayCategory: nullable(c.Pay.Category), PayStatus: string(status),
		ProcedureCodesFound: found, Message: fmt.Sprintf("pay_amount is %s, pay_status %s", c.Pay.Amount, status),
	}
}
