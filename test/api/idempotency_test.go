package api

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"surgicase/domain/permission"
	"surgicase/test/given"
)

func TestARequestSentTwiceIsDoneOnce(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.person("dr-a", permission.Provider, 1)
		p.person("dr-b", permission.Provider, 1)
		p.prices()
		body := caseOf("", "dr-a", at, "procedure_codes", []string{"Z9001"})
		delete(body, "case_id")
		first := p.send(http.MethodPost, "/case", "dr-a", body, "Idempotency-Key", "key-1").is(201)
		for range 3 {
			again := p.send(http.MethodPost, "/case", "dr-a", body, "Idempotency-Key", "key-1").is(201)
			if string(again.raw) != string(first.raw) || again.header.Get("Location") != first.header.Get("Location") {
				p.t.Errorf("first %s, then %s", first.raw, again.raw)
			}
		}
		if n := p.database().value("SELECT COUNT(*) FROM cases"); n != "1" {
			p.t.Errorf("%s cases", n)
		}
		body["case_date"] = "2026-02-21"
		p.send(http.MethodPost, "/case", "dr-a", body, "Idempotency-Key", "key-1").refused(422, "idempotency_key_reused").
			has("errors.0.location", "header.Idempotency-Key")
		p.send(http.MethodPost, "/case", "dr-a", body, "Idempotency-Key", "key-2").is(201)

		// The key of another caller is another key, and a key is forgotten after a day.
		p.send(http.MethodPost, "/case", "dr-b", body, "Idempotency-Key", "key-1").refused(403, "not_your_data")
		p.clock.Advance(23 * time.Hour)
		p.send(http.MethodPost, "/case", "dr-a", body, "Idempotency-Key", "key-1").refused(422, "idempotency_key_reused")
		p.clock.Advance(2 * time.Hour)
		body["case_date"] = "2026-02-22"
		p.send(http.MethodPost, "/case", "dr-a", body, "Idempotency-Key", "key-1").is(201)
	})
}

func TestARefusedRequestLeavesItsKeyFree(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.person("dr-a", permission.Provider, 1)
		p.send(http.MethodPost, "/case", "dr-a", caseOf("c-1", "dr-a", at)).is(201)
		p.send(http.MethodPost, "/case", "dr-a", caseOf("c-1", "dr-a", at, "case_date", "2026-02-21"), "Idempotency-Key", "key").refused(409, "case_exists")
		p.send(http.MethodPost, "/case", "dr-a", caseOf("c-2", "nobody", at), "Idempotency-Key", "key").refused(403, "not_your_data")
		p.send(http.MethodPost, "/case", "dr-a", map[string]any{}, "Idempotency-Key", "key").refused(422, "invalid_input")
		p.send(http.MethodPost, "/case", "dr-a", caseOf("c-2", "dr-a", at, "case_date", "2026-02-21"), "Idempotency-Key", "key").is(201)
		if held := p.database().value("SELECT COUNT(*) FROM idempotency_keys WHERE status = 0"); held != "0" {
			p.t.Errorf("%s keys are still held", held)
		}
	})
}

func TestARepeatedAnswerIsReadWithTheRightsOfToday(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.person("dr-a", permission.Provider, 1)
		p.person("dr-b", permission.Provider, 1)
		p.person("case-admin", permission.CaseAdmin, 1)
		body := caseOf("c-1", "dr-a", at)
		p.send(http.MethodPost, "/case", "dr-a", body, "Idempotency-Key", "key").is(201)
		p.send(http.MethodPatch, "/case", "case-admin", map[string]any{"case_id": "c-1", "user_id": "dr-b"}).is(200)
		p.send(http.MethodPost, "/case", "dr-a", body, "Idempotency-Key", "key").refused(404, "case_not_found")
		if kept := p.database().value("SELECT COUNT(*) FROM idempotency_keys WHERE location <> '/case?case_id=c-1' OR status <> 201"); kept != "0" {
			p.t.Error("more is kept than status, location and id")
		}
	})
}

// An answer that is given again is given with the rights of today, on every route that takes an Idempotency-Key.
func TestWhoIsDemotedGetsNoAnswerAgain(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()
		p.prices()
		p.standing(10, "provider", at["provider"], "c-paid")
		p.onList("provider_payment_report_on_demand", "list@example.com", "")
		p.person("boss", permission.GlobalAdmin, 1)
		routes := []struct {
			path   string
			body   map[string]any
			status int
			code   string
		}{
			{"/case", caseOf("c-1", "provider", at["provider"]), 404, "case_not_found"},
			{"/payment_runs", map[string]any{}, 403, "not_allowed"},
			{"/report_mailings", map[string]any{"report": "provider_payment_report"}, 403, "not_allowed"},
			{"/user", userOf("new-one"), 403, "not_your_data"},
		}
		var tried, described []string
		for _, r := range routes {
			first := p.send(http.MethodPost, r.path, "boss", r.body, "Idempotency-Key", "key").is(201)
			if again := p.send(http.MethodPost, r.path, "boss", r.body, "Idempotency-Key", "key").is(201); again.header.Get("Location") != first.header.Get("Location") {
				p.t.Errorf("POST %s again: %s, first %s", r.path, again.raw, first.raw)
			}
			tried = append(tried, r.path)
		}
		p.send(http.MethodPatch, "/user", root, map[string]any{"user_id": "boss", "user_type": 1}).is(200)
		for _, r := range routes {
			p.send(http.MethodPost, r.path, "boss", r.body, "Idempotency-Key", "key").refused(r.status, r.code)
		}
		for _, op := range p.described().operations(p.t) {
			if slices.ContainsFunc(op.Parameters, func(one parameter) bool { return one.Name == "Idempotency-Key" }) && !op.alias() {
				described = append(described, op.path)
			}
		}
		slices.Sort(described)
		if !slices.Equal(tried, described) {
			p.t.Errorf("tried are %q, and %q take an Idempotency-Key", tried, described)
		}
	})
}

func TestOfTwentyRequestsWithOneKeyOneIsDone(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.person("dr-a", permission.Provider, 1)
		body := caseOf("", "dr-a", at)
		delete(body, "case_id")
		answers := together(p, crowd, func(int) (answer, error) {
			return p.try(http.MethodPost, "/case", "dr-a", body, "Idempotency-Key", "key")
		})
		ids := map[string]int{}
		for _, a := range answers {
			if a.status == http.StatusCreated {
				ids[a.at("case_id").(string)]++
				continue
			}
			a.refused(409, "request_running").hasHeader("Retry-After", "60")
		}
		if n := p.database().value("SELECT COUNT(*) FROM cases"); n != "1" || len(ids) != 1 {
			p.t.Errorf("%s cases, and the answers name %v", n, ids)
		}
		last := p.send(http.MethodPost, "/case", "dr-a", body, "Idempotency-Key", "key").is(201)
		if fmt.Sprint(ids[last.at("case_id").(string)]) == "0" {
			p.t.Errorf("now the answer names %v, before it was %v", last.at("case_id"), ids)
		}
	})
}

// A request that died holds its key for a minute at most, and clients are told for how long still.
func TestAHeldKeySaysHowLong(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.person("dr-a", permission.Provider, 1)
		body := caseOf("c-1", "dr-a", at)
		p.send(http.MethodPost, "/case", "dr-a", body, "Idempotency-Key", "key").is(201)
		p.spoil("UPDATE idempotency_keys SET status = 0")
		p.send(http.MethodPost, "/case", "dr-a", body, "Idempotency-Key", "key").refused(409, "request_running").hasHeader("Retry-After", "60")
		p.clock.Advance(47 * time.Second)
		p.send(http.MethodPost, "/case", "dr-a", body, "Idempotency-Key", "key").refused(409, "request_running").hasHeader("Retry-After", "13")
		p.clock.Advance(13 * time.Second)
		p.send(http.MethodPost, "/case", "dr-a", body, "Idempotency-Key", "key").refused(409, "case_exists")
	})
}

// A body is tax ids and names, and there are few enough of these to try them all against a digest without a key.
func TestWhatARequestSaidCannotBeGuessedFromItsKey(t *testing.T) {
	everywhere(t, func(p *program) {
		kept := func(p *program) string {
			at := p.person("dr-a", permission.Provider, 1)
			p.send(http.MethodPost, "/case", "dr-a", caseOf("c-1", "dr-a", at), "Idempotency-Key", "key").is(201)
			return p.database().value("SELECT HEX(body_hash) FROM idempotency_keys")
		}
		one, other := kept(p), kept(start(p.t, given.TempSQLite(p.t), nil)) // with keys of its own
		if len(one) != 64 || len(other) != 64 || one == other {
			p.t.Errorf("of the same body under two keys %q and %q are kept", one, other)
		}
	})
}
