package api

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"surgicase/domain/permission"
)

// stageForExport has cases whose texts a spreadsheet would compute.
func stageForExport(p *program) {
	p.t.Helper()
	p.cast()
	p.prices()
	at := p.person("dr-a", permission.Provider, 1)
	for i, name := range []string{`=cmd|' /C calc'!A0`, "+1+1", "-2+3", "@SUM(A1)", `Quote "and", comma`, "Zoë 李 🫀"} {
		body := caseOf(fmt.Sprintf("x-%d", i), "dr-a", at, "case_date", fmt.Sprintf("2026-02-%02d", i+1), "procedure_codes", []string{"Z9002", "Z9001-50"})
		body["patient"] = map[string]any{"first": name, "last": "Patient", "ins_provider": "Example Health Plan"}
		p.send(http.MethodPost, "/case", "dr-a", body).is(201)
	}
	p.send(http.MethodPost, "/case", "dr-a", caseOf("gone", "dr-a", at)).is(201)
	p.send(http.MethodDelete, "/case?case_id=gone", "dr-a", nil).is(200)
}

func (p *program) export(path string, body map[string]any, headers ...string) answer {
	p.t.Helper()
	return p.send(http.MethodPost, path, "case-admin", body, headers...)
}

func TestExportsAreWholeAndOnTheTrail(t *testing.T) {
	everywhere(t, func(p *program) {
		stageForExport(p)
		asked := map[string]any{"case_ids": []string{"x-1", "x-0", "x-1", "gone", "never"}}
		for _, path := range []string{"/export_cases", "/cases"} {
			got := p.export(path, asked).is(200).has("summary.total_requested", 5, "summary.total_found", 2, "summary.total_missing", 2, "cases.0.case_id", "x-0",
				"cases.0.patient_first", `=cmd|' /C calc'!A0`, "cases.0.pay_amount", 1000, "cases.0.procedure_codes.0", "Z9001-50", "cases.0.active", 1)
			wantTexts(p.t, "missing", texts(got.at("summary.missing_case_ids")), "gone", "never")
			if !strings.Contains(string(got.raw), `"pay_amount":1000.00`) {
				p.t.Errorf("an amount has not two decimals: %s", got.raw)
			}
		}
		entries := p.database().rows("SELECT things FROM audit_entries WHERE action = 'case.export' AND outcome = 'read' ORDER BY entry_id DESC")
		if len(entries) != 2 || strings.Count(entries[0][0], ",") != 1 {
			p.t.Errorf("the trail says %v", entries)
		}
		p.export("/export_cases", map[string]any{"start_date": "2026-02-02", "end_date": "2026-02-01"}).refused(400, "dates_reversed")
		p.export("/export_cases", map[string]any{"case_ids": names("n", 1001)}).refused(422, "invalid_input")
		p.export("/export_cases", map[string]any{"start_date": "2026-02-02", "end_date": "2026-02-03"}).is(200).has("summary.total_found", 2)
		p.export("/export_cases", map[string]any{"case_ids": []string{"none"}}).is(200).has("summary.total_found", 0, "summary.total_missing", 1)
	})
}

func texts(list any) []string {
	var out []string
	for _, v := range list.([]any) {
		out = append(out, fmt.Sprint(v))
	}
	slices.Sort(out)
	return out
}

func TestExportsAsLines(t *testing.T) {
	everywhere(t, func(p *program) {
		stageForExport(p)
		got := p.export("/export_cases", map[string]any{"all": true}, "Accept", "application/x-ndjson").is(200)
		if kind := got.header.Get("Content-Type"); kind != "application/x-ndjson" {
			p.t.Errorf("it comes as %s", kind)
		}
		var ids []string
		var last map[string]any
		for lines := bufio.NewScanner(bytes.NewReader(got.raw)); lines.Scan(); {
			last = map[string]any{}
			if err := json.Unmarshal(lines.Bytes(), &last); err != nil {
				p.t.Fatalf("%v: %s", err, lines.Text())
			}
			if id, ok := last["case_id"].(string); ok {
				ids = append(ids, id)
			}
		}
		if !slices.Equal(ids, []string{"x-0", "x-1", "x-2", "x-3", "x-4", "x-5"}) || fmt.Sprint(last["summary"].(map[string]any)["total_found"]) != "6" {
			p.t.Errorf("lines of %v, at last %v", ids, last)
		}
	})
}

func TestExportsToSpreadsheetsComputeNothing(t *testing.T) {
	everywhere(t, func(p *program) {
		stageForExport(p)
		got := p.export("/export_cases_csv", map[string]any{"all": true}).is(200)
		if h := got.header; h.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.Contains(h.Get("Content-Disposition"), "case_export_20260302_") ||
			h.Get("X-Export-Summary") != `{"total_requested":6,"total_found":6,"total_missing":0}` {
			p.t.Errorf("headers %v", h)
		}
		rows, err := csv.NewReader(bytes.NewReader(got.raw)).ReadAll()
		if err != nil || len(rows) != 7 {
			p.t.Fatalf("%d rows, %v", len(rows), err)
		}
		codes := slices.Index(rows[0], "procedure_codes") // columns are only added behind it
		if rows[0][0] != "case_id" || codes != 31 || rows[1][3] != `'=cmd|' /C calc'!A0` || rows[5][3] != `Quote "and", comma` || rows[6][3] != "Zoë 李 🫀" || rows[1][codes] != "Z9001-50, Z9002" {
			p.t.Errorf("rows %v", rows)
		}
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
					p.t.Errorf("a spreadsheet would compute %q", cell)
				}
			}
		}
	})
}
