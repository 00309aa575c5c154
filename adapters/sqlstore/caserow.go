package sqlstore

import (
	"database/sql"
	"strings"
	"time"

	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/surgical"
)

// caseRow is a row of cases.
type caseRow struct {
	HumanCaseID     int64 `gorm:"primaryKey;autoIncrement:false"`
	CaseID          string
	Version         int64
	UserID          string
	CaseDate        string
	PatientFirst    []byte
	PatientLast     []byte
	PatientDob      []byte
	InsProvider     sql.NullString
	SurgeonID       sql.NullInt64
	FacilityID      sql.NullInt64
	CaseStatus      int
	PayAmountCents  int64
	PayCategory     sql.NullString
	PayStatus       string
	PayTier         int
	PayTableVersion int64
	PayCode         sql.NullString
	PricedAt        sql.NullInt64
	PayGeneration   int
	TwinDigest      []byte
	TwinSlot        int64
	TwinFold        int
	FoldedDigest    []byte
	DuplicateMark   int
	DigestKey       []byte
	Stamps          stampRow `gorm:"embedded"` // a name that is not exported would be skipped
	CreatedAt       int64    `gorm:"autoCreateTime:false"`
	UpdatedAt       int64    `gorm:"autoUpdateTime:false"`
	Active          int
	DeletedAt       sql.NullInt64
	DeletedBy       sql.NullString
}

func (caseRow) TableName() string { return "cases" }

// stampRow holds when each status was last reached.
type stampRow struct {
	SubmittedAt         sql.NullInt64
	ReadyForBillingAt   sql.NullInt64
	PendingPaymentAt    sql.NullInt64
	PaidToProviderAt    sql.NullInt64
	SentToBillerAt      sql.NullInt64
	ReceivedPmntAt      sql.NullInt64
	SentToNegotiationAt sql.NullInt64
	SettledAt           sql.NullInt64
	SentToIdrAt         sql.NullInt64
	IdrDecisionAt       sql.NullInt64
	RejectedAt          sql.NullInt64
	ClosedAt            sql.NullInt64
}

// stampColumns are the columns of stampRow, in the order of its fields and of the statuses above
// Draft.
var stampColumns = []string{
	"submitted_at", "ready_for_billing_at", "pending_payment_at", "paid_to_provider_at", "sent_to_biller_at",
	"received_pmnt_at", "sent_to_negotiation_at", "settled_at", "sent_to_idr_at", "idr_decision_at", "rejected_at", "closed_at",
}

var stampedStatuses = surgical.Statuses[1:]

func (r *stampRow) fields() [12]*sql.NullInt64 {
	return [12]*sql.NullInt64{
		&r.SubmittedAt, &r.ReadyForBillingAt, &r.PendingPaymentAt, &r.PaidToProviderAt, &r.SentToBillerAt,
		&r.ReceivedPmntAt, &r.SentToNegotiationAt, &r.SettledAt, &r.SentToIdrAt, &r.IdrDecisionAt, &r.RejectedAt, &r.ClosedAt,
	}
}

func (r *stampRow) set(stamps map[surgical.Status]time.Time) {
	for i, field := range r.fields() {
		*field = nullMicros(stamps[stampedStatuses[i]])
	}
}

func (r *stampRow) stamps() map[surgical.Status]time.Time {
	stamps := map[surgical.Status]time.Time{}
	for i, field := range r.fields() {
		if field.Valid {
			stamps[stampedStatuses[i]] = instant(field.Int64)
		}
	}
	return stamps
}

// paymentRow is what a case query reads of the payment of the case's present generation.
type paymentRow struct {
	entryID, runID                     sql.NullInt64
	settledAt, cancelledAt, reversedAt sql.NullInt64
}

func (p paymentRow) state() (surgical.PaymentState, int64) {
	switch {
	case !p.entryID.Valid, p.cancelledAt.Valid, p.reversedAt.Valid:
		return surgical.NoPayment, 0
	case p.settledAt.Valid:
		return surgical.PaymentSettled, p.entryID.Int64
	}
	return surgical.PaymentOpen, p.entryID.Int64
}

// What every case query selects and joins. The payment comes with its case: moves and answers both
// depend on it.
var caseColumns = "c.human_case_id, c.case_id, c.version, c.user_id, c.case_date, c.patient_first, c.patient_last, c.patient_dob, " +
	"c.ins_provider, c.surgeon_id, c.facility_id, c.case_status, c.pay_amount_cents, c.pay_category, c.pay_status, c.pay_tier, " +
	"c.pay_table_version, c.pay_code, c.priced_at, c.pay_generation, c.twin_slot, c.duplicate_mark, " + isFolded + ", c.digest_key, c." + strings.Join(stampColumns, ", c.") +
	", c.created_at, c.updated_at, c.deleted_at, c.deleted_by, p.entry_id, p.run_id, p.settled_at, p.cancelled_at, p.reversed_at"

const caseTables = " FROM cases c LEFT JOIN payment_entries p ON p.human_case_id = c.human_case_id AND p.generation = c.pay_generation AND p.kind = 'payment'"

// targets are where the values of caseColumns go. Scanning by hand costs half of what GORM's
// reflection does, on the hottest query there is.
func (r *caseRow) targets(p *paymentRow) []any {
	out := make([]any, 0, 56)
	out = append(out, &r.HumanCaseID, &r.CaseID, &r.Version, &r.UserID, &r.CaseDate, &r.PatientFirst, &r.PatientLast, &r.PatientDob,
		&r.InsProvider, &r.SurgeonID, &r.FacilityID, &r.CaseStatus, &r.PayAmountCents, &r.PayCategory, &r.PayStatus, &r.PayTier,
		&r.PayTableVersion, &r.PayCode, &r.PricedAt, &r.PayGeneration, &r.TwinSlot, &r.DuplicateMark, &r.TwinFold, &r.DigestKey)
	for _, stamp := range r.Stamps.fields() {
		out = append(out, stamp)
	}
	return append(out, &r.CreatedAt, &r.UpdatedAt, &r.DeletedAt, &r.DeletedBy,
		&p.entryID, &p.runID, &p.settledAt, &p.cancelledAt, &p.reversedAt)
}

func (r *caseRow) standing(p paymentRow) surgical.Standing {
	s := surgical.Standing{
		ID: ident.CaseID(r.CaseID), Number: r.HumanCaseID, Version: r.Version, Owner: ident.UserID(r.UserID),
		Status: surgical.Status(r.CaseStatus), Generation: r.PayGeneration, Duplicate: duplicateMark(r.DuplicateMark), Unfolded: r.TwinFold == 0,
		Pay: surgical.Worth{
			Amount: pay.Cents(r.PayAmountCents), Category: r.PayCategory.String, Status: pay.Status(r.PayStatus), Tier: pay.Tier(r.PayTier),
			Table: pay.TableVersion(r.PayTableVersion), Winner: pay.Code(r.PayCode.String), At: nullInstant(r.PricedAt),
		},
	}
	s.Payment, s.PaymentID = p.state()
	return s
}

// toCase opens what is sealed and makes the case, without codes and documents.
func (r *caseRow) toCase(p paymentRow, open sealer) (surgical.Case, error) {
	c := surgical.Case{
		Standing: r.standing(p),
		Date:     dateOf(r.CaseDate),
		Patient: surgical.Patient{
			First: open.openText(r.PatientFirst, "patient_first", r.CaseID),
			Last:  open.openText(r.PatientLast, "patient_last", r.CaseID),
			Born:  open.openText(r.PatientDob, "patient_dob", r.CaseID),
		},
		Insurer: r.InsProvider.String, SurgeonID: r.SurgeonID.Int64, FacilityID: r.FacilityID.Int64,
		Files: map[surgical.FileKind]surgical.File{}, Stamps: r.Stamps.stamps(), DuplicateForced: isForced(r.TwinSlot, r.DuplicateMark) && !r.DeletedAt.Valid,
		CreatedAt: instant(r.CreatedAt), UpdatedAt: instant(r.UpdatedAt),
		DeletedAt: nullInstant(r.DeletedAt), DeletedBy: ident.UserID(r.DeletedBy.String),
	}
	return c, open.err
}

// caseRowOf seals what must be sealed. The digest key of a case is sealed when it is stored and
// opened where it is used: reads have no need of it.
func caseRowOf(c *surgical.Case, keys *Keyring) (caseRow, error) {
	seal := sealer{keys: keys}
	id := string(c.ID)
	twin, err := keys.digest(c.DuplicateText())
	if err != nil {
		return caseRow{}, err
	}
	r := caseRow{
		HumanCaseID: c.Number, CaseID: id, Version: c.Version, UserID: string(c.Owner), CaseDate: c.Date.String(),
		PatientFirst: seal.text(c.Patient.First, "patient_first", id), PatientLast: seal.text(c.Patient.Last, "patient_last", id),
		PatientDob:  seal.text(c.Patient.Born, "patient_dob", id),
		InsProvider: nullText(c.Insurer), SurgeonID: nullInt(c.SurgeonID), FacilityID: nullInt(c.FacilityID),
		CaseStatus: int(c.Status), PayAmountCents: int64(c.Pay.Amount), PayCategory: nullText(c.Pay.Category), PayStatus: string(c.Pay.Status),
		PayTier: int(c.Pay.Tier), PayTableVersion: int64(c.Pay.Table), PayCode: nullText(string(c.Pay.Winner)), PricedAt: nullMicros(c.Pay.At),
		PayGeneration: c.Generation, TwinDigest: twin, TwinFold: presentFold, FoldedDigest: twin, DuplicateMark: storedMark(c), DigestKey: seal.bytes(c.DigestKey, "digest_key", id),
		CreatedAt: micros(c.CreatedAt), UpdatedAt: micros(c.UpdatedAt), Active: flag(c.DeletedAt.IsZero()),
		DeletedAt: nullMicros(c.DeletedAt), DeletedBy: nullText(string(c.DeletedBy)),
	}
	r.Stamps.set(c.Stamps)
	if c.DuplicateForced || c.Duplicate != surgical.NotFound || !c.DeletedAt.IsZero() {
		r.TwinSlot = c.Number
	}
	return r, seal.err
}
