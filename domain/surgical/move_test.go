package surgical_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"surgicase/domain/fault"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

// grid spells the table of spec/decisions.md 3.3 out, one letter for each pair, so that it shares
// nothing with the rules under test. A dot is a move that the table does not name.
//
//	f  forward among 0, 1, 10, and forward from 20: Case Admin
//	b  backward below 15 and backward above 20: Case Admin, force, reason
//	o  10 to 15: Global Admin or the job, opens a payment
//	s  15 to 20: Global Admin or the job, settles the payment
//	r  below 15 to 400: Case Admin, reason, waived
//	w  below 15 to the rest above 20: Global Admin, force, reason, waived
//	c  15 to below 15: Global Admin, reason, cancels the payment
//	x  15 to above 20: Global Admin, force, reason, cancels the payment, waived
//	p  back to 20: Case Admin, force, reason, a settled payment
//	v  from 20 or above to below 15: Global Admin, force, reason, reverses the payment
const grid = `
from\to  0 1 10 15 20 30 40 50 60 70 80 400 500
      0  . f  f  .  .  w  w  w  w  w  w   r   w
      1  b .  f  .  .  w  w  w  w  w  w   r   w
     10  b b  .  o  .  w  w  w  w  w  w   r   w
     15  c c  c  .  s  x  x  x  x  x  x   x   x
     20  v v  v  .  .  f  f  f  f  f  f   f   f
     30  v v  v  .  p  .  f  f  f  f  f   f   f
     40  v v  v  .  p  b  .  f  f  f  f   f   f
     50  v v  v  .  p  b  b  .  f  f  f   f   f
     60  v v  v  .  p  b  b  b  .  f  f   f   f
     70  v v  v  .  p  b  b  b  b  .  f   f   f
     80  v v  v  .  p  b  b  b  b  b  .   f   f
    400  v v  v  .  p  b  b  b  b  b  b   .   f
    500  v v  v  .  p  b  b  b  b  b  b   b   .`

type wanted struct {
	least         permission.UserType
	force, reason bool
	effect        surgical.Effect
	waived        bool
}

var meaning = map[string]wanted{
	"f": {least: 10},
	"b": {least: 10, force: true, reason: true},
	"o": {least: 100, effect: surgical.OpenPayment},
	"s": {least: 100, effect: surgical.SettlePayment},
	"r": {least: 10, reason: true, waived: true},
	"w": {least: 100, force: true, reason: true, waived: true},
	"c": {least: 100, reason: true, effect: surgical.CancelPayment},
	"x": {least: 100, force: true, reason: true, effect: surgical.CancelPayment, waived: true},
	"p": {least: 10, force: true, reason: true},
	"v": {least: 100, force: true, reason: true, effect: surgical.ReversePayment},
}

// cells reads the grid: letter by from and to.
func cells(t *testing.T) map[[2]surgical.Status]string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(grid), "\n")
	head := strings.Fields(lines[0])[1:]
	found := map[[2]surgical.Status]string{}
	for _, line := range lines[1:] {
		row := strings.Fields(line)
		for i, letter := range row[1:] {
			found[[2]surgical.Status{number(t, row[0]), number(t, head[i])}] = letter
		}
	}
	if len(found) != 13*13 || len(head) != len(surgical.Statuses) {
		t.Fatalf("the grid has %d cells", len(found))
	}
	return found
}

func number(t *testing.T, s string) surgical.Status {
	t.Helper()
	var n int
	if _, err := fmt.Sscan(s, &n); err != nil {
		t.Fatal(err)
	}
	return surgical.Status(n)
}

// request is one way to ask for a move.
type request struct {
	from, to surgical.Status
	payment  surgical.PaymentState
	by       permission.Actor
	own      bool
	force    bool
	reason   string
}

func (r request) String() string {
	return fmt.Sprintf("%d to %d by type %d (%s) own=%v force=%v reason=%q payment=%d",
		r.from, r.to, r.by.Type, r.by.User, r.own, r.force, r.reason, r.payment)
}

func everyRequest(from, to surgical.Status) []request {
	actors := []permission.Actor{permission.System("job")}
	for _, role := range everyRole {
		actors = append(actors, person("somebody", role))
	}
	var all []request
	for _, by := range actors {
		for _, payment := range []surgical.PaymentState{surgical.NoPayment, surgical.PaymentOpen, surgical.PaymentSettled} {
			for i := range 8 {
				r := request{from: from, to: to, payment: payment, by: by, own: i&1 != 0, force: i&2 != 0}
				if i&4 != 0 {
					r.reason = "because"
				}
				all = append(all, r)
			}
		}
	}
	return all
}

// objections gives the codes of everything that speaks against the request, the gravest first.
func objections(letter string, r request) []string {
	if r.from == r.to {
		return []string{"case_status_same"}
	}
	if letter == "." {
		return []string{"case_move_refused"}
	}
	w := meaning[letter]
	moneyMoves := strings.Contains("oscxv", letter)
	var codes []string
	object := func(when bool, code string) {
		if when {
			codes = append(codes, code)
		}
	}
	object(!r.by.IsSystem() && r.by.Type < w.least, "not_allowed")
	object(!r.by.IsSystem() && r.own && (r.to >= 10 || moneyMoves), "own_case")
	object(w.force && !r.force, "case_needs_force")
	object(w.reason && r.reason == "", "case_needs_reason")
	object(letter == "p" && r.payment != surgical.PaymentSettled, "case_not_paid")
	object(letter == "s" && r.payment != surgical.PaymentOpen, "case_not_open")
	return codes
}

// TestEveryMove asks for every move in every way: 13 x 13 statuses, 7 actors, own and other, with
// and without force and reason, in each state of the payment.
func TestEveryMove(t *testing.T) {
	letters := cells(t)
	for _, from := range surgical.Statuses {
		t.Run(fmt.Sprintf("from %d only what the table names is possible", from), func(t *testing.T) {
			for _, to := range surgical.Statuses {
				for _, r := range everyRequest(from, to) {
					if t.Failed() {
						return // one is enough to see what is wrong
					}
					ask(t, letters[[2]surgical.Status{from, to}], r)
				}
			}
		})
	}
}

func ask(t *testing.T, letter string, r request) {
	t.Helper()
	before := standing(r.from, r.payment)
	if r.own {
		before.Owner = r.by.User
	}
	after := before
	move, err := after.Advance(r.to, surgical.Manner{By: r.by, Force: r.force, Reason: r.reason, At: later})
	against := objections(letter, r)
	if len(against) > 0 {
		refused(t, r, against, err)
		equal(t, r.String()+": a refusal leaves", after, before)
		equal(t, r.String()+": a refusal moves", move, surgical.Move{})
		return
	}
	if err != nil {
		t.Errorf("%v: refused: %v", r, err)
		return
	}
	equal(t, r.String()+": move", withoutPayment(move), surgical.Move{
		From: r.from, To: r.to, At: later, By: r.by.User, Reason: r.reason,
		Forced: meaning[letter].force, Waived: meaning[letter].waived,
	})
	equal(t, r.String()+": clears later timestamps", move.Backward(), r.to < r.from)
	equal(t, r.String()+": is priced anew", move.Reprices(), r.from >= 15 && r.to < 15)
	if reachable(r) {
		equal(t, r.String()+": effect", move.Effect, effectOf(letter, r))
		equal(t, r.String()+": standing", after, expected(before, letter, r))
		if move.Effect != surgical.NoEffect {
			equal(t, r.String()+": payment", move.Payment, before.PaymentID)
		}
	}
}

func withoutPayment(m surgical.Move) surgical.Move {
	m.Effect, m.Payment = surgical.NoEffect, 0
	return m
}

// refused wants the gravest objection if it is about the person, since who may not do a thing shall
// not learn more of the case by trying; else any of them.
func refused(t *testing.T, r request, against []string, err error) {
	t.Helper()
	code := fault.CodeOf(err)
	personal := against[0] == "not_allowed" || against[0] == "own_case"
	if code == "" || !slices.Contains(against, code) || (personal && code != against[0]) {
		t.Errorf("%v: got %v, want one of %v", r, err, against)
		return
	}
	equal(t, r.String()+": kind", kindOf(err), map[bool]fault.Kind{true: fault.Forbidden, false: fault.Conflict}[personal])
}

// reachable says whether a case can stand like this at all. Source: spec/decisions.md 5.2a.
func reachable(r request) bool {
	switch {
	case r.from < 15:
		return r.payment == surgical.NoPayment
	case r.from == 15:
		return r.payment == surgical.PaymentOpen
	}
	return r.payment != surgical.PaymentOpen
}

func effectOf(letter string, r request) surgical.Effect {
	if letter == "v" && r.payment == surgical.NoPayment {
		return surgical.NoEffect // waived cases have nothing to reverse
	}
	return meaning[letter].effect
}

func expected(s surgical.Standing, letter string, r request) surgical.Standing {
	s.Status = r.to
	switch letter {
	case "o":
		s.Payment = surgical.PaymentOpen
	case "s":
		s.Payment = surgical.PaymentSettled
	case "c", "v":
		s.Payment, s.PaymentID, s.Generation = surgical.NoPayment, 0, s.Generation+1
	case "x":
		s.Payment, s.PaymentID = surgical.NoPayment, 0
	}
	if meaning[letter].waived {
		s.Pay.Status = pay.Waived
	}
	return s
}
