package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"surgicase/application/statements"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/statement"
)

// Books are the use cases about reports, accounting files and exports.
type Books struct {
	Reports *statements.Reports
	Exports *statements.Exports
}

const (
	tagReports    = "Reports"
	tagAccounting = "QuickBooks"
)

const aboutRuns = "With run_id the file of that payment run: made once, kept, and the same to the byte from then on. Without it a preview of the payments that are open now, " +
	"filtered by case date and provider, without refunds. Nothing is mailed and no case is moved. "

func (a *API) reportRoutes() {
	faults := []int{http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusConflict}
	for _, r := range []struct {
		kind                           statement.FileKind
		id, tag, alias, summary, about string
		mime                           string
	}{
		{statement.PaymentReport, "payment-report", tagReports, "", "Get the payment report of all providers", "An encrypted PDF; GET /report_password?scope=organisation tells what opens it.", "application/pdf"},
		{statement.SummaryReport, "summary-report", tagReports, "", "Get the summary of payments by state", "An encrypted PDF; GET /report_password?scope=organisation tells what opens it.", "application/pdf"},
		{statement.Vendors, "quickbooks-vendors", tagAccounting, "/quickbooks-vendors-csv", "Get the vendors for QuickBooks as CSV", "Those who have a bill in the file of transactions, by the same names. The opening balance is empty: the bills carry what is owed.", "text/csv"},
		{
			statement.Transactions, "quickbooks-transactions", tagAccounting, "/quickbooks-transactions-iif", "Get the bills for QuickBooks Desktop as IIF",
			"All payments of the run, whatever became of them, as BILL, and as BILL REFUND the cancellations and reversals that it carries; entries of 0.00 make no bill. Of an import run the payments that were open when it was made. " +
				"Import each bill once, from the file of the run or that of a provider of it (user_id): QuickBooks notices no repetition. Bills that must not be paid say so in their memo if they were cancelled when the file was made, and X-Bills-Not-To-Pay names all of them.",
			"application/octet-stream",
		},
	} {
		path := "/" + string(r.kind)
		var aliases []string
		if r.alias != "" {
			path = map[statement.FileKind]string{statement.Vendors: "/quickbooks_vendors_csv", statement.Transactions: "/quickbooks_transactions_iif"}[r.kind]
			aliases = append(aliases, r.alias)
		}
		described := route{
			method: http.MethodGet, path: path, aliases: aliases, id: r.id, tag: r.tag, owner: true, faults: faults, produces: []string{r.mime}, summary: r.summary,
			description: "For Case Admins. " + aboutRuns + r.about,
		}
		if r.kind == statement.Transactions {
			register(a, described, a.transactions)
			continue
		}
		register(a, described, func(ctx context.Context, in *FileInput) (*fileAnswer, error) { return a.file(ctx, in, r.kind) })
	}
	register(a, route{
		method: http.MethodGet, path: "/my_payment_report", id: "my-report", tag: tagReports, faults: faults, produces: []string{"application/pdf"},
		summary: "Get one's own payment report", description: "An encrypted PDF; GET /report_password tells what opens it. " + aboutRuns,
	}, a.myReport)
	a.vendorRoutes()
	a.individualRoutes()
	a.exportRoutes()
	a.generatedRoutes()
}

// PeriodInput is what every report takes.
type PeriodInput struct {
	RunID     int64  `query:"run_id" minimum:"1" doc:"The payment run; without it a preview."`
	StartDate string `query:"start_date" maxLength:"20" doc:"First case date of a preview, YYYY-MM-DD." example:"2026-10-01"`
	EndDate   string `query:"end_date" maxLength:"20" doc:"Last case date of a preview, YYYY-MM-DD." example:"2026-12-31"`
	EmailType string `query:"email_type" maxLength:"100" doc:"Accepted and ignored: nothing is mailed by a GET." example:"on_demand"`
}

func (in *PeriodInput) request(kind statement.FileKind, provider ident.UserID) (statements.Request, error) {
	from, to, err := dateRange(in.StartDate, in.EndDate)
	return statements.Request{Kind: kind, Run: in.RunID, Provider: provider, From: from, To: to}, err
}

// FileInput is what a file of several providers takes.
type FileInput struct {
	PeriodInput
	UserID string `query:"user_id" maxLength:"255" doc:"Only this provider's lines. In trusted mode without a header it names the caller and filters nothing."`
}

// fileAnswer is a file with what is known about it.
type fileAnswer struct {
	ContentType   string `header:"Content-Type"`
	Disposition   string `header:"Content-Disposition" doc:"The file's name."`
	FileID        string `header:"X-File-ID" doc:"Its id in GET /generated_files."`
	Preview       string `header:"X-Preview" doc:"True for a preview, which is not to be imported or paid by."`
	Count         string `header:"X-Record-Count" doc:"Payments and refunds in it; of a vendor list the vendors."`
	Amount        string `header:"X-Total-Amount" doc:"What it comes to."`
	SHA256        string `header:"X-Content-SHA256" doc:"Of the file, in hex."`
	Changes       string `header:"X-Changes" doc:"How many texts had to be written otherwise; GET /generated_files says which."`
	ExportType    string `header:"X-Export-Type" doc:"Of accounting files: what it is."`
	NotToPay      string `header:"X-Bills-Not-To-Pay" doc:"Of the transactions of a run: document numbers of bills whose payments were cancelled by now, at most 200."`
	NotToPayCount string `header:"X-Bills-Not-To-Pay-Count" doc:"How many these are."`
	Before        string `header:"X-Fetched-Before" doc:"True if the file was made for an earlier request: it may have been imported already."`
	MadeBy        string `header:"X-Made-By" doc:"Who asked for it first."`
	MadeAt        string `header:"X-Made-At" doc:"When, in UTC."`
	Key           string `header:"X-S3-Key" doc:"Where it is stored."`
	Stored        string `header:"X-S3-Upload-Success" doc:"Always True: what cannot be stored is not given."`
	EmailSent     string `header:"X-Email-Sent" doc:"Always False."`
	EmailCount    string `header:"X-Email-Count" doc:"Always 0."`
	Recipients    string `header:"X-Email-Total-Recipients" doc:"Always 0."`
	Body          []byte
}

var exportTypes = map[statement.FileKind]string{statement.Vendors: "QuickBooks Vendors CSV", statement.Transactions: "QuickBooks Transactions IIF"}

func (a *API) file(ctx context.Context, in *FileInput, kind statement.FileKind) (*fileAnswer, error) {
	q, err := in.request(kind, "")
	if err != nil {
		return nil, err
	}
	if in.UserID != "" && actorOf(ctx).Credential != credentialQuery {
		if q.Provider, err = ident.ParseUserID(in.UserID); err != nil {
			return nil, fault.InvalidField("query.user_id", "must be a user id")
		}
	}
	return a.made(ctx, q)
}

type transactionsInput struct {
	FileInput
	Lists string `query:"lists" enum:"true,false" doc:"false leaves out the accounts and vendors, for who keeps them in QuickBooks. The bills are the same."`
}

func (a *API) transactions(ctx context.Context, in *transactionsInput) (*fileAnswer, error) {
	out, err := a.file(ctx, &in.FileInput, statement.Transactions)
	if err == nil && in.Lists == "false" {
		out.Body = a.Reports.BillsAlone(out.Body)
		sum := sha256.Sum256(out.Body)
		out.SHA256 = hex.EncodeToString(sum[:])
	}
	return out, err
}

func (a *API) made(ctx context.Context, q statements.Request) (*fileAnswer, error) {
	files, _, err := a.Reports.Make(ctx, actorOf(ctx), q)
	if err != nil {
		return nil, err
	}
	return a.fileAnswerOf(ctx, files[0])
}

func (a *API) fileAnswerOf(ctx context.Context, f statement.File) (*fileAnswer, error) {
	content, err := a.Reports.Content(ctx, f)
	if err != nil {
		return nil, err
	}
	notToPay, err := a.Reports.NotToPay(ctx, f)
	if err != nil {
		return nil, err
	}
	return &fileAnswer{
		ContentType: f.ContentType, Disposition: `attachment; filename="` + f.Name + `"`, FileID: strconv.FormatInt(f.ID, 10), Preview: spelled(f.Run == 0),
		Count: strconv.Itoa(f.Records), Amount: f.Total.String(), SHA256: hex.EncodeToString(f.SHA256), Changes: strconv.Itoa(len(f.Changes)),
		NotToPay: strings.Join(notToPay[:min(len(notToPay), maxNotToPay)], ", "), NotToPayCount: strconv.Itoa(len(notToPay)),
		Before: spelled(f.Existed), MadeBy: string(f.MadeBy), MadeAt: f.MadeAt.UTC().Format(time.RFC3339),
		ExportType: exportTypes[f.Kind], Key: f.Key, Stored: spelled(true), EmailSent: spelled(false), EmailCount: "0", Recipients: "0", Body: content,
	}, nil
}

// maxNotToPay is how many numbers of bills a header names.
const maxNotToPay = 200

// spelled writes a truth value as the old product did in headers.
func spelled(truth bool) string {
	if truth {
		return "True"
	}
	return "False"
}

type myReportInput struct {
	PeriodInput
	OnlyCaller
}

func (a *API) myReport(ctx context.Context, in *myReportInput) (*fileAnswer, error) {
	q, err := in.request(statement.ProviderReport, actorOf(ctx).User)
	if err != nil {
		return nil, err
	}
	return a.made(ctx, q)
}
