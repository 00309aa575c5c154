// Package walk lets everybody do anything to cases and payment runs, in any order, on the real store, and
// looks after each step whether all still holds that must hold. Source: spec/decisions.md 5.2a.
package walk

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"surgicase/application/operations"
	"surgicase/application/payments"
	"surgicase/domain/dryrun"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"

	"pgregory.net/rapid"
)

func TestWalksOnSQLite(t *testing.T) {
	t.Parallel()
	template, done := newTemplate(t), tally{}
	rapid.Check(t, func(t *rapid.T) {
		s := template.open(t)
		defer s.close(t)
		s.walk(t, done)
	})
	done.report(t)
}

// TestWalksOnMariaDB is a sample: its walks share one database, each with cases of its own.
func TestWalksOnMariaDB(t *testing.T) {
	t.Parallel()
	s, done, enough := openMariaDB(t), tally{}, sampleOfMariaDB()
	rapid.Check(t, func(t *rapid.T) {
		if done["walks"] < enough {
			s.walk(t, done)
		}
	})
	done.report(t)
}

// tally counts walks, and steps that were granted.
type tally map[string]int

// report demands that every kind of step was granted at least once: a walk that is refused everything
// proves nothing.
func (d tally) report(t *testing.T) {
	t.Helper()
	t.Logf("%v", map[string]int(d))
	for step, n := range d {
		if n == 0 && d["walks"] >= 50 {
			t.Errorf("the step %q was never granted", step)
		}
	}
}

// walk takes steps until rapid has enough.
func (s *stage) walk(t *rapid.T, done tally) {
	done["walks"]++
	s.begin(t)
	steps := map[string]func(*rapid.T){"": s.check}
	for name, take := range map[string]func(*rapid.T, permission.Actor) error{
		"move": s.move, "move again": s.move, "open a run": s.openRun, "settle a run": s.settle, "reverse a run": s.reverse, "settle all runs": s.settleAll,
		"edit a case": s.edit, "delete a case": s.remove, "restore a case": s.restore, "purge": s.purge, "purge by hand": s.purgeByHand, "approve at zero": s.approve,
		"load prices": s.loadPrices, "change a tier": s.changeTier, "record a case": s.record,
	} {
		done[name] += 0
		steps[name] = s.step(take, func() { done[name]++ })
	}
	t.Repeat(steps)
}

// step wraps a step: whoever takes it must not have moved money that he may not move.
func (s *stage) step(take func(*rapid.T, permission.Actor) error, granted func()) func(*rapid.T) {
	return func(t *rapid.T) {
		who := s.anybody(t)
		before := s.money(t)
		err := take(t, who)
		var f *fault.Error
		if err != nil && !asFault(err, &f) {
			t.Fatalf("by %s: %v", who.User, err)
		}
		if err == nil {
			granted()
		}
		s.clock.Advance(time.Minute)
		after := s.money(t)
		for provider, then := range after {
			switch {
			case then == before[provider]:
			case err != nil:
				t.Fatalf("a step refused with %v moved money of %s: %s, then %s", err, provider, before[provider], then)
			case who.IsSystem():
			case who.Type < permission.GlobalAdmin:
				t.Fatalf("a user of type %d moved money of %s: %s, then %s", who.Type, provider, before[provider], then)
			case who.Is(ident.UserID(provider)):
				t.Fatalf("%s moved his own money: %s, then %s", provider, before[provider], then)
			}
		}
	}
}

func (s *stage) move(t *rapid.T, who permission.Actor) error {
	_, err := s.cases.Move(s.orDry(t), who, bulkMove(t, s.some(t)))
	return err
}

// openRun opens a run, and the preview must have said which cases and totals it has.
func (s *stage) openRun(t *rapid.T, who permission.Actor) error {
	in := payments.NewRun{Kind: rapid.SampledFrom([]pay.RunKind{pay.Manual, pay.Weekly}).Draw(t, "kind")}
	if rapid.IntRange(0, 2).Draw(t, "named") == 0 {
		in.IDs = s.some(t)
	}
	ctx, _ := dryrun.Start(s.ctx)
	would, err := s.runs.Open(ctx, who, in)
	done, openErr := s.runs.Open(s.ctx, who, in)
	if (err == nil) != (openErr == nil) {
		t.Fatalf("the preview says %v, opening says %v", err, openErr)
	}
	if err != nil {
		return err
	}
	if got, want := told(done), told(would); got != want {
		t.Fatalf("opened %s\npreviewed %s", got, want)
	}
	if done.Run != nil {
		s.opened = append(s.opened, done.Run.ID)
	}
	return nil
}

// told is what an opening and its preview must have in common.
func told(o payments.Opened) string {
	if o.Run == nil {
		return fmt.Sprint("nothing; held ", o.Held)
	}
	var lines []string
	for _, l := range o.Lines {
		lines = append(lines, fmt.Sprint(l.CaseID, " ", l.Kind, " ", l.Generation, " ", l.Amount, " ", l.Category, " ", l.Provider))
	}
	slices.Sort(lines)
	return fmt.Sprint(o.Run.Payments, " ", o.Run.Opened, " ", o.Run.Open, " ", o.Run.PayDate, lines, o.Held)
}

func (s *stage) settle(t *rapid.T, who permission.Actor) error {
	_, err := s.runs.Settle(s.orDry(t), who, s.aRun(t))
	return err
}

func (s *stage) reverse(t *rapid.T, who permission.Actor) error {
	_, err := s.runs.Reverse(s.orDry(t), who, s.aRun(t), aReason(t))
	return err
}

func (s *stage) settleAll(_ *rapid.T, who permission.Actor) error {
	_, _, err := s.runs.SettleAll(s.ctx, who, s.clock.Now().Add(time.Microsecond))
	return err
}

func (s *stage) approve(t *rapid.T, who permission.Actor) error {
	_, err := s.prices.ApproveZero(s.ctx, who, s.some(t), aReason(t))
	return err
}

func (s *stage) purge(_ *rapid.T, who permission.Actor) error {
	s.clock.Advance(kept + time.Hour)
	_, err := s.keeping.Work(s.ctx, who)
	return err
}

// purgeByHand mostly finds a case that is deleted.
func (s *stage) purgeByHand(t *rapid.T, who permission.Actor) error {
	wanted := operations.CasePurge{ID: s.one(t), Reason: rapid.SampledFrom(surgical.PurgeReasons).Draw(t, "reason")}
	if found := s.breaking(t, "SELECT case_id FROM cases WHERE active = 0 ORDER BY deleted_at DESC LIMIT 1"); len(found) > 0 {
		wanted.ID = ident.CaseID(found[0])
	}
	_, err := operations.NewPurging(s.keeping, deaf{}).Purge(s.orDry(t), who, wanted)
	return err
}

// check looks for what must hold.
func (s *stage) check(t *rapid.T) {
	for _, breach := range s.breaches(t) {
		t.Fatal(breach)
	}
	s.nobodyIsStuck(t)
}

// nobodyIsStuck demands that every case can still be paid, corrected or closed.
func (s *stage) nobodyIsStuck(t *rapid.T) {
	var standings []surgical.Standing
	err := s.store.View(s.ctx, func(ctx context.Context, r ports.Repos) (err error) {
		standings, err = r.CaseSets.Standings(ctx, s.ids)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range standings {
		way := surgical.Closed
		if c.Status == surgical.Closed {
			way = surgical.ReadyForBilling
		}
		if _, err := c.MoveTo(way, surgical.Manner{By: permission.System("trial"), Force: true, Reason: "because"}); err != nil {
			t.Fatalf("the case %s at %d is stuck: %v", c.ID, c.Status, err)
		}
	}
}
