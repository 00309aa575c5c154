package httpapi

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/statement"
	"surgicase/domain/surgical"
)

// exportRow is a case in exports: the columns of the old product in their order, then ours.
type exportRow struct {
	CaseID            string     `json:"case_id" example:"demo-case-001"`
	UserID            string     `json:"user_id" example:"demo-provider"`
	CaseDate          string     `json:"case_date" format:"date" example:"2026-11-02"`
	PatientFirst      string     `json:"patient_first" example:"Rosalind"`
	PatientLast       string     `json:"patient_last" example:"Example"`
	InsProvider       *string    `json:"ins_provider" nullable:"true" example:"Example Health Plan"`
	SurgeonID         *int64     `json:"surgeon_id" nullable:"true" example:"100001"`
	FacilityID        *int64     `json:"facility_id" nullable:"true" example:"1000001"`
	CaseCreateTS      *time.Time `json:"case_create_ts" nullable:"true"`
	CaseUpdatedTS     *time.Time `json:"case_updated_ts" nullable:"true"`
	CaseStatus        int        `json:"case_status" example:"10"`
	PaidToProviderTS  *time.Time `json:"paid_to_provider_ts" nullable:"true"`
	BillerStatus      int        `json:"biller_status" doc:"Always 0: the old product kept it and did not use it." example:"0"`
	SentToBillerTS    *time.Time `json:"sent_to_biller_ts" nullable:"true"`
	ReceivedPmntTS    *time.Time `json:"received_pmnt_ts" nullable:"true"`
	SentToNegotiation *time.Time `json:"sent_to_negotiation_ts" nullable:"true"`
	SettledTS         *time.Time `json:"settled_ts" nullable:"true"`
	SentToIDRTS       *time.Time `json:"sent_to_idr_ts" nullable:"true"`
	IDRDecisionTS     *time.Time `json:"idr_decision_ts" nullable:"true"`
	ClosedTS          *time.Time `json:"closed_ts" nullable:"true"`
	DemoFile          *string    `json:"demo_file" nullable:"true" example:"demographics.pdf"`
	NoteFile          *string    `json:"note_file" nullable:"true" example:"operative-note.pdf"`
	MiscFile          *string    `json:"misc_file" nullable:"true"`
	Active            int        `json:"active" doc:"Always 1: deleted cases are not exported." example:"1"`
	HumanCaseID       int64      `json:"human_case_id" example:"1042"`
	PayAmount         Money      `json:"pay_amount"`
	PayCategory       *string    `json:"pay_category" nullable:"true" example:"SPINE"`
	PendingPaymentTS  *time.Time `json:"pending_payment_ts" nullable:"true"`
	PatientDOB        *string    `json:"patient_dob" format:"date" nullable:"true" example:"1961-04-12"`
	AdminFile         *string    `json:"admin_file" nullable:"true"`
	PayStatus         string     `json:"pay_status" example:"priced"`
	ProcedureCodes    []string   `json:"procedure_codes" nullable:"false" doc:"Sorted, with modifiers." example:"[\"Z9001-50\"]"`
	DuplicateForced   bool       `json:"duplicate_forced" doc:"In CSV 1 or 0, as the next."`
	DuplicateFound    bool       `json:"duplicate_found"`
	DuplicateCaseIDs  []string   `json:"duplicate_case_ids" nullable:"false" doc:"The other cases of this owner, patient and day." example:"[]"`
}

func exportRowOf(s *surgical.Sheet, who permission.Actor) exportRow {
	b := bodyOf(s, who)
	t := b.Timestamps
	return exportRow{
		CaseID: b.CaseID, UserID: b.UserID, CaseDate: b.CaseDate, PatientFirst: b.PatientFirst, PatientLast: b.PatientLast, InsProvider: b.InsProvider,
		SurgeonID: b.SurgeonID, FacilityID: b.FacilityID, CaseCreateTS: &b.CaseCreateTS, CaseUpdatedTS: &b.CaseUpdatedTS, CaseStatus: b.CaseStatus,
		PaidToProviderTS: t.PaidToProvider, SentToBillerTS: t.SentToBiller, ReceivedPmntTS: t.ReceivedPayment, SentToNegotiation: t.SentToNegotiation,
		SettledTS: t.Settled, SentToIDRTS: t.SentToIDR, IDRDecisionTS: t.IDRDecision, ClosedTS: t.Closed, DemoFile: b.DemoFile, NoteFile: b.NoteFile,
		MiscFile: b.MiscFile, Active: 1, HumanCaseID: b.HumanCaseID, PayAmount: b.PayAmount, PayCategory: b.PayCategory, PendingPaymentTS: t.PendingPayment,
		PatientDOB: b.PatientDOB, AdminFile: b.AdminFile, PayStatus: string(s.Pay.Status), ProcedureCodes: sortedCodes(s.Codes),
		DuplicateForced: b.DuplicateForced, DuplicateFound: b.DuplicateFound, DuplicateCaseIDs: b.DuplicateCaseIDs,
	}
}

func sortedCodes(codes []surgical.Code) []string {
	texts := make([]string, len(codes))
	for i, code := range codes {
		texts[i] = code.String()
	}
	slices.Sort(texts)
	return texts
}

// exportColumns are the names of the columns in CSV.
var exportColumns = func() []string {
	var names []string
	for field := range reflect.TypeFor[exportRow]().Fields() {
		names = append(names, field.Tag.Get("json"))
	}
	return names
}()

// cells are the values of the columns in CSV. Null is empty.
func (r *exportRow) cells() []string {
	v := reflect.ValueOf(*r)
	cells := make([]string, v.NumField())
	for i := range cells {
		cells[i] = cellOf(v.Field(i).Interface())
	}
	return cells
}

func cellOf(value any) string {
	switch v := value.(type) {
	case *string:
		if v != nil {
			return statement.GuardCell(*v)
		}
	case *time.Time:
		if v != nil {
			return v.UTC().Format(time.DateTime)
		}
	case *int64:
		if v != nil {
			return strconv.FormatInt(*v, 10)
		}
	case string:
		return statement.GuardCell(v)
	case []string:
		return statement.GuardCell(strings.Join(v, ", "))
	case bool:
		if v {
			return "1"
		}
		return "0"
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case Money:
		return pay.Cents(v).String()
	}
	return ""
}
