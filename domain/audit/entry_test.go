package audit_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/permission"

	"pgregory.net/rapid"
)

var (
	at  = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	ada = permission.Actor{User: "dr.ada", Type: permission.Provider, Credential: "token", RequestID: "r-1", Address: "192.0.2.7"}
)

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestEntries(t *testing.T) {
	done := audit.Record(ada, permission.EditCase, "case", "c-1", at)
	plain := audit.Entry{At: at, Actor: ada, Action: "case.edit", Entity: "case", EntityID: "c-1", Outcome: audit.Done}
	t.Run("what was done says who, when, what to which thing", func(t *testing.T) { equal(t, "entry", done, plain) })
	t.Run("a change names the fields and the digests before and after", func(t *testing.T) {
		want := plain
		want.Fields, want.Before, want.After = []string{"case_date"}, []byte{1}, []byte{2}
		equal(t, "entry", done.Changing([]string{"case_date"}, []byte{1}, []byte{2}), want)
	})
	t.Run("a read names what a list showed", func(t *testing.T) {
		want := plain
		want.Outcome, want.Things = audit.Read, []string{"7", "8"}
		equal(t, "entry", done.Reading("7", "8"), want)
	})
	t.Run("a refused attempt keeps the code and the fields tried", func(t *testing.T) {
		want := plain
		want.Outcome, want.Code, want.Fields = audit.Refused, "case_locked", []string{"user_type"}
		err := fault.New(fault.Conflict, "case_locked", "No.").Because(errors.New("cause"))
		equal(t, "entry", done.Refusing(err, "user_type"), want)
	})
	t.Run("a refusal for a reason that is no fault has no code", func(t *testing.T) {
		equal(t, "code", done.Refusing(errors.New("x")).Code, "")
	})
	t.Run("a reason stands as the code of what was done", func(t *testing.T) {
		want := plain
		want.Code = "erasure_request"
		equal(t, "entry", done.WithReason("erasure_request"), want)
	})
	t.Run("an entry made from another leaves that one alone", func(t *testing.T) { equal(t, "entry", done, plain) })
}

func TestReadingAll(t *testing.T) {
	for n, want := range map[int][]int{0: {0}, 1: {1}, 1000: {1000}, 1001: {1000, 1}, 2500: {1000, 1000, 500}} {
		things := make([]string, n)
		for i := range things {
			things[i] = strconv.Itoa(i)
		}
		var sizes []int
		var all []string
		for _, e := range audit.Record(ada, permission.ReadRuns, "run", "7", at).ReadingAll(things) {
			sizes, all = append(sizes, len(e.Things)), append(all, e.Things...)
			equal(t, "the rest of the entry", e.EntityID+" "+string(e.Outcome), "7 read")
		}
		equal(t, "sizes", sizes, want)
		equal(t, "all of them", strings.Join(all, ","), strings.Join(things, ","))
	}
}

func TestDigest(t *testing.T) {
	t.Run("it is HMAC-SHA-256 of the parts", func(t *testing.T) {
		mac := hmac.New(sha256.New, []byte("key"))
		_, _ = mac.Write([]byte("one part"))
		equal(t, "digest", audit.Digest([]byte("key"), "one part"), mac.Sum(nil))
	})
	// The parts hold no control characters: they are refused where text comes in.
	parts := rapid.SliceOfN(rapid.StringMatching(`[ -~é]{0,4}`), 1, 4)
	rapid.Check(t, func(t *rapid.T) {
		a, b := parts.Draw(t, "a"), parts.Draw(t, "b")
		key := rapid.SliceOfN(rapid.Byte(), 1, 32).Draw(t, "key")
		if same := bytes.Equal(audit.Digest(key, a...), audit.Digest(key, b...)); same != reflect.DeepEqual(a, b) {
			t.Fatalf("%q and %q: same digest %v", a, b, same)
		}
		if other := append(bytes.Clone(key), 1); bytes.Equal(audit.Digest(key, a...), audit.Digest(other, a...)) {
			t.Fatal("the key does not matter")
		}
	})
}
