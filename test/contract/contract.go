// Package contract holds every adapter to what the comments of the ports promise: one suite per
// port, run on each adapter by adapters_test.go. It asks only through the ports.
package contract

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// patience is how long a test may take. Without it, a second query outside the transaction would wait
// for the one connection that writes until the end of days.
const patience = 45 * time.Second

// work is what is done in a transaction.
type work = func(context.Context, ports.Repos) error

// world is what a test starts with: an empty store, a clock and a deadline.
type world struct {
	t     *testing.T
	ctx   context.Context
	store ports.Store
	clock *given.Clock
	ids   *given.IDs
}

func begin(t *testing.T, open func(*testing.T) ports.Store) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return &world{t: t, ctx: ctx, store: open(t), clock: given.NewClock(), ids: &given.IDs{}}
}

// sentences runs tests by what they say, each on a store of its own.
func sentences(t *testing.T, open func(*testing.T) ports.Store, tests []sentence) {
	t.Helper()
	for _, s := range tests {
		t.Run(s.says, func(t *testing.T) { s.holds(begin(t, open)) })
	}
}

type sentence struct {
	says  string
	holds func(*world)
}

// needsLocks skips what rests on locks of the database: they do not reach across a cluster, and nothing
// but the moment at which a task catches up depends on them (docs/DECISIONS.md).
func (w *world) needsLocks() {
	if c, ok := w.store.(interface{ Nodes() int }); ok && c.Nodes() > 1 {
		w.t.Skip("locks do not reach across a cluster")
	}
}

// try runs work in a transaction.
func (w *world) try(fn work) error { return w.store.InTx(w.ctx, fn) }

// do runs work that must succeed.
func (w *world) do(fn work) {
	w.t.Helper()
	if err := w.try(fn); err != nil {
		w.t.Fatalf("unexpected: %v", err)
	}
}

var errLost = errors.New("lost the race")

// once runs work in a transaction and does not try again after a lost race: the test wants to see it.
func (w *world) once(fn work) error {
	var lost error
	err := w.try(func(ctx context.Context, r ports.Repos) error {
		lost = nil
		err := fn(ctx, r)
		if fault.CodeOf(err) == "changed_meanwhile" {
			lost = err
			return errLost
		}
		return err
	})
	if errors.Is(err, errLost) {
		return lost
	}
	return err
}

// read asks a question that must be answered.
func read[T any](w *world, ask func(context.Context, ports.Repos) (T, error)) T {
	w.t.Helper()
	answer, err := attempt(w, ask)
	if err != nil {
		w.t.Fatalf("unexpected: %v", err)
	}
	return answer
}

// attempt asks a question.
func attempt[T any](w *world, ask func(context.Context, ports.Repos) (T, error)) (answer T, err error) {
	err = w.store.View(w.ctx, func(ctx context.Context, r ports.Repos) (err error) {
		answer, err = ask(ctx, r)
		return err
	})
	return answer, err
}

// together runs fn n times at once and gives the errors.
func together(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	all.Wait()
	return errs
}

// oneWins checks that exactly one of several succeeded and that all others got the fault.
func oneWins(t *testing.T, errs []error, kind fault.Kind, code string) {
	t.Helper()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		refused(t, err, kind, code)
	}
	if won != 1 {
		t.Errorf("%d of %d won, want 1", won, len(errs))
	}
}

// refused checks for a fault.
func refused(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	if !errors.Is(err, kind) || fault.CodeOf(err) != code {
		t.Errorf("got %v, want %s %s", err, kind, code)
	}
}

// equal checks for the same value, also inside patient data, which it does not print.
func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		told, wanted := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want)
		if told == wanted { // they differ in what %+v leaves out, such as the location of a time
			told, wanted = fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", want)
		}
		t.Errorf("%s:\n got %s\nwant %s", what, told, wanted)
	}
}

// isEmpty checks that a list is empty and not nil: it becomes [] in an answer, not null.
func isEmpty[T any](t *testing.T, what string, list []T) {
	t.Helper()
	if list == nil || len(list) > 0 {
		t.Errorf("%s: got %#v, want an empty list", what, list)
	}
}

type counterKey struct{}

// Counting gives a context in which HeardStatement counts.
func Counting(ctx context.Context, into *atomic.Int64) context.Context {
	return context.WithValue(ctx, counterKey{}, into)
}

// HeardStatement is to be called by the adapter for every statement, with the context it runs in.
func HeardStatement(ctx context.Context) {
	if counter, ok := ctx.Value(counterKey{}).(*atomic.Int64); ok {
		counter.Add(1)
	}
}

// cost counts the statements of a question.
func (w *world) cost(ask work) int64 { w.t.Helper(); return w.counted(w.store.View, ask) }

// costOf counts the statements of work in a transaction.
func (w *world) costOf(fn work) int64 { w.t.Helper(); return w.counted(w.store.InTx, fn) }

func (w *world) counted(run func(context.Context, work) error, fn work) int64 {
	w.t.Helper()
	var statements atomic.Int64
	if err := run(Counting(w.ctx, &statements), fn); err != nil {
		w.t.Fatalf("unexpected: %v", err)
	}
	if statements.Load() == 0 {
		w.t.Fatal("the adapter does not tell of its statements")
	}
	return statements.Load()
}

// hire stores users of a type.
func (w *world) hire(kind permission.UserType, names ...ident.UserID) {
	w.t.Helper()
	w.do(func(ctx context.Context, r ports.Repos) error {
		for _, name := range names {
			if err := r.Users.Add(ctx, given.User(name, kind)); err != nil {
				return err
			}
		}
		return nil
	})
}

// record stores cases.
func (w *world) record(cases ...*surgical.Case) {
	w.t.Helper()
	w.do(func(ctx context.Context, r ports.Repos) error {
		for _, c := range cases {
			if err := r.Cases.Add(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// some makes n cases of an owner; their ids begin with the prefix and sort in order.
func some(n int, prefix string, owner ident.UserID) []*surgical.Case {
	cases := make([]*surgical.Case, n)
	for i := range cases {
		cases[i] = given.Case(ident.CaseID(fmt.Sprintf("%s-%04d", prefix, i)), owner)
	}
	return cases
}

var everything = permission.Scope{All: true}

func (w *world) userNamed(id ident.UserID) *directory.User {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (*directory.User, error) { return r.Users.Get(ctx, id) })
}

func (w *world) caseNamed(id ident.CaseID) *surgical.Case {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (*surgical.Case, error) {
		return r.Cases.Get(ctx, id, everything)
	})
}

// copied is a copy for work that may run more than once.
func copied[T any](v *T) *T {
	c := *v
	return &c
}
