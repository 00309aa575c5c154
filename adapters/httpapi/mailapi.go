package httpapi

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/mail"
)

const tagMail = "Mail"

func (a *API) mailRoutes() {
	register(a, route{
		method: http.MethodGet, path: "/report_recipients", id: "list-recipients", tag: tagMail, faults: []int{http.StatusForbidden},
		summary: "List who gets reports by mail", description: "For Global Admins, in order of id. Individual reports go to the providers themselves and have no list. " +
			"The summary goes to the list of the payment report if its own is empty.",
	}, a.listRecipients)
	register(a, route{
		method: http.MethodPost, path: "/report_recipients", id: "create-recipient", dryRun: true, tag: tagMail, status: http.StatusCreated,
		faults:  []int{http.StatusForbidden, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		summary: "Put somebody on the list of a report", description: "For Global Admins.",
	}, a.createRecipient)
	register(a, route{
		method: http.MethodDelete, path: "/report_recipients", id: "delete-recipient", dryRun: true, tag: tagMail, faults: []int{http.StatusForbidden, http.StatusNotFound},
		summary: "Take somebody off the list of a report", description: "For Global Admins.",
	}, a.deleteRecipient)
	register(a, route{
		method: http.MethodGet, path: "/email_log", id: "email-log", tag: tagMail, faults: []int{http.StatusForbidden},
		summary: "Read what became of mails", description: "For Global Admins, newest first. It holds no text and no password. " +
			"A mail that is unconfirmed may have arrived; it is not sent a third time. One that is not_mailed was not to be sent, for the reason given.",
	}, a.emailLog)
}

// report reads which report is meant. Routes name it report or report_name, with its rhythm at the end or beside it,
// and each takes what the others take. The usual name of the route is what a missing one is called.
func (r *reader) report(where, usual, report, reportName, emailType string) (mail.Kind, mail.Rhythm) {
	if report != "" && reportName != "" && report != reportName {
		r.bad.Add(where+"report", "must not differ from report_name")
	}
	name := cmp.Or(reportName, report)
	if name == "" {
		r.bad.Add(where+usual, "is required")
		return "", ""
	}
	kind, rhythm, err := mail.ParseReport(name, emailType)
	at := where + "email_type"
	if fault.CodeOf(err) == "unknown_report" {
		at = where + "report_name"
		if reportName == "" {
			at = where + "report"
		}
	}
	r.bad.Check(at, err)
	return kind, rhythm
}

// RecipientBody is somebody on the list of a report.
type RecipientBody struct {
	RecipientID  int64     `json:"recipient_id" example:"3"`
	ReportName   string    `json:"report_name" example:"provider_payment_report_weekly"`
	EmailAddress string    `json:"email_address" example:"accounting@example.com"`
	FirstName    string    `json:"first_name" example:"Alex"`
	LastName     string    `json:"last_name" example:"Example"`
	CreatedAt    time.Time `json:"created_at"`
}

func recipientBodyOf(r mail.Recipient) RecipientBody {
	return RecipientBody{
		RecipientID: r.ID, ReportName: string(r.List), EmailAddress: r.Address, FirstName: r.First, LastName: r.Last, CreatedAt: r.CreatedAt,
	}
}

type recipientsInput struct {
	PageInput
	CallerInput
	ReportName string `query:"report_name" enum:"provider_payment_report,provider_payment_summary_report,provider_payment_report_weekly,provider_payment_report_on_demand,provider_payment_summary_report_weekly,provider_payment_summary_report_on_demand" doc:"Only this list, or the lists of this report."`
	Report     string `query:"report" enum:"provider_payment_report,provider_payment_summary_report,provider_payment_report_weekly,provider_payment_report_on_demand,provider_payment_summary_report_weekly,provider_payment_summary_report_on_demand" doc:"Another word for report_name."`
	EmailType  string `query:"email_type" enum:"weekly,on_demand" doc:"With the name of a report: only its list of this rhythm."`
}

type recipientsAnswer struct {
	PageHeaders
	Body struct {
		Recipients []RecipientBody `json:"recipients" nullable:"false"`
		Truncated  bool            `json:"truncated,omitempty" doc:"There are more; page with limit and cursor."`
	}
}

func (a *API) listRecipients(ctx context.Context, in *recipientsInput) (*recipientsAnswer, error) {
	var lists []mail.List
	if in.ReportName != "" || in.Report != "" || in.EmailType != "" {
		var r reader
		kind, rhythm := r.report("query.", "report_name", in.Report, in.ReportName, in.EmailType)
		if err := r.bad.Err(); err != nil {
			return nil, err
		}
		lists = []mail.List{mail.ListOf(kind, rhythm)}
		if rhythm == "" {
			lists = []mail.List{mail.ListOf(kind, mail.Weekly), mail.ListOf(kind, mail.OnDemand)}
		}
	}
	query := url.Values{"report_name": {in.ReportName}, "report": {in.Report}, "email_type": {in.EmailType}}
	page, err := pageByID(in.PageInput, "report_recipients", query, func(r mail.Recipient) int64 { return r.ID },
		func(after int64, limit int) ([]mail.Recipient, error) {
			return a.Mail.Recipients(ctx, actorOf(ctx), lists, after, limit)
		})
	if err != nil {
		return nil, err
	}
	out := &recipientsAnswer{PageHeaders: page.headers}
	out.Body.Recipients, out.Body.Truncated = mapped(page.rows, recipientBodyOf), page.truncated
	return out, nil
}

type createRecipientInput struct {
	CallerInput
	Body struct {
		ReportName   string `json:"report_name,omitempty" enum:"provider_payment_report,provider_payment_summary_report,provider_payment_report_weekly,provider_payment_report_on_demand,provider_payment_summary_report_weekly,provider_payment_summary_report_on_demand" doc:"The list: a report and its rhythm, or the report alone with email_type beside it. This or report is required." example:"provider_payment_report_weekly"`
		Report       string `json:"report,omitempty" enum:"provider_payment_report,provider_payment_summary_report,provider_payment_report_weekly,provider_payment_report_on_demand,provider_payment_summary_report_weekly,provider_payment_summary_report_on_demand" doc:"Another word for report_name, as POST /report_mailings has it."`
		EmailType    string `json:"email_type,omitempty" enum:"weekly,on_demand" doc:"The rhythm, where the name does not end in it; on_demand if nothing says it." example:"weekly"`
		EmailAddress string `json:"email_address" minLength:"1" maxLength:"250" example:"accounting@example.com"`
		FirstName    string `json:"first_name,omitempty" maxLength:"100" example:"Alex"`
		LastName     string `json:"last_name,omitempty" maxLength:"100" example:"Example"`
	}
}

type createdRecipient struct {
	Location string `header:"Location" doc:"The list that shows it."`
	Body     struct {
		Message string `json:"message" example:"Recipient created successfully"`
		RecipientBody
	}
}

func (a *API) createRecipient(ctx context.Context, in *createRecipientInput) (*createdRecipient, error) {
	var r reader
	kind, rhythm := r.report("body.", "report_name", in.Body.Report, in.Body.ReportName, in.Body.EmailType)
	to := mail.Recipient{
		List: mail.ListOf(kind, cmp.Or(rhythm, mail.OnDemand)), Address: r.email("body.email_address", in.Body.EmailAddress),
		First: r.nameOf("body.first_name", in.Body.FirstName, mail.MaxName, false), Last: r.nameOf("body.last_name", in.Body.LastName, mail.MaxName, false),
	}
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	to, err := a.Mail.Add(ctx, actorOf(ctx), to)
	if err != nil {
		return nil, err
	}
	out := &createdRecipient{Location: "/report_recipients"}
	out.Body.Message, out.Body.RecipientBody = "Recipient created successfully", recipientBodyOf(to)
	return out, nil
}

type deleteRecipientInput struct {
	CallerInput
	RecipientID int64 `query:"recipient_id" required:"true" minimum:"1" doc:"The recipient to take off." example:"3"`
}

type deletedRecipient struct {
	Body struct {
		Message     string `json:"message" example:"Recipient deleted successfully"`
		RecipientID int64  `json:"recipient_id" example:"3"`
	}
}

func (a *API) deleteRecipient(ctx context.Context, in *deleteRecipientInput) (*deletedRecipient, error) {
	if err := a.Mail.Remove(ctx, actorOf(ctx), in.RecipientID); err != nil {
		return nil, err
	}
	out := &deletedRecipient{}
	out.Body.Message, out.Body.RecipientID = "Recipient deleted successfully", in.RecipientID
	return out, nil
}

type emailLogInput struct {
	PageInput
	CallerInput
	Status     string `query:"status" enum:"queued,sent,not_mailed,failed,unconfirmed" doc:"Only mails that stand so."`
	ReportType string `query:"report_type" enum:"provider_payment_report,provider_payment_summary_report,individual_provider_payment_report,job_failure_alert,job_warning_alert,audit_checkpoint" doc:"Only mails of this kind."`
}

type emailLogAnswer struct {
	PageHeaders
	Body struct {
		EmailLog  []emailBody `json:"email_log" nullable:"false"`
		Truncated bool        `json:"truncated,omitempty" doc:"There are more; page with limit and cursor."`
	}
}

type emailBody struct {
	EmailID             int64      `json:"email_id" example:"12"`
	MessageID           string     `json:"message_id" doc:"The same for every attempt." example:"01954000-0000-7000-8000-000000000001@example.com"`
	ReportType          string     `json:"report_type" example:"individual_provider_payment_report"`
	EmailType           *string    `json:"email_type" nullable:"true" doc:"weekly or on_demand, for reports." example:"weekly"`
	RunID               *int64     `json:"run_id" nullable:"true" doc:"The payment run that it is about." example:"7"`
	ToAddress           *string    `json:"to_address" nullable:"true" doc:"Null for a user without address." example:"dr.tour@example.com"`
	UserID              *string    `json:"user_id" nullable:"true" doc:"The user whom it is for, if it is for one." example:"dr-tour"`
	Subject             string     `json:"subject" example:"Your Personal Payment Report - March 02, 2026"`
	AttachmentsCount    int        `json:"attachments_count" example:"1"`
	AttachmentFilenames []string   `json:"attachment_filenames" nullable:"false" example:"[\"provider_payment_report_1234567893_20260302.pdf\"]"`
	Status              string     `json:"status" enum:"queued,sent,not_mailed,failed,unconfirmed" example:"sent"`
	Reason              *string    `json:"reason" nullable:"true" doc:"Why it is not sent, or not yet, as a code; message_pref where the user wants no mail." example:"message_pref"`
	Attempts            int        `json:"attempts" example:"1"`
	CreatedAt           time.Time  `json:"created_at"`
	CreatedBy           string     `json:"created_by" doc:"Who had it sent; system:… for jobs." example:"demo-global-admin"`
	EndedAt             *time.Time `json:"ended_at" nullable:"true" doc:"When it was sent or given up."`
}

func emailBodyOf(p mail.Posted) emailBody {
	b := emailBody{
		EmailID: p.ID, MessageID: p.MessageID, ReportType: string(p.Kind), EmailType: nullable(string(p.Rhythm)), RunID: nullable(p.Run),
		ToAddress: nullable(p.To), UserID: nullable(string(p.User)), Subject: p.Subject, AttachmentsCount: len(p.Enclosed),
		AttachmentFilenames: make([]string, len(p.Enclosed)), Status: string(p.Status), Reason: nullable(p.Reason), Attempts: p.Attempts,
		CreatedAt: p.CreatedAt, CreatedBy: string(p.CreatedBy), EndedAt: nullableTime(p.EndedAt),
	}
	for i, f := range p.Enclosed {
		b.AttachmentFilenames[i] = f.Name
	}
	return b
}

func (a *API) emailLog(ctx context.Context, in *emailLogInput) (*emailLogAnswer, error) {
	counting := in.Count
	in.Count = false // pageByID counts by reading
	total := 0
	page, err := pageByID(in.PageInput, "email_log", url.Values{"status": {in.Status}, "report_type": {in.ReportType}}, func(p mail.Posted) int64 { return p.ID },
		func(before int64, limit int) ([]mail.Posted, error) {
			found, err := a.Mail.Log(ctx, actorOf(ctx), mail.Query{
				Status: mail.Status(in.Status), Kind: mail.Kind(in.ReportType), Before: before, Limit: limit, Count: counting,
			})
			total = found.Total
			return found.Letters, err
		})
	if err != nil {
		return nil, err
	}
	out := &emailLogAnswer{PageHeaders: page.headers}
	if counting {
		out.Total = strconv.Itoa(total)
	}
	out.Body.EmailLog, out.Body.Truncated = mapped(page.rows, emailBodyOf), page.truncated
	return out, nil
}
