package contract

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/ports"
)

// Requests is the contract of ports.Requests.
func Requests(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"a new key is reserved, an answered one gives its outcome", requestReplay},
		{"a key that is being worked on is a Conflict", requestRunning},
		{"a key with another body is refused, running or answered", requestReused},
		{"a key belongs to a caller and a route, byte for byte", requestKeys},
		{"a reservation that has run out is taken over", requestTakeOver},
		{"an abandoned key is free again, an answered one is not abandoned", requestAbandon},
		{"a key is forgotten after a day, whatever became of it", requestExpiry},
		{"of twenty who send the same at once one goes on", requestRace},
		{"of twenty who take over one goes on", requestTakeOverRace},
		{"twenty different keys of one caller do not meet", requestCrowd},
		{"an outcome is kept with the transaction that brought it about, or not at all", requestRollback},
		{"who was too slow cannot finish after another has", requestTooLate},
	})
}

var aRequest = ident.RequestKey{Caller: "ann", Route: "POST /case", Key: "key-1"}

var anOutcome = ports.RequestOutcome{Status: 201, Location: "/case?case_id=c", EntityID: "c"}

const keepKeys = 24 * time.Hour

func (w *world) beginRequest(key ident.RequestKey, body string) (outcome *ports.RequestOutcome, err error) {
	now := w.clock.Now()
	err = w.try(func(ctx context.Context, r ports.Repos) (err error) {
		outcome, err = r.Requests.Begin(ctx, key, []byte(body), now, now.Add(time.Minute), now.Add(-keepKeys))
		return err
	})
	return outcome, err
}

// begins checks that a request may go on.
func (w *world) begins(key ident.RequestKey, body string) {
	w.t.Helper()
	outcome, err := w.beginRequest(key, body)
	if err != nil || outcome != nil {
		w.t.Errorf("got %v, %v, want a reservation", outcome, err)
	}
}

func (w *world) replays(key ident.RequestKey, body string) {
	w.t.Helper()
	outcome, err := w.beginRequest(key, body)
	if err != nil {
		w.t.Fatalf("unexpected: %v", err)
	}
	equal(w.t, "outcome", outcome, &anOutcome)
}

func (w *world) refusesRequest(key ident.RequestKey, body string, kind fault.Kind, code string) {
	w.t.Helper()
	outcome, err := w.beginRequest(key, body)
	refused(w.t, err, kind, code)
	equal(w.t, "outcome", outcome, nil)
}

func finishing(key ident.RequestKey) work {
	return func(ctx context.Context, r ports.Repos) error { return r.Requests.Finish(ctx, key, anOutcome) }
}

func abandoning(key ident.RequestKey) work {
	return func(ctx context.Context, r ports.Repos) error { return r.Requests.Abandon(ctx, key) }
}

func requestReplay(w *world) {
	w.begins(aRequest, "body")
	w.do(finishing(aRequest))
	w.replays(aRequest, "body")
	w.clock.Advance(23 * time.Hour)
	w.replays(aRequest, "body")
}

func requestRunning(w *world) {
	w.begins(aRequest, "body")
	w.waitsForRequest(time.Minute)
	w.clock.Advance(time.Minute - time.Microsecond)
	w.waitsForRequest(time.Microsecond)
}

// waitsForRequest checks that a running request is refused, and for how long clients are asked to wait.
func (w *world) waitsForRequest(want time.Duration) {
	w.t.Helper()
	_, err := w.beginRequest(aRequest, "body")
	refused(w.t, err, fault.Conflict, "request_running")
	var f *fault.Error
	if !errors.As(err, &f) || f.RetryAfter != want {
		w.t.Errorf("got %v, want Retry-After %s", err, want)
	}
}

func requestReused(w *world) {
	w.begins(aRequest, "body")
	w.refusesRequest(aRequest, "other", fault.Invalid, "idempotency_key_reused")
	w.do(finishing(aRequest))
	w.refusesRequest(aRequest, "other", fault.Invalid, "idempotency_key_reused")
	w.replays(aRequest, "body")
}

func requestKeys(w *world) {
	w.begins(aRequest, "body")
	for _, key := range []ident.RequestKey{
		{Caller: "bob", Route: aRequest.Route, Key: aRequest.Key},
		{Caller: aRequest.Caller, Route: "POST /user", Key: aRequest.Key},
		{Caller: aRequest.Caller, Route: aRequest.Route, Key: "KEY-1"},
		{Caller: "Ann", Route: aRequest.Route, Key: aRequest.Key},
	} {
		w.begins(key, "other")
	}
}

func requestTakeOver(w *world) {
	w.begins(aRequest, "body")
	w.clock.Advance(time.Minute)
	w.begins(aRequest, "body")
	w.refusesRequest(aRequest, "body", fault.Conflict, "request_running")
	w.do(finishing(aRequest))
	w.replays(aRequest, "body")
}

func requestAbandon(w *world) {
	w.begins(aRequest, "body")
	w.do(abandoning(aRequest))
	w.do(abandoning(aRequest))
	w.begins(aRequest, "other")
	w.do(finishing(aRequest))
	w.do(abandoning(aRequest))
	w.replays(aRequest, "other")
}

func requestExpiry(w *world) {
	running := ident.RequestKey{Caller: "ann", Route: "POST /case", Key: "key-2"}
	w.begins(aRequest, "body")
	w.begins(running, "body")
	w.do(finishing(aRequest))
	for i := range 30 { // more than are cleared away at once
		w.begins(ident.RequestKey{Caller: "ann", Route: "POST /case", Key: fmt.Sprint("old", i)}, "body")
	}
	w.clock.Advance(keepKeys + time.Microsecond)
	w.begins(aRequest, "other")
	w.begins(running, "other")
	w.begins(ident.RequestKey{Caller: "ann", Route: "POST /case", Key: "new"}, "body")
	for i := range 30 {
		w.begins(ident.RequestKey{Caller: "ann", Route: "POST /case", Key: fmt.Sprint("old", i)}, "other")
	}
}

func requestRace(w *world) {
	oneWins(w.t, together(20, func(int) error {
		_, err := w.beginRequest(aRequest, "body")
		return err
	}), fault.Conflict, "request_running")
}

func requestTakeOverRace(w *world) {
	w.begins(aRequest, "body")
	w.clock.Advance(time.Hour)
	requestRace(w)
	w.clock.Advance(keepKeys + time.Hour)
	requestRace(w)
}

func requestCrowd(w *world) {
	for range 3 {
		for _, err := range together(20, func(i int) error {
			_, err := w.beginRequest(ident.RequestKey{Caller: "ann", Route: "POST /case", Key: fmt.Sprint("key", i)}, "body")
			return err
		}) {
			if err != nil {
				w.t.Errorf("unexpected: %v", err)
			}
		}
		w.clock.Advance(keepKeys + time.Hour)
	}
}

func requestRollback(w *world) {
	w.begins(aRequest, "body")
	_ = w.try(func(ctx context.Context, r ports.Repos) error {
		if err := finishing(aRequest)(ctx, r); err != nil {
			return err
		}
		return errRefused
	})
	w.refusesRequest(aRequest, "body", fault.Conflict, "request_running")
}

func requestTooLate(w *world) {
	w.begins(aRequest, "body")
	w.clock.Advance(time.Hour)
	w.begins(aRequest, "body")
	w.do(finishing(aRequest))
	refused(w.t, w.try(finishing(aRequest)), fault.Conflict, "request_running")
}
