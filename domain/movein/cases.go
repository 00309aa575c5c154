package movein

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/document"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

// Case is an old case as it is to be recorded here.
type Case struct {
	*surgical.Case
	Old    pay.Cents // what it was worth there
	Moves  []surgical.Move
	Debt   Debt
	Opened time.Time // when its payment was opened
	Paid   time.Time // when it was paid; zero if it is not
}

// Debt says what the ledger is to hold for an old case.
type Debt int

// The kinds. Source: spec/decisions.md 5.3a.
const (
	Nothing Debt = iota // below 15: no payment
	Open                // at 15: an open payment
	Settled             // above, and it was paid
	Waived              // above, and it was never paid
)

// Frozen says whether what the case was worth there is what it is worth here, whatever prices say.
func (c Case) Frozen() bool { return c.Status >= surgical.PendingPayment }

// Places finds the surgeons and facilities by the ids they had.
type Places struct{ Surgeons, Facilities map[int64]int64 }

// stampColumns say when a status was last reached, where the old table has the column.
var stampColumns = []struct {
	column string
	status surgical.Status
}{
	{"submitted_ts", surgical.ReadyForBilling}, // its newest version stamped 10 as submitted
	{"pending_payment_ts", surgical.PendingPayment},
	{"paid_to_provider_ts", surgical.Paid},
	{"sent_to_biller_ts", surgical.SentToBiller},
	{"received_pmnt_ts", surgical.PaymentReceived},
	{"sent_to_negotiation_ts", surgical.SentToNegotiation},
	{"settled_ts", surgical.Settled},
	{"sent_to_idr_ts", surgical.SentToIDR},
	{"idr_decision_ts", surgical.IDRDecision},
	{"rejected_ts", surgical.Rejected},
	{"closed_ts", surgical.Closed},
}

// ReadCase reads a row of cases or deleted_cases with the rows of its codes.
func ReadCase(rec Record, codes []Record, people People, places Places, gone bool, by ident.UserID, now time.Time) Moved[Case] {
	r := &reader{Record: rec, id: rec.Text("case_id")}
	id, err := ident.ParseCaseID(r.id)
	if err != nil { // what is no id might be a name
		r.id = "human_case_id " + rec.Text("human_case_id")
		r.hold("", "id_not_valid")
		return result(r, Case{})
	}
	if r.flag("phi_encrypted") { // with keys that stay with the old service
		r.hold("phi_encrypted", "encrypted_there")
		return result(r, Case{})
	}
	created := orElse(r.when("case_create_ts"), now)
	c := Case{Case: &surgical.Case{
		Standing: surgical.Standing{ID: id, Number: r.key("human_case_id"), Version: 1, Generation: 1},
		Patient:  surgical.Patient{First: r.phi("patient_first", 250), Last: r.phi("patient_last", 250), Born: r.born()},
		Insurer:  r.name("ins_provider", 250), SurgeonID: r.place("surgeon_id", places.Surgeons), FacilityID: r.place("facility_id", places.Facilities),
		CreatedAt: created, Date: r.caseDate(created, now), Codes: r.codes(codes), Stamps: map[surgical.Status]time.Time{},
	}}
	c.UpdatedAt = orElse(r.when("case_updated_ts"), created)
	if gone = gone || !r.flag("active"); gone {
		c.DeletedAt, c.DeletedBy = c.UpdatedAt, by
	}
	c.Owner = people.owner(r)
	c.Files = r.files(c.Owner)
	r.standing(&c, gone)
	c.history(by)
	return result(r, c)
}

// standing reads status, times and pay: what decides about money.
func (r *reader) standing(c *Case, gone bool) {
	var ok bool
	if c.Status, ok = r.status(gone); !ok {
		r.hold("case_status", "status_unknown")
		return
	}
	if c.Old, ok = ParseAmount(r.Text("pay_amount")); !ok || c.Old < 0 {
		r.hold("pay_amount", "amount_not_valid")
		return
	}
	for _, s := range stampColumns {
		if at := r.when(s.column); !at.IsZero() {
			c.Stamps[s.status] = at
		}
	}
	r.undoThrowBack(c)
	c.Pay = surgical.Worth{Amount: c.Old, Category: r.line("pay_category", pay.MaxCategory), At: c.UpdatedAt}
	r.debt(c)
}

// undoThrowBack keeps what was paid from being paid again. The old service threw complete cases back to
// 10 from any status, and its jobs paid them once more (reference-wire.md, fault 21). A case that
// has a time of payment and stands below 20 comes in as what it is: paid. Times of statuses it has not
// reached are dropped.
func (r *reader) undoThrowBack(c *Case) {
	if c.Status < surgical.Paid && !c.Stamps[surgical.Paid].IsZero() {
		r.note(Changed, "case_status", "paid_and_thrown_back", "20")
		c.Status = surgical.Paid
	}
	for _, s := range stampColumns {
		if _, ok := c.Stamps[s.status]; ok && s.status > c.Status {
			r.note(Changed, s.column, "time_of_later_status", "")
			delete(c.Stamps, s.status)
		}
	}
}

// status reads a status: 7 and 8 are not among ours, and a deleted case that was about to be paid
// never was.
func (r *reader) status(gone bool) (surgical.Status, bool) {
	n, err := strconv.Atoi(orElse(r.Text("case_status"), "0"))
	if err != nil {
		return 0, false
	}
	switch s := surgical.Status(n); {
	case n == 7:
		r.note(Changed, "case_status", "status_mapped", "1")
		return surgical.Submitted, true
	case n == 8:
		r.note(Changed, "case_status", "status_mapped", "0")
		return surgical.Draft, true
	case gone && s == surgical.PendingPayment:
		r.note(Changed, "case_status", "deleted_before_it_was_paid", "10")
		return surgical.ReadyForBilling, true
	default:
		return s, slices.Contains(surgical.Statuses, s)
	}
}

// debt decides whether the case was paid. At 20 it was. Above, the time of the payment says so; a
// case without one went there by a jump, and is not paid by moving in.
func (r *reader) debt(c *Case) {
	paid := c.Stamps[surgical.Paid]
	switch {
	case c.Status < surgical.PendingPayment:
	case c.Status == surgical.PendingPayment:
		c.Debt = Open
	case c.Status == surgical.Paid || !paid.IsZero():
		c.Debt, c.Paid = Settled, orElse(paid, c.UpdatedAt)
	default:
		c.Debt = Waived
		if c.Old != 0 {
			r.note(Kept, "pay_amount", "never_paid", "waived")
		}
	}
	c.Opened = orElse(orElse(c.Stamps[surgical.PendingPayment], c.Paid), c.UpdatedAt)
	switch {
	case c.Debt == Waived:
		c.Pay.Status = pay.Waived
	case c.Old == 0 && c.Pay.Category == "":
		c.Pay.Status = pay.ZeroApproved
	default:
		c.Pay.Status = pay.Priced
	}
}

// history tells how the case came to where it stands, as far as its times say.
func (c *Case) history(by ident.UserID) {
	from := surgical.Draft
	for _, s := range surgical.Statuses {
		at := c.Stamps[s]
		if at.IsZero() && s == c.Status && s != surgical.Draft {
			at = c.UpdatedAt
			c.Stamps[s] = at
		}
		if !at.IsZero() {
			c.Moves = append(c.Moves, surgical.Move{From: from, To: s, At: at, By: by, Reason: "moved in from the service before"})
			from = s
		}
	}
}

func (r *reader) caseDate(created, now time.Time) civil.Date {
	d := r.day("case_date")
	switch {
	case d.IsZero():
		d = civil.On(created)
		r.note(Damaged, "case_date", "no_date", d.String())
	case surgical.CheckDate(d, civil.On(now)) != nil:
		r.note(Kept, "case_date", "date_not_plausible", d.String())
	}
	return d
}

func (r *reader) born() surgical.PHI {
	if d := r.day("patient_dob"); !d.IsZero() {
		return surgical.NewPHI(d.String())
	}
	return surgical.PHI{}
}

// place finds a surgeon or facility by its old id. The old service removed them for good and left
// the ids in the cases.
func (r *reader) place(column string, known map[int64]int64) int64 {
	text := r.Text(column)
	if text == "" || text == "0" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	id, ok := known[n]
	if err != nil || !ok {
		r.note(Damaged, column, "orphan", "")
		return 0
	}
	if id != n {
		r.note(Changed, column, "id_taken", strconv.FormatInt(id, 10))
	}
	return id
}

func (r *reader) codes(rows []Record) []surgical.Code {
	var codes []surgical.Code
	for _, row := range rows {
		text := row.Text("procedure_code")
		code, err := surgical.ParseCode(strings.TrimSpace(text))
		c := &reader{Record: row, id: r.id}
		switch {
		case err != nil:
			c.note(Damaged, "procedure_code", "code_not_valid", "")
		case slices.ContainsFunc(codes, func(have surgical.Code) bool { return have.String() == code.String() }):
			c.note(Changed, "procedure_code", "code_twice", "")
		case len(codes) == surgical.MaxCodes:
			c.note(Damaged, "procedure_code", "too_many_codes", "")
		default:
			if code.String() != text {
				c.note(Changed, "procedure_code", "code_form", code.String())
			}
			codes = append(codes, code)
		}
		r.findings = append(r.findings, c.findings...)
	}
	return codes
}

// files reads the names of documents. A name that is a path would reach out of the owner's folder.
func (r *reader) files(owner ident.UserID) map[surgical.FileKind]surgical.File {
	files := map[surgical.FileKind]surgical.File{}
	for _, kind := range surgical.FileKinds {
		text := r.Text(kind.Field())
		if text == "" {
			continue
		}
		name, err := document.ParseStoredName(text)
		if err != nil {
			r.note(Damaged, kind.Field(), "file_name_not_valid", "")
			continue
		}
		files[kind] = surgical.File{Name: name, Key: surgical.KeyFor(owner, name)}
	}
	return files
}

// Price puts the price of our rules on a case that is not yet about to be paid, and says if that is
// another than it had there. Where the amount is frozen, it only notes how the amount came about.
func (c *Case) Price(tier pay.Tier, table pay.Table) (Finding, bool) {
	x := table.Price(tier, surgical.Procedures(c.Codes))
	if c.Frozen() {
		if c.Pay.Tier = tier; x.Amount == c.Old && x.Category == c.Pay.Category {
			c.Pay.Table, c.Pay.Winner = x.TableVersion, x.Winner
		}
		return Finding{}, false
	}
	c.Pay = surgical.WorthOf(x, c.UpdatedAt)
	if c.Pay.Amount == c.Old {
		return Finding{}, false
	}
	return Finding{ID: string(c.ID), Column: "pay_amount", Effect: Changed, Code: "priced_anew", Was: c.Old.String(), Now: c.Pay.Amount.String()}, true
}

// Entry is the line of the ledger that an old case comes with.
func (c *Case) Entry() pay.Entry {
	e := c.PaymentEntry(c.Date, c.Opened)
	e.SettledAt = c.Paid
	return e
}

// Rename gives a deleted case another id, because a case that is not deleted has it now: the old
// service let ids be used again.
func (c *Case) Rename() error {
	id, err := ident.ParseCaseID(fmt.Sprintf("%s:deleted-%d", c.ID, c.Number))
	if err != nil {
		return fault.New(fault.Conflict, "case_exists", "A case with this id exists or existed.").Because(err)
	}
	c.ID = id
	return nil
}

// By is who moves in.
var By = permission.System("import")
