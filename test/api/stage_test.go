package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// role is a caller of one user type.
type role struct {
	name string
	typ  permission.UserType
}

// roles are the callers that a test tries everything with, lowest first.
var roles = []role{
	{"provider", permission.Provider},
	{"group-admin", permission.GroupAdmin},
	{"case-admin", permission.CaseAdmin},
	{"user-admin", permission.UserAdmin},
	{"global-admin", permission.GlobalAdmin},
	{"system-admin", permission.SystemAdmin},
}

// cast puts a user of every type on the stage, and gives the place of each.
func (p *program) cast() map[string]place {
	p.t.Helper()
	places := map[string]place{}
	for _, r := range roles {
		places[r.name] = p.person(r.name, r.typ, 1)
	}
	return places
}

// drafts records complete cases at 0 past the program: quickly, and with the price of p.prices. Each
// is of another patient.
func (p *program) drafts(owner string, at place, ids ...string) {
	p.t.Helper()
	p.inTx(func(ctx context.Context, r ports.Repos) error {
		for _, id := range ids {
			c := given.Case(ident.CaseID(id), ident.UserID(owner))
			c.SurgeonID, c.FacilityID = at.surgeon, at.facility
			c.Pay = surgical.Worth{Amount: 100000, Category: "SPINE", Status: pay.Priced, Tier: 1, Table: 1, Winner: "Z9001", At: given.Morning}
			if err := r.Cases.Add(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// standing records cases and brings them to a status the way they would get there: through a run if
// they were paid.
func (p *program) standing(status int, owner string, at place, ids ...string) {
	p.t.Helper()
	p.drafts(owner, at, ids...)
	road := []int{10, 15, 20, status}
	if status < 10 {
		road = []int{status}
	}
	for _, to := range road[:min(len(road), 1+slices.Index(road, status))] {
		if to != 0 {
			p.allMove("system-admin", to, ids)
		}
	}
}

// waived records cases and takes them past the payment.
func (p *program) waived(status int, owner string, at place, ids ...string) {
	p.t.Helper()
	p.drafts(owner, at, ids...)
	p.allMove("system-admin", status, ids, "force", true, "reason", "never paid")
}

// move asks for cases to be moved.
func (p *program) move(as string, to int, ids []string, with ...any) answer {
	p.t.Helper()
	return p.send(http.MethodPatch, "/bulk_update_case_status", as, moveOf(to, ids, with...))
}

func moveOf(to int, ids []string, with ...any) map[string]any {
	body := map[string]any{"case_ids": ids, "new_status": to}
	for i := 0; i+1 < len(with); i += 2 {
		body[with[i].(string)] = with[i+1]
	}
	return body
}

// allMove is move with all of them moving.
func (p *program) allMove(as string, to int, ids []string, with ...any) answer {
	p.t.Helper()
	return p.move(as, to, ids, with...).is(200).has("total_updated", len(ids), "total_exceptions", 0)
}

// names makes n ids.
func names(prefix string, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%s-%04d", prefix, i)
	}
	return ids
}

// together runs n calls at the same time, all of them begun before the first may go, and gives what
// each brought. The numbers run from 0.
func together(p *program, n int, call func(i int) (answer, error)) []answer {
	p.t.Helper()
	type result struct {
		answer
		i   int
		err error
	}
	results, begin := make(chan result, n), make(chan struct{})
	for i := range n {
		go func() {
			<-begin
			a, err := call(i)
			results <- result{a, i, err}
		}()
	}
	close(begin)
	answers := make([]answer, n)
	for range n {
		r := <-results
		if r.err != nil {
			p.t.Fatalf("call %d: %v", r.i, r.err)
		}
		answers[r.i] = r.answer
	}
	return answers
}

// tally counts the statuses of answers, with the code of refusals.
func tally(answers []answer) map[string]int {
	counts := map[string]int{}
	for _, a := range answers {
		key := fmt.Sprint(a.status)
		if code, ok := a.body["code"].(string); ok {
			key += " " + code
		}
		counts[key]++
	}
	return counts
}

// edit changes a user past the program.
func (p *program) edit(id string, do func(*directory.User)) {
	p.t.Helper()
	p.inTx(func(ctx context.Context, r ports.Repos) error {
		u, err := r.Users.Get(ctx, ident.UserID(id))
		if err != nil {
			return err
		}
		do(u)
		return r.Users.Save(ctx, u)
	})
}

func (p *program) withoutNPI(id string) {
	p.t.Helper()
	p.edit(id, func(u *directory.User) { u.NPI = 0 })
}

func (p *program) deactivated(id string) {
	p.t.Helper()
	p.edit(id, func(u *directory.User) { u.Deactivate(p.clock.Now()) })
}

func (p *program) capped(id string, top int) {
	p.t.Helper()
	p.edit(id, func(u *directory.User) { u.Cap = top })
}

// priceRow is a row of the price table: tier, code, category and cents.
type priceRow struct {
	tier     pay.Tier
	code     pay.Code
	category string
	cents    pay.Cents
}

// loadPrices makes a new price table that replaces these rows.
func (p *program) loadPrices(rows ...priceRow) {
	p.t.Helper()
	p.inTx(func(ctx context.Context, r ports.Repos) error {
		loaded := make([]pay.Row, len(rows))
		for i, row := range rows {
			loaded[i] = pay.Row{Tier: row.tier, Code: row.code, Category: row.category, Amount: row.cents}
		}
		_, err := r.Prices.Load(ctx, loaded, false, "test", "system:test", p.clock.Now())
		return err
	})
}

// group makes a group of these members.
func (p *program) group(members ...directory.Membership) {
	p.t.Helper()
	p.inTx(func(ctx context.Context, r ports.Repos) error {
		return r.Groups.Add(ctx, &directory.Group{Description: "a group", Members: members})
	})
}
