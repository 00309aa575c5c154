package httpapi

import (
	"time"

	"surgicase/application/payments"
	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

// RunBody is a payment run with its sums: opened is always open plus settled plus cancelled, and reversed
// is a part of settled.
type RunBody struct {
	RunID          *int64     `json:"run_id" nullable:"true" doc:"Null if there is no run, yet or at all." example:"12"`
	Kind           string     `json:"kind" enum:"weekly,manual,import" doc:"Opened by the weekly job, by hand, or by an import; no file carries the last." example:"manual"`
	OpenedAt       *time.Time `json:"opened_at" nullable:"true"`
	OpenedBy       *string    `json:"opened_by" nullable:"true" doc:"A user, or system:job or system:cli." example:"demo-global-admin"`
	PayDate        *string    `json:"pay_date" nullable:"true" doc:"The day on which the bills are paid." example:"2026-12-04"`
	TotalPayments  int        `json:"total_payments" example:"8"`
	OpenedTotal    Money      `json:"opened_total" doc:"What the run opened with; it never changes."`
	OpenTotal      Money      `json:"open_total"`
	SettledTotal   Money      `json:"settled_total"`
	CancelledTotal Money      `json:"cancelled_total"`
	ReversedTotal  Money      `json:"reversed_total" doc:"A part of settled_total."`
	MailedByJobs   bool       `json:"mailed_by_jobs" doc:"Whether the Monday jobs mail its reports. They mail weekly runs; POST /report_mailings mails those of any run."`
}

func runBodyOf(run pay.Run) RunBody {
	return RunBody{
		RunID: nullable(run.ID), Kind: string(run.Kind), OpenedAt: nullableTime(run.OpenedAt), OpenedBy: nullable(string(run.OpenedBy)),
		PayDate: nullableDate(run.PayDate), TotalPayments: run.Payments, OpenedTotal: Money(run.Opened), OpenTotal: Money(run.Open),
		SettledTotal: Money(run.Settled), CancelledTotal: Money(run.Cancelled), ReversedTotal: Money(run.Reversed),
		MailedByJobs: run.Kind == pay.Weekly,
	}
}

// runBodyOrNone is runBodyOf for a run that may not have come to be.
func runBodyOrNone(run *pay.Run, kind pay.RunKind) RunBody {
	if run == nil {
		return RunBody{Kind: string(kind)}
	}
	return runBodyOf(*run)
}

// duplicatesOf shows the duplicates of cases of a run to a caller.
type duplicatesOf struct {
	known map[int64]surgical.Duplicates
	who   permission.Actor
}

func (d duplicatesOf) of(number int64) DuplicateBody { return duplicateBodyOf(d.known[number], d.who) }

// LineBody is an entry of the ledger.
type LineBody struct {
	CaseID       string  `json:"case_id" example:"demo-case-012"`
	HumanCaseID  int64   `json:"human_case_id" example:"12"`
	DocNumber    string  `json:"document_number" doc:"Of the bill: the human_case_id, from the second payment on with the generation." example:"12"`
	UserID       string  `json:"user_id" doc:"The provider." example:"demo-provider"`
	ProviderName *string `json:"provider_name" nullable:"true" example:"Robin Provider"`
	CaseDate     string  `json:"case_date" example:"2026-11-02"`
	PayCategory  *string `json:"pay_category" nullable:"true" example:"SPINE"`
	Amount       Money   `json:"amount" doc:"Negative for cancellations and reversals."`
	TableVersion int64   `json:"table_version" doc:"The price table it was priced by." example:"3"`
	DuplicateBody
}

// paymentBody is a payment of a run.
type paymentBody struct {
	LineBody
	State string `json:"state" enum:"open,settled,cancelled,reversed" doc:"What became of it." example:"open"`
}

// refundBody takes a payment back.
type refundBody struct {
	LineBody
	Kind  string `json:"kind" enum:"cancellation,reversal" doc:"Of an open payment, or of a settled one." example:"reversal"`
	RunID int64  `json:"paid_in_run_id" doc:"The run of the payment." example:"11"`
}

func lineBodyOf(l *pay.Line, known duplicatesOf) LineBody {
	return LineBody{
		CaseID: string(l.CaseID), HumanCaseID: l.CaseNumber, DocNumber: l.DocNumber(), UserID: string(l.Provider), ProviderName: nullable(directory.FullName(l.First, l.Last)),
		CaseDate: l.CaseDate.String(), PayCategory: nullable(l.Category), Amount: Money(l.Amount), TableVersion: int64(l.Table),
		DuplicateBody: known.of(l.CaseNumber),
	}
}

func paymentBodyOf(l pay.Line, known duplicatesOf) paymentBody {
	return paymentBody{LineBody: lineBodyOf(&l, known), State: string(l.Outcome())}
}

func refundBodyOf(l pay.Line, known duplicatesOf) refundBody {
	return refundBody{LineBody: lineBodyOf(&l, known), Kind: string(l.Kind), RunID: l.RunID}
}

// DueBody is what is to be paid on the pay date.
type DueBody struct {
	ToPayTotal         Money             `json:"to_pay_total" doc:"What to pay on the pay date, to all providers together."`
	ReversalsTotal     Money             `json:"reversals_total" doc:"Settled payments that were taken back and are deducted, negative."`
	CancellationsTotal Money             `json:"cancellations_total" doc:"Payments that were cancelled before they were settled: nobody was paid them, and they deduct nothing."`
	CarriedTotal       Money             `json:"carried_total" doc:"What the next run deducts because it exceeds what there is to pay now."`
	ToPay              []ProviderDueBody `json:"to_pay" nullable:"false" doc:"What to pay, by provider."`
}

// ProviderDueBody is what a provider is to be paid.
type ProviderDueBody struct {
	UserID        string `json:"user_id" example:"demo-provider"`
	Payments      Money  `json:"payments" doc:"Payments of the run that were not cancelled."`
	Reversals     Money  `json:"reversals" doc:"Settled payments taken back, negative."`
	Owed          Money  `json:"owed" doc:"What is left to deduct from earlier runs."`
	Cancellations Money  `json:"cancellations" doc:"Cancelled payments. They deduct nothing."`
	ToPay         Money  `json:"to_pay" doc:"Payments and reversals less what is owed, never below zero."`
	Carried       Money  `json:"carried" doc:"What the next run deducts."`
}

func dueBodyOf(all []pay.Due) DueBody {
	body := DueBody{ToPayTotal: Money(pay.ToPay(all)), ToPay: make([]ProviderDueBody, len(all))}
	for i, d := range all {
		body.ReversalsTotal += Money(d.Reversals)
		body.CancellationsTotal += Money(d.Cancelled)
		body.CarriedTotal += Money(d.Carried())
		body.ToPay[i] = ProviderDueBody{
			UserID: string(d.Provider), Payments: Money(d.Payments), Reversals: Money(d.Reversals), Owed: Money(d.Owed), Cancellations: Money(d.Cancelled),
			ToPay: Money(d.ToPay()), Carried: Money(d.Carried()),
		}
	}
	return body
}

// splitLines parts the payments of a run from what it carries back.
func splitLines(lines []pay.Line, known duplicatesOf) (paid []paymentBody, refunds []refundBody) {
	paid, refunds = []paymentBody{}, []refundBody{}
	for _, l := range lines {
		if l.Kind == pay.Payment {
			paid = append(paid, paymentBodyOf(l, known))
		} else {
			refunds = append(refunds, refundBodyOf(l, known))
		}
	}
	return paid, refunds
}

// heldBody is a case that a run left out.
type heldBody struct {
	CaseID      string  `json:"case_id" example:"demo-case-013"`
	HumanCaseID *int64  `json:"human_case_id" nullable:"true" doc:"Null if there is no such case." example:"13"`
	UserID      *string `json:"user_id" nullable:"true" doc:"The provider." example:"demo-provider-2"`
	Reason      string  `json:"reason" doc:"no_codes, unpriced, waived, no_npi, excluded_account, own_case, own_price (the provider loaded the price and nobody else has confirmed it), not_yet_operated (a day to come), possible_duplicate, duplicate_unchecked; of cases that were named also case_not_ready and case_not_found." example:"unpriced"`
	DuplicateBody
}

func heldBodyOf(h pay.Held, known duplicatesOf) heldBody {
	return heldBody{DuplicateBody: known.of(h.CaseNumber), CaseID: string(h.CaseID), HumanCaseID: nullable(h.CaseNumber), UserID: nullable(string(h.Provider)), Reason: string(h.Reason)}
}

// openRunRequest asks for a run.
type openRunRequest struct {
	BodyCaller
	PayDate *string  `json:"pay_date,omitempty" nullable:"true" maxLength:"10" doc:"The day on which the bills are paid: a banking day within 60 days. Default: the first pay day that lies PAY_LEAD_DAYS banking days after the next settling." example:"2026-12-04"`
	CaseIDs []string `json:"case_ids,omitempty" nullable:"true" maxItems:"1000" doc:"Only these cases, at most 1,000. Default: every case at 10." example:"[\"demo-case-012\"]"`
}

func (b *openRunRequest) read() (payments.NewRun, error) {
	var r reader
	in := payments.NewRun{Kind: pay.Manual}
	for i, text := range b.CaseIDs {
		id, err := ident.ParseCaseID(text)
		r.bad.Check(indexed("body.case_ids", i), err)
		in.IDs = append(in.IDs, id)
	}
	if b.CaseIDs != nil && len(b.CaseIDs) == 0 {
		r.bad.Add("body.case_ids", "must not be empty; leave it out for every case at 10")
	}
	if b.PayDate != nil {
		in.PayDate = r.date("body.pay_date", *b.PayDate)
	}
	return in, r.bad.Err()
}
