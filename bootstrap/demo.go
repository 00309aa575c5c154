package bootstrap

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"go.uber.org/fx"

	"surgicase/adapters/sqlstore"
	"surgicase/adapters/stubnpi"
	"surgicase/application/cases"
	"surgicase/application/operations"
	"surgicase/application/payments"
	"surgicase/application/people"
	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/npi"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// The demonstration practice: the same people, codes and cases every time, made by the use cases
// themselves. Names, codes and descriptions are invented.

// demoUser is one of the people of the demonstration.
type demoUser struct {
	id, first, last string
	kind            permission.UserType
	tier            pay.Tier
	npi             string // its first nine digits; only providers have one
	what            string
}

var demoUsers = []demoUser{
	{"demo-provider", "Robin", "Provider", permission.Provider, 1, "155512301", "provider, pay tier 1"},
	{"demo-provider-2", "Sasha", "Surgeon", permission.Provider, 2, "155512302", "provider, pay tier 2"},
	{"demo-group-admin", "Gale", "Groupadmin", permission.GroupAdmin, 1, "155512303", "group admin, reads the cases of demo-provider"},
	{"demo-case-admin", "Casey", "Caseadmin", permission.CaseAdmin, 1, "", "case admin"},
	{"demo-user-admin", "Uma", "Useradmin", permission.UserAdmin, 1, "", "user admin"},
	{"demo-global-admin", "Glenn", "Globaladmin", permission.GlobalAdmin, 1, "", "global admin"},
	{"demo-system-admin", "Sydney", "Systemadmin", permission.SystemAdmin, 1, "", "system admin"},
}

// demoStart is when the demonstration begins; its clock goes on by a minute at each look.
var demoStart = time.Date(2026, time.September, 1, 8, 0, 0, 0, time.UTC)

type demoClock struct{ now time.Time }

func (c *demoClock) Now() time.Time {
	c.now = c.now.Add(time.Minute)
	return c.now
}

// silent keeps the making of the demonstration out of the log.
type silent struct{}

func (silent) Happened(context.Context, ports.Event) {}

// demo makes the demonstration practice with the use cases.
type demo struct {
	store  ports.Store
	clock  *demoClock
	cases  *cases.Service
	places map[string][2]int64 // surgeon and facility of a provider
}

func demoData(ctx context.Context, wanted bool) fx.Option {
	if !wanted {
		return fx.Options()
	}
	return fx.Invoke(func(store *sqlstore.Store, ids ports.IDs, rules pay.Rules) error {
		return fillDemo(ctx, store, ids, rules)
	})
}

func fillDemo(ctx context.Context, store ports.Store, ids ports.IDs, rules pay.Rules) error {
	empty, err := hasNobody(ctx, store)
	if err != nil || !empty {
		return err
	}
	rules.Excluded = nil // the demonstration has payments of everybody
	clock := &demoClock{demoStart}
	d := &demo{store: store, clock: clock, cases: cases.New(store, clock, ids, silent{}, rules), places: map[string][2]int64{}}
	for _, step := range []func(context.Context) error{d.directory, d.people, d.equip, d.codes, d.record, d.move} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("demonstration data: %w", err)
		}
	}
	return nil
}

// directory lists the invented providers, so that they can be searched and entered by their NPIs.
func (d *demo) directory(ctx context.Context) error {
	records := stubnpi.Invented()
	return d.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		sum := sha256.Sum256([]byte("demonstration"))
		load, err := r.NPILoads.Begin(ctx, npi.File{Name: "demonstration", SHA256: sum[:]}, demoStart)
		if err != nil {
			return err
		}
		if load, err = r.NPILoads.Apply(ctx, load, npi.Batch{Rows: int64(len(records)), Records: records}); err != nil {
			return err
		}
		return r.NPILoads.Finish(ctx, load, demoStart)
	})
}

func hasNobody(ctx context.Context, store ports.Store) (bool, error) {
	var totals []directory.TypeTotal
	err := store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		totals, err = r.Rosters.CountByType(ctx)
		return err
	})
	return len(totals) == 0, err
}

var operator = permission.System("demo")

func (d *demo) people(ctx context.Context) error {
	users := people.NewUsers(d.store, d.clock, silent{})
	for _, u := range demoUsers {
		number, err := demoNPI(u.npi)
		if err != nil {
			return err
		}
		_, err = users.Create(ctx, operator, people.NewUser{User: directory.User{
			ID: ident.UserID(u.id), Email: u.id + "@example.com", First: u.first, Last: u.last, Addr1: "1 Sample Plaza", City: "Testville", State: "OR",
			ZIP: "97001", Telephone: "5035550100", NPI: number, MessagePref: 1, StatesLicensed: "OR", Type: u.kind, Tier: u.tier,
		}})
		if err != nil {
			return err
		}
	}
	groups := people.NewGroups(d.store, d.clock, silent{})
	group, err := groups.Add(ctx, operator, "Demonstration group")
	if err != nil {
		return err
	}
	for user, admin := range map[ident.UserID]bool{"demo-group-admin": true, "demo-provider": false} {
		if _, _, err := groups.SetMember(ctx, operator, group.ID, user, admin); err != nil {
			return err
		}
	}
	return nil
}

func demoNPI(first9 string) (npi.NPI, error) {
	if first9 == "" {
		return 0, nil
	}
	return npi.Make(first9)
}

func (d *demo) equip(ctx context.Context) error {
	surgeons := people.NewSurgeons(d.store, d.clock, silent{})
	facilities := people.NewFacilities(d.store, d.clock, silent{})
	address := directory.Address{Line: "12 Invented Way", City: "Testville", State: "OR", ZIP: "97001"}
	for i, u := range demoUsers {
		if u.npi == "" {
			continue
		}
		number, err := npi.Make(fmt.Sprintf("15551240%d", i))
		if err != nil {
			return err
		}
		site, err := npi.Make(fmt.Sprintf("15551250%d", i))
		if err != nil {
			return err
		}
		owner := ident.UserID(u.id)
		s, err := surgeons.Add(ctx, operator, directory.Surgeon{Owner: owner, First: "Avery", Last: "Sample" + fmt.Sprint(i+1), NPI: number, Address: address})
		if err != nil {
			return err
		}
		f, err := facilities.Add(ctx, operator, directory.Facility{Owner: owner, Name: fmt.Sprintf("Invented Surgery Center %d", i+1), NPI: site, Address: address})
		if err != nil {
			return err
		}
		d.places[u.id] = [2]int64{s.Place.ID, f.Place.ID}
	}
	return nil
}

const demoCodes = 40

func demoCode(i int) pay.Code { return pay.Code(fmt.Sprintf("Z%04d", 1000+i)) }

// codes loads the catalogue and both pay tiers; the last two codes have no price.
func (d *demo) codes(ctx context.Context) error {
	categories := []string{"SPINE", "ORTHO", "GYN", "GENERAL", "ENT"}
	var catalogue []directory.ProcedureCode
	var prices []pay.Row
	for i := 1; i <= demoCodes; i++ {
		category := categories[i%len(categories)]
		catalogue = append(catalogue, directory.ProcedureCode{
			Code: string(demoCode(i)), Kind: "demo", Category: category, Description: fmt.Sprintf("Invented %s procedure %d", strings.ToLower(category), i),
		})
		if i <= demoCodes-2 {
			amount := pay.Cents(20000 + 3750*i)
			prices = append(prices, pay.Row{Tier: 1, Code: demoCode(i), Category: category, Amount: amount},
				pay.Row{Tier: 2, Code: demoCode(i), Category: category, Amount: amount + amount/4})
		}
	}
	if err := operations.NewCodes(d.store, d.clock).Import(ctx, operator, catalogue); err != nil {
		return err
	}
	_, err := payments.NewPrices(d.store, d.clock, silent{}).Load(ctx, operator, payments.Load{Rows: prices, Source: "demonstration"})
	return err
}

func demoIntroduction() string {
	var b strings.Builder
	b.WriteString("Demonstration users (send one as X-User-ID):\n")
	for _, u := range demoUsers {
		fmt.Fprintf(&b, "  %-18s %4d  %s\n", u.id, u.kind, u.what)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
