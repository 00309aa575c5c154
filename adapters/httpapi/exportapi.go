package httpapi

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"surgicase/application/statements"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/surgical"
)

const (
	tagExports = "Exports"
	ndjson     = "application/x-ndjson"
	csvText    = "text/csv; charset=utf-8"
)

const aboutExports = "For Case Admins. Up to 1,000 case_ids; without them, with all, start_date, end_date or filter, every case that fits, up to 100,000. " +
	"Deleted cases are missing. By case id; it streams, and a connection that breaks off says that it is not whole. "

func (a *API) exportRoutes() {
	faults := []int{http.StatusBadRequest, http.StatusForbidden, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType}
	register(a, route{
		method: http.MethodPost, path: "/export_cases", aliases: []string{"/cases"}, id: "export-cases", noDryRun: "this changes nothing", tag: tagExports, faults: faults,
		summary: "Export cases as JSON", description: aboutExports + "With Accept: application/x-ndjson a case on each line, and a last line with the summary.",
	}, a.exportCases)
	register(a, route{
		method: http.MethodPost, path: "/export_cases_csv", id: "export-cases-csv", noDryRun: "this changes nothing", tag: tagExports, faults: faults,
		summary: "Export cases as CSV", description: aboutExports + "A cell that a spreadsheet would take for a formula has an apostrophe in front, and so has what follows a semicolon. Import the columns of ids and codes as text: spreadsheets turn 007 into 7 and 219E01 into a number.",
	}, a.exportCSV)
	whole := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[exportedBody](), true, "ExportedBody")
	a.admitNulls(reflect.TypeFor[exportedBody](), whole, map[*huma.Schema]bool{})
	text := &huma.Schema{Type: huma.TypeString}
	for path, content := range map[string]map[string]*huma.MediaType{
		"/export_cases": {jsonType: {Schema: whole}, ndjson: {Schema: text}}, "/cases": {jsonType: {Schema: whole}, ndjson: {Schema: text}}, "/export_cases_csv": {"text/csv": {Schema: text}},
	} {
		a.huma.OpenAPI().Paths[path].Post.Responses["200"] = &huma.Response{Description: "OK", Content: content}
	}
}

const jsonType = "application/json"

type exportInput struct {
	OnlyCaller
	Accept string `header:"Accept" maxLength:"1000" doc:"application/x-ndjson for a case on each line."`
	Body   struct {
		CaseIDs   *[]string `json:"case_ids,omitempty" minItems:"1" maxItems:"1000" doc:"The cases wanted; dates and filter narrow them down." example:"[\"demo-case-001\"]"`
		All       bool      `json:"all,omitempty" doc:"All cases, when nothing else narrows them down."`
		StartDate string    `json:"start_date,omitempty" maxLength:"20" doc:"First case date, YYYY-MM-DD." example:"2026-10-01"`
		EndDate   string    `json:"end_date,omitempty" maxLength:"20" doc:"Last case date, YYYY-MM-DD." example:"2026-12-31"`
		Filter    string    `json:"filter,omitempty" maxLength:"1000" doc:"Comma list of statuses." example:"10,15"`
	}
}

// read gives the selection.
func (in *exportInput) read(ctx context.Context) (statements.Selection, error) {
	var r reader
	var q statements.Selection
	b := in.Body
	if b.StartDate != "" {
		q.From = r.date("body.start_date", b.StartDate)
	}
	if b.EndDate != "" {
		q.To = r.date("body.end_date", b.EndDate)
	}
	q.Statuses = surgical.ParseFilter(b.Filter, actorOf(ctx))
	fits := b.All || b.StartDate != "" || b.EndDate != "" || b.Filter != ""
	switch {
	case b.CaseIDs == nil && !fits:
		return q, fault.InvalidField("body.case_ids", "is required without all, dates or filter")
	case b.CaseIDs != nil:
		q.IDs = make([]ident.CaseID, len(*b.CaseIDs))
		for i, text := range *b.CaseIDs {
			id, err := ident.ParseCaseID(text)
			r.bad.Check("body.case_ids["+strconv.Itoa(i)+"]", err)
			q.IDs[i] = id
		}
	}
	return q, r.bad.Err()
}

func (a *API) begun(ctx context.Context, in *exportInput) (*statements.Export, error) {
	q, err := in.read(ctx)
	if err != nil {
		return nil, err
	}
	return a.Exports.Cases(ctx, actorOf(ctx), q)
}

type exportedBody struct {
	Cases   []exportRow   `json:"cases" nullable:"false"`
	Summary exportSummary `json:"summary"`
}

type exportSummary struct {
	TotalRequested int            `json:"total_requested" doc:"Repeated ids count." example:"2"`
	TotalFound     int            `json:"total_found" example:"1"`
	TotalMissing   int            `json:"total_missing" example:"1"`
	FoundCaseIDs   []ident.CaseID `json:"found_case_ids,omitzero" nullable:"false" doc:"When case_ids were given."`
	MissingCaseIDs []ident.CaseID `json:"missing_case_ids,omitzero" nullable:"false" doc:"When case_ids were given."`
}

func summaryOf(e *statements.Export) exportSummary {
	return exportSummary{TotalRequested: e.Requested, TotalFound: e.Total, TotalMissing: len(e.Missing), FoundCaseIDs: e.Found, MissingCaseIDs: e.Missing}
}

func (a *API) exportCases(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
	e, err := a.begun(ctx, in)
	if err != nil {
		return nil, err
	}
	lines := prefersLines(in.Accept)
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		w := &jsonExport{out: hc.BodyWriter(), lines: lines}
		hc.SetHeader("Content-Type", jsonType)
		if lines {
			hc.SetHeader("Content-Type", ndjson)
		}
		w.begin()
		stream(ctx, e, w.row)
		w.end(summaryOf(e))
		orAbort(ctx, w.err)
	}}, nil
}

// prefersLines says whether Accept names lines, and gives them no less weight than one object. Source: RFC
// 9110 12.5.1.
func prefersLines(accept string) bool {
	weights := map[string]float64{}
	for entry := range strings.SplitSeq(accept, ",") {
		kind, parameters, err := mime.ParseMediaType(entry)
		if err != nil {
			continue
		}
		weight := 1.0
		if q, weighed := parameters["q"]; weighed {
			weight, _ = strconv.ParseFloat(q, 64) // what is no number weighs nothing
		}
		weights[kind] = weight
	}
	return weights[ndjson] > 0 && weights[ndjson] >= weights[jsonType]
}

// stream passes the rows of an export on. It breaks the connection off when it cannot go on: the status has
// gone out already.
func stream(ctx context.Context, e *statements.Export, row func(*exportRow)) {
	for page, err := range e.Pages() {
		orAbort(ctx, err)
		for i := range page {
			r := exportRowOf(&page[i], actorOf(ctx))
			row(&r)
		}
	}
}

func orAbort(ctx context.Context, err error) {
	if err != nil {
		callOf(ctx).err = err
		panic(http.ErrAbortHandler)
	}
}

// jsonExport writes cases as one JSON object, or as lines.
type jsonExport struct {
	out   io.Writer
	lines bool
	some  bool
	err   error
}

func (w *jsonExport) write(text string) {
	if w.err == nil {
		_, w.err = io.WriteString(w.out, text)
	}
}

func (w *jsonExport) begin() {
	if !w.lines {
		w.write(`{"cases":[`)
	}
}

func (w *jsonExport) row(r *exportRow) {
	if w.some && !w.lines {
		w.write(",")
	}
	w.some = true
	w.value(r)
}

func (w *jsonExport) value(v any) {
	text, err := json.Marshal(v)
	if w.err == nil {
		w.err = err
	}
	w.write(string(text))
	if w.lines {
		w.write("\n")
	}
}

func (w *jsonExport) end(s exportSummary) {
	if w.lines {
		w.value(map[string]exportSummary{"summary": s})
		return
	}
	w.write(`],"summary":`)
	w.value(s)
	w.write("}")
}

func (a *API) exportCSV(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
	e, err := a.begun(ctx, in)
	if err != nil {
		return nil, err
	}
	counts := summaryOf(e)
	counts.FoundCaseIDs, counts.MissingCaseIDs = nil, nil // too many for a header
	summary, err := json.Marshal(counts)
	if err != nil {
		return nil, err
	}
	name := "case_export_" + a.settings.Now().UTC().Format("20060102_150405") + ".csv"
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", csvText)
		hc.SetHeader("Content-Disposition", `attachment; filename="`+name+`"`)
		hc.SetHeader("X-Export-Summary", string(summary))
		w := csv.NewWriter(hc.BodyWriter())
		w.UseCRLF = true
		orAbort(ctx, w.Write(exportColumns))
		stream(ctx, e, func(r *exportRow) { orAbort(ctx, w.Write(r.cells())) })
		w.Flush()
		orAbort(ctx, w.Error())
	}}, nil
}
