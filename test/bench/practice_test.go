package bench

import (
	"context"
	"fmt"
	"testing"

	"surgicase/bootstrap"
	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// casesOfOne is how many cases a provider of the practice has. They lie scattered among the others'.
const casesOfOne = 200

// practice is a database with providers and their submitted cases, made past the use cases: a million
// of them by way of HTTP would take hours.
type practice struct {
	env   map[string]string
	cases int
	grown []growing
	owned map[int][2]int64 // surgeon and facility of a provider
}

// growing is a time in which the practice grew: cases that new providers have in turn.
type growing struct{ firstCase, firstProvider, providers int }

func newPractice(t testing.TB, databaseURL string) *practice {
	return &practice{
		env: map[string]string{
			"AUTH_MODE": "trusted", "DATABASE_URL": databaseURL, "DATA_DIR": t.TempDir(), "HTTP_ADDR": "127.0.0.1:0",
			"SURGICASE_KEYS": given.KeySet(t), "SURGICASE_CHECKPOINT_KEY": `{"seed": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}`,
		},
		owned: map[int][2]int64{},
	}
}

func (p *practice) providers() int {
	if len(p.grown) == 0 {
		return 0
	}
	last := p.grown[len(p.grown)-1]
	return last.firstProvider + last.providers
}

// owner is the provider whose case this is.
func (p *practice) owner(n int) int {
	of := p.grown[0]
	for _, g := range p.grown {
		if g.firstCase <= n {
			of = g
		}
	}
	return of.firstProvider + (n-of.firstCase)%of.providers
}

func providerID(n int) ident.UserID { return ident.UserID(fmt.Sprintf("dr-%05d", n)) }

func caseID(n int) ident.CaseID { return ident.CaseID(fmt.Sprintf("case-%07d", n)) }

const administrator = "admin"

// grow adds cases until there are n, of new providers in turn.
func (p *practice) grow(t testing.TB, n int) {
	t.Helper()
	program, err := bootstrap.Open(context.Background(), p.env, bootstrap.Parts{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := program.Close(); err != nil {
			t.Error(err)
		}
	}()
	from, had := p.cases, p.providers()
	p.grown = append(p.grown, growing{from, had, max((n-from)/casesOfOne, 1)})
	p.cases = n
	for first := had; first < p.providers(); first += 100 {
		p.add(t, program.Store, func(ctx context.Context, r ports.Repos) error {
			return p.hire(ctx, r, first, min(first+100, p.providers()))
		})
	}
	if from == 0 {
		p.add(t, program.Store, equip)
	}
	for first := from; first < n; first += 1_000 {
		p.add(t, program.Store, func(ctx context.Context, r ports.Repos) error { return p.record(ctx, r, first, min(first+1_000, n)) })
	}
}

func (p *practice) add(t testing.TB, store ports.Store, what func(context.Context, ports.Repos) error) {
	t.Helper()
	if err := store.InTx(context.Background(), what); err != nil {
		t.Fatal(err)
	}
}

func (p *practice) hire(ctx context.Context, r ports.Repos, from, to int) error {
	for n := from; n < to; n++ {
		if err := r.Users.Add(ctx, given.User(providerID(n), permission.Provider)); err != nil {
			return err
		}
		s, f := given.Surgeon(providerID(n)), given.Facility(providerID(n))
		if err := r.Surgeons.Add(ctx, s); err != nil {
			return err
		}
		if err := r.Places.Add(ctx, f); err != nil {
			return err
		}
		p.owned[n] = [2]int64{s.ID, f.ID}
	}
	return nil
}

// equip makes the administrator, the prices and the catalogue.
func equip(ctx context.Context, r ports.Repos) error {
	if err := r.Users.Add(ctx, given.User(administrator, permission.SystemAdmin)); err != nil {
		return err
	}
	var rows []pay.Row
	var catalogue []directory.ProcedureCode
	for i := range 40 {
		code := pay.Code(fmt.Sprintf("Z%04d", 1000+i))
		rows = append(rows, pay.Row{Tier: 1, Code: code, Category: "SPINE", Amount: pay.Cents(10_000 + 500*i)})
		catalogue = append(catalogue, directory.ProcedureCode{Code: string(code), Kind: "demo", Category: "SPINE", Description: fmt.Sprint("Invented procedure ", i)})
	}
	if _, err := r.Prices.Load(ctx, rows, true, "bench", administrator, given.Morning); err != nil {
		return err
	}
	return r.Codes.Put(ctx, catalogue)
}

func (p *practice) record(ctx context.Context, r ports.Repos, from, to int) error {
	for n := from; n < to; n++ {
		owner := p.owner(n)
		c := given.Case(caseID(n), providerID(owner))
		c.SurgeonID, c.FacilityID = p.owned[owner][0], p.owned[owner][1]
		c.Codes = []surgical.Code{{Procedure: pay.Code(fmt.Sprintf("Z%04d", 1000+n%40))}, {Procedure: pay.Code(fmt.Sprintf("Z%04d", 1000+(n+7)%40))}}
		c.Pay = surgical.Worth{Amount: 10_000, Category: "SPINE", Status: pay.Priced, Tier: 1, Table: 1, Winner: c.Codes[0].Procedure, At: given.Morning}
		move, _ := c.SubmitIfComplete(given.Morning)
		if err := r.Cases.Add(ctx, c, move); err != nil {
			return err
		}
	}
	return nil
}
