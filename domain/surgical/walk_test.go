package surgical_test

import (
	"testing"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"

	"pgregory.net/rapid"
)

// ledger books what the moves of one case do to its payments, as the entries of the store would.
type ledger struct {
	opened  map[int]int // payments by generation
	open    int
	settled int
	last    int64
}

func (l *ledger) book(t *rapid.T, c *surgical.Case, generation int, m surgical.Move) {
	switch m.Effect {
	case surgical.OpenPayment:
		l.opened[generation]++
		l.open++
		l.last++
		c.PaymentID = l.last
	case surgical.SettlePayment:
		l.open--
		l.settled++
	case surgical.CancelPayment:
		l.open--
	case surgical.ReversePayment:
		l.settled--
	case surgical.NoEffect:
	}
	if l.opened[generation] > 1 {
		t.Fatalf("generation %d was paid %d times", generation, l.opened[generation])
	}
}

// check is the part of spec/decisions.md 5.2a that one case can show.
func (l *ledger) check(t *rapid.T, c *surgical.Case) {
	wantOpen, wantSettled := 0, 0
	switch {
	case c.Status == surgical.PendingPayment:
		wantOpen = 1
	case c.Status >= surgical.Paid && c.Pay.Status != pay.Waived:
		wantSettled = 1
	}
	if l.open != wantOpen || l.settled != wantSettled {
		t.Fatalf("at %d (%s): %d open and %d settled payments", c.Status, c.Pay.Status, l.open, l.settled)
	}
	if got := c.Payment; (got == surgical.PaymentOpen) != (wantOpen == 1) || (got == surgical.PaymentSettled) != (wantSettled == 1) {
		t.Fatalf("at %d (%s): the case thinks its payment is %d", c.Status, c.Pay.Status, got)
	}
	if (c.PaymentID != 0) != (c.Payment != surgical.NoPayment) {
		t.Fatalf("at %d: payment %d with id %d", c.Status, c.Payment, c.PaymentID)
	}
	way := surgical.Closed
	if c.Status == surgical.Closed {
		way = surgical.ReadyForBilling
	}
	trial := c.Standing
	if _, err := trial.Advance(way, surgical.Manner{By: permission.System("trial"), Force: true, Reason: "because"}); err != nil {
		t.Fatalf("a case at %d is stuck: %v", c.Status, err)
	}
}

// TestWalks lets anybody do anything to a case, in any order.
func TestWalks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := surgical.New(surgical.Facts{ID: caseID, Owner: owner, Date: civil.Date{Year: 2026, Month: 1, Day: 5}}, nil, noon)
		books := &ledger{opened: map[int]int{}}
		c.Reprice(somePrice(t), noon)
		now := noon
		steps := map[string]func(*rapid.T){
			"move": func(t *rapid.T) {
				generation := c.Generation
				move, err := c.Advance(rapid.SampledFrom(surgical.Statuses).Draw(t, "to"), surgical.Manner{
					By: someActor(t), Force: rapid.Bool().Draw(t, "force"), At: now,
					Reason: rapid.SampledFrom([]string{"", "because"}).Draw(t, "reason"),
				})
				if err != nil {
					t.Skip("refused")
				}
				books.book(t, c, generation, move)
				if move.Reprices() {
					c.Reprice(somePrice(t), now)
				}
			},
			"edit": func(t *rapid.T) {
				status, worth := c.Status, c.Pay
				done, err := c.Apply(someActor(t), someChanges(t), now)
				if err != nil || len(done.Fields) == 0 {
					t.Skip("nothing changed")
				}
				if status >= surgical.PendingPayment && (done.Reprice || done.Twin || c.Status != status || c.Pay != worth) {
					t.Fatalf("at %d the change %v went through", status, done.Fields)
				}
				if done.Reprice {
					c.Reprice(somePrice(t), now)
				}
				c.SubmitIfComplete(now)
			},
			"approve at zero": func(t *rapid.T) {
				if c.ApproveZero(someActor(t)) != nil {
					t.Skip("refused")
				}
			},
			"load prices": func(t *rapid.T) {
				if c.Status >= surgical.PendingPayment {
					t.Skip("frozen") // the store's write says status below 15
				}
				c.Refresh(somePrice(t), now)
			},
			"": func(t *rapid.T) {
				now = now.Add(time.Minute)
				books.check(t, c)
			},
		}
		t.Repeat(steps)
	})
}

func someActor(t *rapid.T) permission.Actor {
	if rapid.IntRange(0, 3).Draw(t, "system") == 0 {
		return permission.System("job")
	}
	who := rapid.SampledFrom([]ident.UserID{owner, newOwner, "gale"}).Draw(t, "actor")
	return person(who, rapid.SampledFrom(everyRole).Draw(t, "type"))
}

func somePrice(t *rapid.T) pay.Explanation {
	table := pay.NewTable(1, []pay.Row{{Tier: 1, Code: "Z9001", Category: "SPINE", Amount: 100_000}})
	return table.Price(1, rapid.SampledFrom([][]pay.Code{nil, {"Z9001"}, {"Z9001"}, {"Z9009"}}).Draw(t, "priced by"))
}

func someChanges(t *rapid.T) surgical.Changes {
	ch := surgical.Changes{Files: map[surgical.FileKind]surgical.PHI{}}
	if rapid.Bool().Draw(t, "give away") {
		to := rapid.SampledFrom([]ident.UserID{owner, newOwner, "dr.cid"}).Draw(t, "to")
		ch.Owner = &to
	}
	if rapid.Bool().Draw(t, "recode") {
		codes := []surgical.Code{code(t, rapid.SampledFrom([]string{"Z9001", "Z9002-50"}).Draw(t, "code"))}
		ch.Codes = &codes
	}
	for _, kind := range surgical.FileKinds {
		if rapid.Bool().Draw(t, string(kind)) {
			ch.Files[kind] = surgical.NewPHI(rapid.SampledFrom([]string{"", "a.pdf", "b.pdf"}).Draw(t, "name"))
		}
	}
	return ch
}
