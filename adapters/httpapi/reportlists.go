package httpapi

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"surgicase/application/statements"
	"surgicase/domain/fault"
	"surgicase/domain/statement"
	"surgicase/domain/surgical"
)

func (a *API) individualRoutes() {
	register(a, route{
		method: http.MethodGet, path: "/individual_provider_reports", id: "individual-reports", tag: tagReports,
		faults:  []int{http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound},
		summary: "Make a report for each provider", description: "For Case Admins. " + aboutRuns + "Each PDF is locked with the provider's own password and can be fetched with GET /generated_files/{file_id}.",
	}, a.individualReports)
	register(a, route{
		method: http.MethodGet, path: "/report_password", id: "report-password", tag: tagReports, faults: []int{http.StatusForbidden, http.StatusConflict},
		summary: "Read what opens one's own payment reports", description: "For the provider alone. With scope=organisation, for Global Admins: what opens the reports of several providers. It never goes out with a report.",
	}, a.reportPassword)
}

func (a *API) generatedRoutes() {
	register(a, route{
		method: http.MethodGet, path: "/generated_files", id: "list-files", tag: tagReports, faults: []int{http.StatusForbidden},
		summary: "List the reports and accounting files that are stored", description: "For Case Admins, newest first, each with its manifest: count, total, SHA-256, and what had to be written otherwise. Previews go after a week.",
	}, a.listFiles)
	register(a, route{
		method: http.MethodGet, path: "/generated_files/{file_id}", id: "get-file", tag: tagReports, faults: []int{http.StatusForbidden, http.StatusNotFound},
		produces: []string{"application/pdf", "text/csv", "application/octet-stream"},
		summary:  "Fetch a stored report or accounting file", description: "For Case Admins, and for a provider his own reports. The same bytes as when it was made.",
	}, a.getFile)
}

type individualInput struct {
	PeriodInput
	OnlyCaller
}

type individualAnswer struct {
	Body struct {
		Message            string        `json:"message" example:"Individual provider reports generated"`
		Success            bool          `json:"success" doc:"False only if every provider failed."`
		ProvidersProcessed int           `json:"providers_processed" example:"12"`
		ReportsGenerated   int           `json:"reports_generated" example:"12"`
		EmailsSent         int           `json:"emails_sent" doc:"Always 0: POST /report_mailings mails." example:"0"`
		Errors             []skippedBody `json:"errors" nullable:"false"`
		Files              []FileBody    `json:"files" nullable:"false"`
	}
}

type skippedBody struct {
	Provider string `json:"provider" example:"Jane McDonald"`
	Error    string `json:"error" example:"The provider has no last name or NPI to make the password of."`
}

func (a *API) individualReports(ctx context.Context, in *individualInput) (*individualAnswer, error) {
	q, err := in.request(statement.ProviderReport, "")
	if err != nil {
		return nil, err
	}
	files, skipped, err := a.Reports.Make(ctx, actorOf(ctx), q)
	if err != nil {
		return nil, err
	}
	out := &individualAnswer{}
	b := &out.Body
	b.Message, b.Success, b.ReportsGenerated, b.ProvidersProcessed = "Individual provider reports generated", len(files) > 0 || len(skipped) == 0, len(files), len(files)+len(skipped)
	if b.ProvidersProcessed == 0 {
		b.Message = "No providers found with cases"
	}
	b.Files, b.Errors = mapped(files, fileBodyOf), mapped(skipped, func(s statements.Skipped) skippedBody { return skippedBody{s.Provider, safeText(s.Err)} })
	return out, nil
}

type passwordInput struct {
	OnlyCaller
	Scope string `query:"scope" enum:"organisation" doc:"organisation for the password of the reports of several providers."`
}

type passwordAnswer struct {
	Body struct {
		Scope    string `json:"scope" enum:"provider,organisation" example:"provider"`
		Password string `json:"password" example:"AB12-CD34-EF56-GH78"`
	}
}

func (a *API) reportPassword(ctx context.Context, in *passwordInput) (*passwordAnswer, error) {
	who := actorOf(ctx)
	out := &passwordAnswer{}
	var password surgical.PHI
	var err error
	if out.Body.Scope = in.Scope; in.Scope == "" {
		out.Body.Scope = "provider"
		password, err = a.Reports.Password(ctx, who, who.User)
	} else {
		password, err = a.Reports.SharedPassword(ctx, who)
	}
	out.Body.Password = password.Reveal()
	return out, err
}

// FileBody is a generated file with its manifest.
type FileBody struct {
	FileID      int64        `json:"file_id" example:"7"`
	Kind        string       `json:"kind" example:"quickbooks_transactions"`
	FileName    string       `json:"file_name" example:"quickbooks_transactions_20261123_090000.iif"`
	Key         string       `json:"key" doc:"Where it is stored." example:"exports/quickbooks_transactions/20261123_090000_0199.iif"`
	RunID       *int64       `json:"run_id" nullable:"true" doc:"Null for a preview." example:"3"`
	ProviderID  *string      `json:"provider_id" nullable:"true" doc:"Whom alone it is about." example:"demo-provider"`
	StartDate   *string      `json:"start_date" nullable:"true"`
	EndDate     *string      `json:"end_date" nullable:"true"`
	ContentType string       `json:"content_type" example:"application/octet-stream"`
	Size        int64        `json:"size" example:"4711"`
	Count       int          `json:"count" doc:"Payments and refunds in it; of a vendor list the vendors." example:"12"`
	Total       Money        `json:"total"`
	SHA256      string       `json:"sha256" example:"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`
	Changes     []changeBody `json:"changes" nullable:"false" doc:"Texts about providers that had to be written otherwise, so that QuickBooks can take them."`
	CreatedAt   time.Time    `json:"created_at"`
	CreatedBy   string       `json:"created_by" example:"demo-case-admin"`
}

type changeBody struct {
	ProviderID string `json:"provider_id" example:"demo-provider"`
	Field      string `json:"field" example:"last_name"`
	From       string `json:"from" example:"Łuczak"`
	To         string `json:"to" example:"Luczak"`
}

func fileBodyOf(f statement.File) FileBody {
	return FileBody{
		FileID: f.ID, Kind: string(f.Kind), FileName: f.Name, Key: f.Key, RunID: nullable(f.Run), ProviderID: nullable(string(f.Provider)), StartDate: nullableDate(f.From),
		EndDate: nullableDate(f.To), ContentType: f.ContentType, Size: f.Size, Count: f.Records, Total: Money(f.Total), SHA256: hex.EncodeToString(f.SHA256),
		Changes: mapped(f.Changes, func(c statement.Change) changeBody {
			return changeBody{string(c.Provider), c.Field, c.From, c.To}
		}), CreatedAt: f.MadeAt, CreatedBy: string(f.MadeBy),
	}
}

type filesInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" doc:"Most entries to give. Without it up to 1,000 and truncated says whether there are more."`
	Cursor string `query:"cursor" maxLength:"1000" doc:"Where to go on: from the Link header of the page before."`
	OnlyCaller
	Kind  string `query:"kind" maxLength:"40" doc:"Only files of this kind, as the list names it." example:"quickbooks_vendors"`
	RunID int64  `query:"run_id" minimum:"1" doc:"Only files of this payment run."`
}

type filesAnswer struct {
	Link string `header:"Link" doc:"The next page, rel=next."`
	Body struct {
		GeneratedFiles []FileBody `json:"generated_files" nullable:"false"`
		Truncated      bool       `json:"truncated,omitempty" doc:"There are more; page with limit and cursor."`
	}
}

func (a *API) listFiles(ctx context.Context, in *filesInput) (*filesAnswer, error) {
	last, err := readCursor[numberKey]("generated_files", in.Cursor)
	if err != nil {
		return nil, err
	}
	if in.Kind != "" && !slices.Contains(statement.Kinds, statement.FileKind(in.Kind)) {
		return nil, fault.InvalidField("query.kind", "is no kind of file")
	}
	limit := PageInput{Limit: in.Limit}.limit()
	q := statement.FileQuery{Kind: statement.FileKind(in.Kind), Run: in.RunID, Limit: limit + 1}
	if last != nil {
		q.Before = last.ID
	}
	files, err := a.Reports.List(ctx, actorOf(ctx), q)
	if err != nil {
		return nil, err
	}
	out := &filesAnswer{}
	if len(files) > limit {
		files = files[:limit]
		filters := url.Values{"limit": {strconv.Itoa(limit)}, "kind": {in.Kind}}
		if in.RunID != 0 {
			filters.Set("run_id", strconv.FormatInt(in.RunID, 10))
		}
		out.Link = nextLink("/generated_files", filters, writeCursor("generated_files", numberKey{files[limit-1].ID}))
		out.Body.Truncated = in.Limit == 0
	}
	out.Body.GeneratedFiles = mapped(files, fileBodyOf)
	return out, nil
}

type getFileInput struct {
	OnlyCaller
	FileID int64 `path:"file_id" minimum:"1" doc:"The file." example:"7"`
}

func (a *API) getFile(ctx context.Context, in *getFileInput) (*fileAnswer, error) {
	f, err := a.Reports.File(ctx, actorOf(ctx), in.FileID)
	if err != nil {
		return nil, err
	}
	return a.fileAnswerOf(ctx, f)
}

// safeText is the sentence of a fault for people.
func safeText(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Safe
	}
	return internalText
}
