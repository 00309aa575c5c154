package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"surgicase/domain/permission"
)

// What every move takes, copied by hand from the table of decisions 3.3. A row is where a case stands,
// a column where it is to go:
//
//   - nobody, ever                       =  it stands there already
//     f  Case Admin
//     b  Case Admin, force, reason          p  the same, only with a settled, unreversed payment
//     r  Case Admin, reason; waived
//     O  Global Admin; opens a payment      S  Global Admin; settles it
//     W  Global Admin, force, reason; waived
//     c  Global Admin, reason; cancels      C  Global Admin, force, reason; cancels, waived
//     R  Global Admin, force, reason; reverses what is settled
const movesTable = `
from    0  1 10 15 20 30 40 50 60 70 80 400 500
   0    =  f  f  -  -  W  W  W  W  W  W  r   W
   1    b  =  f  -  -  W  W  W  W  W  W  r   W
  10    b  b  =  O  -  W  W  W  W  W  W  r   W
  15    c  c  c  =  S  C  C  C  C  C  C  C   C
  20    R  R  R  -  =  f  f  f  f  f  f  f   f
  30    R  R  R  -  p  =  f  f  f  f  f  f   f
  40    R  R  R  -  p  b  =  f  f  f  f  f   f
  50    R  R  R  -  p  b  b  =  f  f  f  f   f
  60    R  R  R  -  p  b  b  b  =  f  f  f   f
  70    R  R  R  -  p  b  b  b  b  =  f  f   f
  80    R  R  R  -  p  b  b  b  b  b  =  f   f
 400    R  R  R  -  p  b  b  b  b  b  b  =   f
 500    R  R  R  -  p  b  b  b  b  b  b  b   =
`

// rule is a letter of the table.
type rule struct {
	from          permission.UserType
	force, reason bool
}

var letters = map[string]rule{
	"f": {permission.CaseAdmin, false, false}, "b": {permission.CaseAdmin, true, true}, "p": {permission.CaseAdmin, true, true},
	"r": {permission.CaseAdmin, false, true}, "O": {permission.GlobalAdmin, false, false}, "S": {permission.GlobalAdmin, false, false},
	"W": {permission.GlobalAdmin, true, true}, "c": {permission.GlobalAdmin, false, true}, "C": {permission.GlobalAdmin, true, true},
	"R": {permission.GlobalAdmin, true, true},
}

// stamped are the statuses whose time is kept, and stampColumns where.
var (
	stamped      = []int{1, 10, 15, 20, 30, 40, 50, 60, 70, 80, 400, 500}
	stampColumns = []string{
		"submitted_at", "ready_for_billing_at", "pending_payment_at", "paid_to_provider_at", "sent_to_biller_at", "received_pmnt_at",
		"sent_to_negotiation_at", "settled_at", "sent_to_idr_at", "idr_decision_at", "rejected_at", "closed_at",
	}
)

// readMoves gives the statuses and the letter of each move.
func readMoves(t *testing.T) (statuses []int, letter map[[2]int]string) {
	t.Helper()
	letter = map[[2]int]string{}
	for line := range strings.SplitSeq(strings.TrimSpace(movesTable), "\n") {
		cells := strings.Fields(line)
		if cells[0] == "from" {
			for _, c := range cells[1:] {
				statuses = append(statuses, number(t, c))
			}
			continue
		}
		for i, c := range cells[1:] {
			letter[[2]int{number(t, cells[0]), statuses[i]}] = c
		}
	}
	if len(statuses) != 13 || len(letter) != 169 {
		t.Fatalf("the table has %d statuses and %d moves", len(statuses), len(letter))
	}
	return statuses, letter
}

func number(t *testing.T, text string) int {
	t.Helper()
	var n int
	if _, err := fmt.Sscan(text, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// pool holds cases that stand at each status, paid ones and waived ones apart.
type pool struct {
	p     *program
	at    place
	next  int
	ready map[stand][]string
}

type stand struct {
	status int
	waived bool
}

func (s stand) String() string {
	if s.waived {
		return fmt.Sprintf("waived-%d", s.status)
	}
	return fmt.Sprintf("at-%d", s.status)
}

// take gives a case that stands there.
func (l *pool) take(s stand) string {
	if len(l.ready[s]) == 0 {
		l.next++
		ids := names(fmt.Sprintf("%s-%d", s, l.next), 25)
		if s.waived {
			l.p.waived(s.status, "dr-a", l.at, ids...)
		} else {
			l.p.standing(s.status, "dr-a", l.at, ids...)
		}
		l.ready[s] = ids
	}
	id := l.ready[s][0]
	l.ready[s] = l.ready[s][1:]
	return id
}

// attempt is one bulk move of a case from every stand.
type attempt struct {
	as            role
	to            int
	force, reason bool
}

func (a attempt) String() string {
	return fmt.Sprintf("%s moves to %d (force %t, reason %t)", a.as.name, a.to, a.force, a.reason)
}

// verdict is what the table says of the attempt for a case: the code of the exception, "" if it moves.
func (a attempt) verdict(s stand, letter string) string {
	r, named := letters[letter]
	switch {
	case letter == "=":
		return "case_status_same"
	case !named:
		return "case_move_refused"
	case a.as.typ < r.from:
		return "not_allowed"
	case r.force && !a.force:
		return "case_needs_force"
	case r.reason && !a.reason:
		return "case_needs_reason"
	case letter == "p" && s.waived:
		return "case_not_paid"
	}
	return ""
}

// neverTo says whether the role may make no move to this status at all.
func neverTo(as role, to int, letter map[[2]int]string) bool {
	for move, l := range letter {
		if r, named := letters[l]; named && move[1] == to && as.typ >= r.from {
			return false
		}
	}
	return true
}

func TestEveryMoveByEveryRoleDoesWhatTheTableSays(t *testing.T) {
	oneByOne(t)
	statuses, letter := readMoves(t)
	everywhere(t, func(p *program) {
		p.cast()
		p.prices()
		cases := &pool{p: p, at: p.person("dr-a", permission.Provider, 1), ready: map[stand][]string{}}
		var stands []stand
		standing := map[stand]string{}
		for _, status := range statuses {
			stands = append(stands, stand{status, false})
			if status > 20 {
				stands = append(stands, stand{status, true})
			}
		}
		for _, s := range stands {
			standing[s] = cases.take(s)
		}
		db := p.database()
		for _, to := range statuses {
			for _, as := range roles {
				for _, manner := range manners(as) {
					a := attempt{as, to, manner[0], manner[1]}
					before := db.value(writes)
					got := p.move(as.name, to, casesOf(stands, standing), a.with()...)
					if neverTo(as, to, letter) {
						got.refused(403, "not_allowed")
						wantUnchanged(p.t, db, before, a.String())
						continue
					}
					if compare(p, db, a, got.is(200), stands, standing, letter) == 0 {
						wantUnchanged(p.t, db, before, a.String())
						continue
					}
					db.holds(a.String())
					for _, s := range stands {
						if a.verdict(s, letter[[2]int{s.status, to}]) == "" {
							standing[s] = cases.take(s)
						}
					}
				}
			}
			if p.t.Failed() {
				p.t.FailNow()
			}
		}
	})
}

// manners are the ways in which a role asks, with force and with a reason: all of them where the table
// draws a line between the role and the one below it.
func manners(as role) [][2]bool {
	if as.typ == permission.UserAdmin || as.typ == permission.SystemAdmin {
		return [][2]bool{{false, false}, {true, true}}
	}
	return [][2]bool{{false, false}, {false, true}, {true, false}, {true, true}}
}

func (a attempt) with() []any {
	with := []any{"force", a.force}
	if a.reason {
		with = append(with, "reason", a.String())
	}
	return with
}

func casesOf(stands []stand, standing map[stand]string) []string {
	ids := make([]string, len(stands))
	for i, s := range stands {
		ids[i] = standing[s]
	}
	return ids
}

// writes counts what moves write: a fingerprint of everything would take longer than the moves.
const writes = `SELECT CONCAT((SELECT SUM(version) FROM cases), ' ', (SELECT COUNT(*) FROM case_history), ' ', (SELECT COUNT(*) FROM payment_entries), ' ',
	(SELECT COUNT(*) FROM payment_runs), ' ', (SELECT COUNT(*) FROM payment_entries WHERE settled_at IS NOT NULL OR cancelled_at IS NOT NULL))`

func wantUnchanged(t *testing.T, db *database, before, after string) {
	t.Helper()
	if now := db.value(writes); now != before {
		t.Errorf("%s was refused and wrote: %s, before %s", after, now, before)
	}
}

// compare holds an answer and what is stored against the table, and says how many cases moved.
func compare(p *program, db *database, a attempt, got answer, stands []stand, standing map[stand]string, letter map[[2]int]string) int {
	p.t.Helper()
	moved, refusedAs := map[string]map[string]any{}, map[string]string{}
	for _, m := range got.at("updated_cases").([]any) {
		entry := m.(map[string]any)
		moved[entry["case_id"].(string)] = entry
	}
	for _, e := range got.at("exceptions").([]any) {
		entry := e.(map[string]any)
		refusedAs[entry["case_id"].(string)] = entry["code"].(string)
	}
	for _, s := range stands {
		id, l := standing[s], letter[[2]int{s.status, a.to}]
		want := a.verdict(s, l)
		entry, done := moved[id]
		if refusedAs[id] != want || done != (want == "") {
			p.t.Errorf("%v, case %v: exception %q and moved %t, want %q", a, s, refusedAs[id], done, want)
			continue
		}
		if !done {
			continue
		}
		if forced := entry["forced"].(bool); forced != letters[l].force || entry["previous_status"] != float64(s.status) {
			p.t.Errorf("%v, case %v: told as %v", a, s, entry)
		}
		wantMoved(p, db, a, s, id, l)
	}
	return len(moved)
}

// wantMoved looks at the row of a moved case, its history and its payment.
func wantMoved(p *program, db *database, a attempt, s stand, id, l string) {
	p.t.Helper()
	row := db.rows("SELECT case_status, pay_status, pay_generation, human_case_id FROM cases WHERE case_id = ?", id)[0]
	waived := strings.Contains("rWC", l) || (s.waived && a.to > 15)
	generation := "1"
	if s.status >= 15 && a.to < 15 {
		generation = "2"
	}
	if row[0] != fmt.Sprint(a.to) || (row[1] == "waived") != waived || row[2] != generation {
		p.t.Errorf("%v, case %v: stands at %s, %s, generation %s", a, s, row[0], row[1], row[2])
	}
	history := db.rows("SELECT from_status, to_status, actor_id, reason, run_id FROM case_history WHERE human_case_id = ? ORDER BY history_id DESC LIMIT 1", row[3])[0]
	reason := ""
	if a.reason {
		reason = a.String()
	}
	if want := []string{fmt.Sprint(s.status), fmt.Sprint(a.to), a.as.name, reason}; !slices.Equal(history[:4], want) || (history[4] != "") != (l == "O") {
		p.t.Errorf("%v, case %v: the history says %v", a, s, history)
	}
	stamps := db.rows("SELECT "+strings.Join(stampColumns, ", ")+" FROM cases WHERE case_id = ?", id)[0]
	for i, status := range stamped {
		if (status == a.to && stamps[i] == "") || (status > a.to && a.to < s.status && stamps[i] != "") {
			p.t.Errorf("%v, case %v: %s is %q", a, s, stampColumns[i], stamps[i])
		}
	}
	marks := db.rows("SELECT kind, settled_at, cancelled_at, reversed_at FROM payment_entries WHERE human_case_id = ? ORDER BY entry_id", row[3])
	if got, want := ledgerOf(marks), ledgerAfter(s, l); got != want {
		p.t.Errorf("%v, case %v: the ledger says %q, want %q", a, s, got, want)
	}
}

// ledgerOf tells the entries of a case in words.
func ledgerOf(entries [][]string) string {
	var words []string
	for _, e := range entries {
		word := e[0]
		for i, mark := range []string{"settled", "cancelled", "reversed"} {
			if e[i+1] != "" {
				word += " " + mark
			}
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// ledgerAfter is what a move of this letter leaves of the payment of a case that stood there.
func ledgerAfter(s stand, letter string) string {
	switch {
	case letter == "O":
		return "payment"
	case letter == "c" || letter == "C":
		return "payment cancelled, cancellation"
	case s.waived || s.status < 15:
		return ""
	case letter == "R":
		return "payment settled reversed, reversal"
	}
	return "payment settled"
}
