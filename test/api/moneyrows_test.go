package api

import (
	"fmt"
	"net/http"
	"testing"
)

// moneyRows are the rows of decisions 3.3 that touch money, each with a case that stands where it begins.
var moneyRows = []struct {
	name     string
	from, to int
	waived   bool // the case was taken past its payment
	paid     int  // payments that stand afterwards when the move wins
}{
	{"10 to 15 opens a payment", 10, 15, false, 1},
	{"15 to 20 settles it", 15, 20, false, 1},
	{"below 15 to rejected waives it", 10, 400, false, 0},
	{"below 15 past the payment waives it", 1, 30, false, 0},
	{"15 to below cancels it", 15, 10, false, 0},
	{"15 past 20 cancels it and waives", 15, 40, false, 0},
	{"forward from 20 leaves it settled", 20, 30, false, 1},
	{"back to 20 finds it settled", 50, 20, false, 1},
	{"from 20 to 10 reverses it", 20, 10, false, 0},
	{"from above 20 to 0 reverses it", 500, 0, false, 0},
	{"from above 20 to 10 has nothing to reverse of a waived one", 60, 10, true, 0},
}

// Every row is tried eight times at once, against runs that open, settle and take back the same case, and
// then the case is paid: never twice.
func TestNoRowOfTheTablePaysTwice(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()
		p.prices()
		db := p.database()
		for i, row := range moneyRows {
			id := fmt.Sprintf("c-%d", i)
			if row.waived {
				p.waived(row.from, "provider", at["provider"], id)
			} else {
				p.standing(row.from, "provider", at["provider"], id)
			}
			move := moveOf(row.to, []string{id}, "force", true, "reason", "because")
			won := 0
			for _, a := range together(p, 8, func(int) (answer, error) {
				return p.try(http.MethodPatch, "/bulk_update_case_status", "global-admin", move)
			}) {
				won += int(a.is(200).at("total_updated").(float64))
			}
			if won != 1 {
				p.t.Errorf("%s: %d of eight moves were made", row.name, won)
			}
			if got := standing(db, id); got != fmt.Sprint(row.paid) {
				p.t.Errorf("%s: %s payments stand, want %d", row.name, got, row.paid)
			}
			db.holds(row.name)

			run := "/payment_runs/" + db.value("SELECT COALESCE(MAX(run_id), 1) FROM payment_runs")
			together(p, 8, func(n int) (answer, error) {
				switch n % 4 {
				case 0:
					return p.try(http.MethodPatch, "/bulk_update_case_status", "global-admin", move)
				case 1:
					return p.try(http.MethodPost, "/payment_runs", "global-admin", map[string]any{})
				case 2:
					return p.try(http.MethodPost, run+"/settle", "system-admin", nil)
				}
				return p.try(http.MethodPost, run+"/reverse", "system-admin", map[string]any{"reason": "because"})
			})
			db.holds(row.name + ", against runs")
			p.payFromAnywhere(id)
			if got := standing(db, id); got != "1" {
				p.t.Errorf("%s, and paid in the end: %s payments stand", row.name, got)
			}
			db.holds(row.name + ", paid in the end")
		}
	})
}

// standing counts the payments of a case that were not taken back.
func standing(db *database, id string) string {
	return db.value(`SELECT COUNT(*) FROM payment_entries e JOIN case_ids i ON i.human_case_id = e.human_case_id
		WHERE i.case_id = ? AND e.kind = 'payment' AND e.cancelled_at IS NULL AND e.reversed_at IS NULL`, id)
}

// payFromAnywhere brings a case back to 10 and pays it.
func (p *program) payFromAnywhere(id string) {
	p.t.Helper()
	p.move("global-admin", 1, []string{id}, "force", true, "reason", "again").is(200)
	for _, to := range []int{10, 15, 20} {
		p.move("global-admin", to, []string{id}, "force", true, "reason", "again").is(200)
	}
}

// What would bring a case past its payment without the ledger is refused, whoever asks and however.
func TestNobodySkipsTheLedger(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()
		p.prices()
		db := p.database()
		for i, c := range []struct {
			from, to int
			waived   bool
			as, code string
			force    bool
		}{
			{10, 20, false, "system-admin", "case_move_refused", true},
			{1, 15, false, "system-admin", "case_move_refused", true},
			{0, 20, false, "system-admin", "case_move_refused", true},
			{20, 15, false, "system-admin", "case_move_refused", true},
			{40, 15, false, "system-admin", "case_move_refused", true},
			{30, 20, true, "system-admin", "case_not_paid", true},
			{10, 30, false, "system-admin", "case_needs_force", false},
			{15, 30, false, "system-admin", "case_needs_force", false},
			{20, 10, false, "system-admin", "case_needs_force", false},
			{10, 30, false, "user-admin", "not_allowed", true},
			{15, 30, false, "user-admin", "not_allowed", true},
			{15, 10, false, "user-admin", "not_allowed", true},
			{20, 10, false, "user-admin", "not_allowed", true},
		} {
			id := fmt.Sprintf("c-%d", i)
			if c.waived {
				p.waived(c.from, "provider", at["provider"], id)
			} else {
				p.standing(c.from, "provider", at["provider"], id)
			}
			before := db.value(writes)
			p.move(c.as, c.to, []string{id}, "force", c.force, "reason", "because").is(200).has("total_updated", 0, "exceptions.0.code", c.code)
			wantUnchanged(p.t, db, before, fmt.Sprintf("%d to %d by %s", c.from, c.to, c.as))
		}
		p.send(http.MethodPost, "/payment_runs", "user-admin", map[string]any{}).refused(403, "not_allowed")
		p.move("case-admin", 15, []string{"c-0"}).refused(403, "not_allowed")
		p.move("user-admin", 20, []string{"c-7"}).is(200).has("total_updated", 0, "exceptions.0.code", "not_allowed")
		p.send(http.MethodDelete, "/case?case_id=c-7", "system-admin", nil).refused(409, "case_locked")
		db.holds("trying to skip the ledger")
	})
}
