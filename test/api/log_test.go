package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"surgicase/domain/permission"
)

// lines are what the program has logged under a name.
func (p *program) lines(event string) (found []map[string]any) {
	p.t.Helper()
	for line := range strings.SplitSeq(strings.TrimSpace(p.log.String()), "\n") {
		entry := map[string]any{}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			p.t.Fatalf("%v: %s", err, line)
		}
		if entry["event"] == event {
			found = append(found, entry)
		}
	}
	return found
}

func TestALineForEachRequestAndForEachEvent(t *testing.T) {
	t.Parallel()
	p := start(t, databases[0].url(t), map[string]string{"LOG_LEVEL": "INFO"})
	p.prices()
	at := p.person("dr-a", permission.Provider, 1)
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	p.send(http.MethodPost, "/case", "dr-a", caseOf("c-1", "dr-a", at), "X-Request-ID", "request-7", "traceparent", "00-"+trace+"-00f067aa0ba902b7-01").is(201)
	p.get("/case?case_id=c-missing&user_id=dr-a", "dr-a").is(404)
	p.clock.Panic("a panic")
	p.get("/case?case_id=c-1", "dr-a").is(500)
	p.clock.Panic("")

	requests, events := p.lines("request"), p.lines("case.created")
	if len(requests) != 3 || len(events) != 1 {
		t.Fatalf("%d requests and %d events: %s", len(requests), len(events), p.log)
	}
	for name, want := range map[string]any{
		"request_id": "request-7", "trace_id": trace, "method": "POST", "route": "/case", "status": 201.0, "actor": "dr-a", "level": "info",
	} {
		if requests[0][name] != want {
			t.Errorf("%s is %v, want %v", name, requests[0][name], want)
		}
	}
	if requests[0]["took"] == nil || requests[0]["timestamp"] == nil {
		t.Errorf("the line lacks its times: %v", requests[0])
	}
	if events[0]["request_id"] != "request-7" || events[0]["trace_id"] != trace || events[0]["outcome"] != "success" {
		t.Errorf("the event does not say which request it belongs to: %v", events[0])
	}
	if requests[1]["code"] != "case_not_found" || strings.Contains(p.log.String(), "c-missing") {
		t.Errorf("the refused request: %v", requests[1])
	}
	if stack, _ := requests[2]["stack"].(string); requests[2]["level"] != "error" || !strings.Contains(stack, "httpapi") {
		t.Errorf("the panic has no stack: %v", requests[2])
	}
}

func TestTheLevelOfTheLog(t *testing.T) {
	t.Parallel()
	for level, want := range map[string]int{"DEBUG": 1, "INFO": 1, "WARNING": 0, "ERROR": 0} {
		p := start(t, databases[0].url(t), map[string]string{"LOG_LEVEL": level})
		p.get("/health/live", "").is(200)
		if got := strings.Count(p.log.String(), `"event":"request"`); got != want {
			t.Errorf("%s: %d lines, want %d", level, got, want)
		}
	}
}
