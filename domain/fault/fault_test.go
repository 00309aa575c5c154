package fault_test

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"surgicase/domain/fault"
)

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

var kinds = []fault.Kind{
	fault.Invalid, fault.Senseless, fault.Unauthenticated, fault.Forbidden, fault.NotFound,
	fault.Conflict, fault.Stale, fault.TooLarge, fault.Limited, fault.Slow, fault.Unavailable,
}

func TestKindsAreErrors(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind)+" is found through any wrapping", func(t *testing.T) {
			var err error = fault.New(kind, "some_code", "Text.")
			wrapped := fmt.Errorf("outer: %w", errors.Join(io.EOF, fmt.Errorf("inner: %w", err)))
			for _, e := range []error{err, wrapped, error(kind)} {
				for _, other := range kinds {
					equal(t, fmt.Sprintf("%v is %s", e, other), errors.Is(e, other), other == kind)
				}
			}
			equal(t, "code", fault.CodeOf(wrapped), "some_code")
			equal(t, "text", kind.Error(), string(kind))
		})
	}
	t.Run("what is no fault has no kind and no code", func(t *testing.T) {
		for _, err := range []error{nil, io.EOF, fmt.Errorf("x: %w", io.EOF)} {
			equal(t, "code", fault.CodeOf(err), "")
			equal(t, "kind", errors.Is(err, fault.NotFound), false)
		}
	})
	t.Run("a fault is not another fault of its kind", func(t *testing.T) {
		one, other := fault.New(fault.Conflict, "a", "A."), fault.New(fault.Conflict, "a", "A.")
		equal(t, "other", errors.Is(one, other), false)
		equal(t, "itself", errors.Is(one, one), true)
	})
}

func TestCause(t *testing.T) {
	e := fault.New(fault.Unavailable, "store_away", "Try again.").Because(io.ErrUnexpectedEOF)
	t.Run("the cause is in the chain and in the log text, not in the safe one", func(t *testing.T) {
		equal(t, "is", errors.Is(e, io.ErrUnexpectedEOF), true)
		equal(t, "unwrapped", e.Unwrap(), io.ErrUnexpectedEOF)
		equal(t, "safe", e.Safe, "Try again.")
		equal(t, "log", e.Error(), "unavailable store_away: Try again.: unexpected EOF")
	})
	t.Run("a cause that is a fault keeps its own kind", func(t *testing.T) {
		outer := fault.New(fault.Invalid, "outer", "Outer.").Because(fault.New(fault.NotFound, "inner", "Inner."))
		equal(t, "outer", errors.Is(outer, fault.Invalid), true)
		equal(t, "inner", errors.Is(outer, fault.NotFound), true)
		equal(t, "code", fault.CodeOf(outer), "outer")
	})
}

func TestNaming(t *testing.T) {
	e := fault.New(fault.NotFound, "case_not_found", "There is no case %s.", "c-1").Naming("case_id", "c-1").Naming("run_id", "7")
	equal(t, "safe", e.Safe, "There is no case c-1.")
	equal(t, "about", e.About, map[string]string{"case_id": "c-1", "run_id": "7"})
}

func TestInvalidField(t *testing.T) {
	e := fault.InvalidField("query.limit", "must be at most %d", 1000)
	equal(t, "kind", errors.Is(e, fault.Invalid), true)
	equal(t, "code", e.Code, "invalid_input")
	equal(t, "fields", e.Fields, []fault.Field{{Location: "query.limit", Message: "must be at most 1000"}})
	equal(t, "log", e.Error(), "invalid invalid_input: The request has invalid values.; query.limit must be at most 1000")
}

func TestCollector(t *testing.T) {
	t.Run("nothing noted is no error, not even a typed nil", func(t *testing.T) {
		var c fault.Collector
		c.Check("body.npi", nil)
		if err := c.Err(); err != nil {
			t.Errorf("got %v", err)
		}
	})
	t.Run("everything noted comes in one fault, in order", func(t *testing.T) {
		var c fault.Collector
		c.Check("body.npi", fault.New(fault.Invalid, "invalid_npi", "must be ten digits, 100%% of them"))
		c.Add("body.limit", "must be at most %d", 5)
		c.Check("body.state", fmt.Errorf("wrapped: %w", fault.New(fault.Invalid, "invalid_state", "must be a state")))
		c.Check("body.user", fault.InvalidField("ignored", "is odd: %s", "%d"))
		err := c.Err()
		var f *fault.Error
		if !errors.As(err, &f) {
			t.Fatalf("got %v", err)
		}
		equal(t, "kind", errors.Is(err, fault.Invalid), true)
		equal(t, "code", f.Code, "invalid_input")
		equal(t, "fields", f.Fields, []fault.Field{
			{Location: "body.npi", Message: "must be ten digits, 100% of them"},
			{Location: "body.limit", Message: "must be at most 5"},
			{Location: "body.state", Message: "must be a state"},
			{Location: "body.user", Message: "is odd: %d"},
		})
	})
	t.Run("several fields of one error all count", func(t *testing.T) {
		var inner, outer fault.Collector
		inner.Add("a", "is bad")
		inner.Add("b", "is worse")
		outer.Check("body.rank", inner.Err())
		var f *fault.Error
		if !errors.As(outer.Err(), &f) {
			t.Fatal("no fault")
		}
		equal(t, "fields", f.Fields, []fault.Field{{"body.rank", "is bad"}, {"body.rank", "is worse"}})
	})
	t.Run("a stranger's error says nothing of itself", func(t *testing.T) {
		var c fault.Collector
		c.Check("body.patient.first", errors.New("near 'Quillon': syntax error"))
		err := c.Err()
		equal(t, "log", err.Error(), "invalid invalid_input: The request has invalid values.; body.patient.first is not valid")
		equal(t, "leak", strings.Contains(err.Error(), "Quillon"), false)
	})
}
