package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"surgicase/bootstrap"
	"surgicase/domain/permission"
	"surgicase/ports"
	"surgicase/test/given"
)

// twoInstances runs a scenario with two instances of the program on one database, on each database.
func twoInstances(t *testing.T, scenario func(p, other *program)) {
	t.Helper()
	t.Parallel()
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			url, keys := db.url(t), map[string]string{"SURGICASE_KEYS": given.KeySet(t)}
			clock := given.NewClock()
			scenario(startAt(t, clock, url, keys), startAt(t, clock, url, keys))
		})
	}
}

// heldBack is a request whose headers have arrived and whose body has not.
type heldBack struct {
	what   string
	body   *io.PipeWriter
	whole  []byte
	answer chan answer
}

func (p *program) holdBack(what, method, path, as string, body any, headers ...string) *heldBack {
	p.t.Helper()
	h := &heldBack{what: what, answer: make(chan answer, 1)}
	var read *io.PipeReader
	read, h.body = io.Pipe()
	if text, plain := body.(string); plain {
		h.whole = []byte(text)
	} else {
		h.whole, _ = json.Marshal(body)
	}
	before := p.statements.Load()
	go func() {
		a, err := p.try(method, path, as, io.Reader(read), headers...)
		if err != nil {
			p.t.Errorf("%s: %v", what, err)
		}
		h.answer <- a
	}()
	for deadline := time.Now().Add(patience); p.statements.Load() == before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("%s: the caller is not looked at before the body is there", what)
		}
	}
	return h
}

// release sends the body and returns what is answered.
func (h *heldBack) release() answer {
	_, _ = h.body.Write(h.whole)
	_ = h.body.Close()
	return <-h.answer
}

// TestACallerWhoIsDeactivatedWhileABodyIsOnTheWay: every operation that takes a body is begun by somebody whom
// another instance deactivates before the body is there.
func TestACallerWhoIsDeactivatedWhileABodyIsOnTheWay(t *testing.T) {
	twoInstances(t, func(p, other *program) {
		s := stageForAbuse(p)
		db, tried := p.database(), 0
		var operations []*operation
		for _, op := range s.described().operations(t) {
			if op.method != http.MethodGet && op.RequestBody != nil && !op.alias() && op.ID != "upload-by-link" {
				operations = append(operations, op)
			}
		}
		for i, some := range slices.Collect(slices.Chunk(operations, 9)) { // few enough to be there within the time that a body has
			leaver := fmt.Sprint("leaver-", i)
			p.person(leaver, permission.SystemAdmin, 1)
			var held []*heldBack
			for _, op := range some {
				if r := s.exampleOf(op).whole(); r.body != nil {
					held = append(held, p.holdBack(op.String(), op.method, pathOf(op, r), leaver, r.body, r.headers...))
				}
			}
			other.send(http.MethodDelete, "/user?user_id="+leaver, root, nil).is(200)
			time.Sleep(2100 * time.Millisecond) // routes that only read look again after two seconds
			before := db.print()
			for _, h := range held {
				if a := h.release(); a.status != http.StatusUnauthorized {
					t.Errorf("%s is answered %d %.200s", h.what, a.status, a.raw)
				}
			}
			tried += len(held)
			for _, table := range changed(before, db.print()) {
				if !strings.HasPrefix(table, "arrivals") { // what is stored without a row is swept
					t.Errorf("%s has changed, by one of %v", table, some)
				}
			}
		}
		if tried < 35 {
			t.Errorf("only %d operations were tried", tried)
		}
	})
}

// TestRightsThatChangeWhileABodyIsOnTheWay: a lower type, another cap, and a revoked or expired token.
func TestRightsThatChangeWhileABodyIsOnTheWay(t *testing.T) {
	twoInstances(t, func(p, other *program) {
		p.cast()
		p.prices()
		at := p.person("dr-a", permission.Provider, 1)
		p.standing(10, "dr-a", at, "c-1")
		p.person("demoted", permission.GlobalAdmin, 1)
		run := p.holdBack("opening a run", http.MethodPost, "/payment_runs", "demoted", map[string]any{}, "Idempotency-Key", "k")
		other.send(http.MethodPatch, "/user", root, map[string]any{"user_id": "demoted", "user_type": 10}).is(200)
		run.release().refused(403, "rights_changed")
		create := p.holdBack("recording a case", http.MethodPost, "/case", "dr-a", caseOf("c-2", "dr-a", at))
		other.send(http.MethodPatch, "/user", root, map[string]any{"user_id": "dr-a", "max_case_status": 10}).is(200)
		create.release().refused(403, "rights_changed")
		p.send(http.MethodPost, "/case", "dr-a", caseOf("c-2", "dr-a", at)).is(201)
		if runs := p.database().value("SELECT COUNT(*) FROM payment_runs"); runs != "0" {
			t.Errorf("%s runs were opened", runs)
		}
	})
}

// TestATokenThatEndsWhileABodyIsOnTheWay: revoked, or past its time.
func TestATokenThatEndsWhileABodyIsOnTheWay(t *testing.T) {
	t.Parallel()
	p := start(t, given.TempSQLite(t), and(unlimited, map[string]string{"AUTH_MODE": "token"}))
	at := p.person("dr-a", permission.Provider, 1)
	for code, end := range map[string]func(){
		"token_revoked": func() {
			p.inTx(func(ctx context.Context, r ports.Repos) error {
				_, err := r.Tokens.RevokeAll(ctx, "dr-a", p.clock.Now())
				return err
			})
		},
		"token_expired": func() { p.clock.Advance(2 * time.Hour) },
	} {
		p.byAPITokens()
		p.get("/case_filter", "dr-a").is(200)
		held := p.holdBack(code, http.MethodPost, "/case", "dr-a", caseOf("c-"+code, "dr-a", at))
		end()
		held.release().refused(401, code)
	}
}

// TestAnArchiveEndsWithItsCaller: whoever is deactivated while documents stream to them gets no more of them.
func TestAnArchiveEndsWithItsCaller(t *testing.T) {
	twoInstances(t, func(p, other *program) {
		at := p.cast()["provider"]
		ids := names("c", 3)
		p.drafts("provider", at, ids...)
		noise := make([]byte, 12<<20)
		_, _ = rand.NewChaCha8([32]byte{1}).Read(noise)
		for _, id := range ids {
			p.upload("/case_files?case_id="+id+"&kind=misc&file_name=scan.pdf", "provider", somePDF+string(noise)).is(201)
		}
		for who, ask := range map[string]*http.Request{
			"of-archives":  p.asking(http.MethodPost, "/get_case_images", map[string]any{"case_ids": ids}),
			"of-documents": p.asking(http.MethodGet, "/case_file?kind=misc&case_id="+ids[0], nil),
		} {
			p.person(who, permission.CaseAdmin, 1)
			p.identify(ask, who)
			res, err := p.server.Client().Do(ask)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.CopyN(io.Discard, res.Body, 1<<10); err != nil || res.StatusCode != http.StatusOK {
				t.Fatal(res.Status, err)
			}
			other.send(http.MethodDelete, "/user?user_id="+who, root, nil).is(200)
			rest, err := io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			if err == nil || rest > 11<<20 {
				t.Errorf("%s: %d more bytes come, and the end is %v", who, rest, err)
			}
		}
	})
}

func (p *program) asking(method, path string, body any) *http.Request {
	p.t.Helper()
	raw, _ := json.Marshal(body)
	req, err := http.NewRequest(method, p.server.URL+path, bytes.NewReader(raw))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return req
}

// TestAnExportEndsWithItsCaller: each page of an export is read for whoever may still have it.
func TestAnExportEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			url, keys := db.url(t), map[string]string{"SURGICASE_KEYS": given.KeySet(t)}
			var left atomic.Int64 // statements until one stops
			stopped, goOn := make(chan struct{}), make(chan struct{})
			p := startWith(t, given.NewClock(), url, keys, func(parts *bootstrap.Parts) {
				parts.OnStatement = func(context.Context, time.Duration, error) {
					if left.Add(-1) == 0 {
						close(stopped)
						<-goOn
					}
				}
			})
			other := startAt(t, given.NewClock(), url, keys)
			at := p.cast()["provider"]
			p.prices()
			p.drafts("provider", at, names("c", 1600)...)
			export := func(as string) (answer, error) {
				return p.try(http.MethodPost, "/export_cases", as, map[string]any{"all": true}, "Accept", "application/x-ndjson")
			}
			left.Store(0)
			if _, err := export("system-admin"); err != nil {
				t.Fatal(err)
			}
			left.Store(-left.Load() / 2)
			ended := make(chan error, 1)
			go func() {
				_, err := export("case-admin")
				ended <- err
			}()
			<-stopped
			other.send(http.MethodDelete, "/user?user_id=case-admin", root, nil).is(200)
			close(goOn)
			if err := <-ended; err == nil {
				t.Error("an export went on to its end without its caller")
			}
		})
	}
}
