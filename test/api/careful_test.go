package api

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestAMisspelledRehearsalMovesNothing holds what can be rehearsed to the letter of its parameters.
func TestAMisspelledRehearsalMovesNothing(t *testing.T) {
	everywhere(t, func(p *program) {
		stageForRuns(p)
		for query, field := range map[string]string{
			"dry_run": "query.dry_run", "dry_run=": "query.dry_run", "dry_run=yes": "query.dry_run", "dry_run=false&dry_run=true": "query.dry_run",
			"dry-run=true": "query.dry-run", "dryrun=true": "query.dryrun", "DRY_RUN=true": "query.DRY_RUN", "dry_run=true&dryRun=1": "query.dryRun",
		} {
			p.send(http.MethodPost, "/payment_runs?"+query, "global-admin", map[string]any{}).refused(422, "invalid_input").has("errors.0.location", field)
			p.send(http.MethodPatch, "/bulk_update_case_status?"+query, "global-admin", map[string]any{"case_ids": []string{"a-1"}, "new_status": 15}).
				refused(422, "invalid_input").has("errors.0.location", field)
		}
		p.get("/payment_runs", "global-admin").is(200).none("payment_runs")
		p.send(http.MethodPost, "/payment_runs?dry_run=1&calling_user_id=global-admin", "global-admin", map[string]any{}).is(200).has("dry_run", true)
	})
}

// A script whose variable is empty must not get a preview for the report of its run.
func TestANumberWithoutAValueIsRefused(t *testing.T) {
	everywhere(t, func(p *program) {
		stageForRuns(p)
		for _, path := range append(slices.Clone(reportPaths), "/my_payment_report", "/individual_provider_reports", "/generated_files") {
			p.get(path+"?run_id=", "case-admin").refused(422, "invalid_input").has("errors.0.location", "query.run_id")
		}
		p.get("/generated_files?limit=", "case-admin").refused(422, "invalid_input").has("errors.0.location", "query.limit")
		p.get("/generated_files?kind=", "case-admin").is(200)
	})
}

func TestACompressedBodyIsRefusedByItsName(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		var body bytes.Buffer
		w := gzip.NewWriter(&body)
		_, _ = w.Write([]byte(`{}`))
		_ = w.Close()
		for _, coding := range []string{"gzip", "br", "deflate, gzip"} {
			a := p.send(http.MethodPost, "/payment_runs", "global-admin", body.String(), "Content-Type", "application/json", "Content-Encoding", coding).
				refused(415, "unsupported_media_type")
			if told, _ := a.at("detail").(string); !strings.Contains(told, "not compressed") {
				p.t.Errorf("the answer does not say what is wrong: %s", told)
			}
			a.hasHeader("Accept-Encoding", "identity")
		}
		p.send(http.MethodPost, "/payment_runs", "global-admin", `{}`, "Content-Type", "application/json", "Content-Encoding", "identity").is(200)
	})
}
