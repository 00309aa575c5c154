package api

import (
	"strings"
	"testing"

	"surgicase/test/given"
)

// TestThePageOfTheAPI begins with signing in and with cases, and keeps no token in the browser.
func TestThePageOfTheAPI(t *testing.T) {
	t.Parallel()
	p := start(t, given.TempSQLite(t), nil)
	page := string(p.get("/docs", "").is(200).raw)
	if strings.Contains(page, "persistAuthorization: true") || !strings.Contains(page, "persistAuthorization: false") {
		t.Errorf("the page keeps tokens: %s", page)
	}
	described := p.get("/openapi.json", "").is(200)
	described.has("tags.0.name", "Cases", "tags.1.name", "Documents")
	if text := described.at("info.description").(string); !strings.Contains(text, "Signing in") || !strings.Contains(text, "Bearer") {
		t.Errorf("the page begins with %q", text)
	}
}

// TestQuickAnswersAreTold apart: the buckets of answers begin at a millisecond.
func TestQuickAnswersAreTold(t *testing.T) {
	t.Parallel()
	p := start(t, given.TempSQLite(t), nil)
	p.get("/health/live", "").is(200)
	metrics := string(p.get("/metrics", "", "Authorization", "Bearer "+metricsToken).is(200).raw)
	if !strings.Contains(metrics, `http_request_duration_seconds_bucket{`) || !strings.Contains(metrics, `le="0.001"}`) {
		t.Errorf("%v", grep(metrics, "http_request_duration_seconds_bucket"))
	}
}
