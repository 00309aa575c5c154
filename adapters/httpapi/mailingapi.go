package httpapi

import (
	"cmp"
	"context"
	"net/http"

	"surgicase/application/statements"
	"surgicase/domain/fault"
	"surgicase/domain/mail"
)

func (a *API) mailingRoutes() {
	register(a, route{
		method: http.MethodPost, path: "/report_mailings", id: "mail-reports", dryRun: true, tag: tagMail, status: http.StatusCreated,
		faults: []int{
			http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
		},
		summary: "Mail reports", description: "For Global Admins. The payment report and the summary go to those on their list (report and email_type), individual reports to the providers themselves: " +
			"to those whose message_pref is 1 or 3; the others are listed as not mailed. With run_id the reports of that run, without it those of what is open now. " +
			"Mails are queued and go out within seconds; GET /email_log tells what became of them. The file is encrypted and its password is never mailed.",
	}, a.mailReports)
}

type mailReportsInput struct {
	CallerInput
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"100" doc:"Sent again with the same body within 24 hours, nothing is mailed again and the first answer is given again."`
	RawBody        []byte
	Body           mailReportsRequest
}

type mailReportsRequest struct {
	Report     string `json:"report,omitempty" enum:"provider_payment_report,provider_payment_summary_report,individual_provider_payment_report,provider_payment_report_weekly,provider_payment_report_on_demand,provider_payment_summary_report_weekly,provider_payment_summary_report_on_demand,individual_provider_payment_report_weekly,individual_provider_payment_report_on_demand" doc:"The report, alone or with its rhythm as lists are named. This or report_name is required." example:"provider_payment_report"`
	ReportName string `json:"report_name,omitempty" enum:"provider_payment_report,provider_payment_summary_report,individual_provider_payment_report,provider_payment_report_weekly,provider_payment_report_on_demand,provider_payment_summary_report_weekly,provider_payment_summary_report_on_demand,individual_provider_payment_report_weekly,individual_provider_payment_report_on_demand" doc:"Another word for report, as /report_recipients has it."`
	EmailType  string `json:"email_type,omitempty" enum:"weekly,on_demand" doc:"Which template, and which list, where the name does not end in it; on_demand if nothing says it." example:"on_demand"`
	RunID      int64  `json:"run_id,omitempty" minimum:"1" doc:"The payment run; without it what is open now." example:"7"`
	ProviderID string `json:"provider_id,omitempty" maxLength:"100" doc:"Individual reports: only this provider's." example:"demo-provider"`
	StartDate  string `json:"start_date,omitempty" maxLength:"10" doc:"Without run_id: cases from this day on." example:"2026-11-01"`
	EndDate    string `json:"end_date,omitempty" maxLength:"10" doc:"Without run_id: cases up to this day." example:"2026-11-30"`
}

func (b *mailReportsRequest) mailing() (statements.Mailing, error) {
	var r reader
	kind, rhythm := r.report("body.", "report", b.Report, b.ReportName, b.EmailType)
	m := statements.Mailing{Kind: kind, Rhythm: cmp.Or(rhythm, mail.OnDemand), Run: b.RunID}
	if b.ProviderID != "" {
		m.Provider = r.user("body.provider_id", b.ProviderID)
	}
	if b.StartDate != "" {
		m.From = r.day("body.start_date", b.StartDate)
	}
	if b.EndDate != "" {
		m.To = r.day("body.end_date", b.EndDate)
	}
	err := r.bad.Err()
	if err == nil && m.Provider != "" && m.Kind != mail.IndividualReport {
		err = fault.New(fault.Senseless, "provider_of_all", "Only individual reports are one provider's: leave out provider_id.")
	}
	return m, err
}

type mailedAnswer struct {
	Location string `header:"Location" doc:"Where it can be seen what became of the mails."`
	Body     mailedBody
}

type mailedBody struct {
	Message   string          `json:"message" example:"Reports queued to be mailed"`
	MailingID string          `json:"mailing_id" example:"01954000-0000-7000-8000-000000000001"`
	RunID     *int64          `json:"run_id" nullable:"true" example:"7"`
	Queued    int             `json:"queued" doc:"How many mails go out." example:"12"`
	NotMailed []notMailedBody `json:"not_mailed" nullable:"false" doc:"Users who get none, and why."`
	Errors    []skippedMail   `json:"errors" nullable:"false" doc:"Providers for whom there is no report, and why."`
}

type notMailedBody struct {
	UserID string `json:"user_id" example:"demo-provider-2"`
	Reason string `json:"reason" doc:"message_pref, no_address or user_inactive." example:"message_pref"`
}

type skippedMail struct {
	Provider string `json:"provider" example:"Robin Provider"`
	Error    string `json:"error" doc:"As a code." example:"no_password"`
}

func mailedAnswerOf(m statements.Mailed) *mailedAnswer {
	out := &mailedAnswer{Location: "/email_log"}
	out.Body = mailedBody{Message: "Reports queued to be mailed", MailingID: m.ID, RunID: nullable(m.Run), NotMailed: []notMailedBody{}, Errors: []skippedMail{}}
	out.Body.Queued, _ = m.Counts()
	for _, letter := range m.Letters {
		if letter.Status == mail.NotMailed {
			out.Body.NotMailed = append(out.Body.NotMailed, notMailedBody{string(letter.User), letter.Reason})
		}
	}
	for _, s := range m.Skipped {
		out.Body.Errors = append(out.Body.Errors, skippedMail{s.Provider, fault.CodeOf(s.Err)})
	}
	return out
}

func (a *API) mailReports(ctx context.Context, in *mailReportsInput) (*mailedAnswer, error) {
	wanted, err := in.Body.mailing()
	if err != nil {
		return nil, err
	}
	key, earlier, err := a.beginRequest(ctx, "POST /report_mailings", in.IdempotencyKey, in.RawBody)
	if err != nil {
		return nil, err
	}
	if earlier != "" {
		made, err := a.Mailings.Made(ctx, actorOf(ctx), earlier)
		return mailedAnswerOf(made), err
	}
	wanted.Request = key
	done, err := a.Mailings.Mail(ctx, actorOf(ctx), wanted)
	if err != nil {
		return nil, a.abandonRequest(ctx, key, err)
	}
	return mailedAnswerOf(done), nil
}
