package bootstrap

import (
	"context"
	"fmt"

	"surgicase/application/cases"
	"surgicase/domain/civil"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

// demoPlan says how many cases of the demonstration end at which status.
var demoPlan = []struct {
	status surgical.Status
	cases  int
}{
	{surgical.Draft, 5},
	{surgical.Submitted, 6},
	{surgical.ReadyForBilling, 10},
	{surgical.PendingPayment, 5},
	{surgical.Paid, 6},
	{surgical.SentToBiller, 4},
	{surgical.PaymentReceived, 4},
	{surgical.SentToNegotiation, 4},
	{surgical.Settled, 3},
	{surgical.SentToIDR, 3},
	{surgical.IDRDecision, 3},
	{surgical.Rejected, 3},
	{surgical.Closed, 4},
}

var (
	demoFirstNames = []string{"Rosalind", "Amara", "Björn", "Chidi", "Dolores", "Émile", "Fatima", "Gus", "Hanako", "Ines", "Jorge"}
	demoLastNames  = []string{"Example", "Sample", "Placeholder", "Fictional", "Imaginary", "Nobody", "O'Invented"}
	demoInsurers   = []string{"Example Health Plan", "Sample Mutual", "Invented Care"}
	demoOwners     = []string{"demo-provider", "demo-provider-2", "demo-provider", "demo-provider-2", "demo-group-admin"}
)

// demoIDs are the ids of the cases that end at a status.
func demoIDs(status surgical.Status) []ident.CaseID {
	var ids []ident.CaseID
	n := 0
	for _, p := range demoPlan {
		for range p.cases {
			if n++; p.status == status {
				ids = append(ids, demoID(n))
			}
		}
	}
	return ids
}

func demoID(n int) ident.CaseID { return ident.CaseID(fmt.Sprintf("demo-case-%03d", n)) }

// record records every case as its provider does. Drafts still lack their operative note.
func (d *demo) record(ctx context.Context) error {
	n := 0
	for _, p := range demoPlan {
		for range p.cases {
			n++
			owner := demoOwners[n%len(demoOwners)]
			facts := d.facts(n, owner, p.status)
			if _, err := d.cases.Create(ctx, permission.Actor{User: ident.UserID(owner), Type: permission.Provider}, cases.NewCase{Facts: facts}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *demo) facts(n int, owner string, status surgical.Status) surgical.Facts {
	files := map[surgical.FileKind]surgical.PHI{surgical.DemoFile: surgical.NewPHI(fmt.Sprintf("demographics-%03d.pdf", n))}
	if status != surgical.Draft {
		files[surgical.NoteFile] = surgical.NewPHI(fmt.Sprintf("operative-note-%03d.pdf", n))
	}
	return surgical.Facts{
		ID: demoID(n), Owner: ident.UserID(owner), Date: civil.On(demoStart).AddDays(n%30 - 30), Insurer: demoInsurers[n%len(demoInsurers)],
		Patient: surgical.Patient{
			First: surgical.NewPHI(demoFirstNames[n%len(demoFirstNames)]), Last: surgical.NewPHI(demoLastNames[n%len(demoLastNames)]),
			Born: surgical.NewPHI(civil.Date{Year: 1940 + n%60, Month: 4, Day: 1 + n%28}.String()),
		},
		SurgeonID: d.places[owner][0], FacilityID: d.places[owner][1], Codes: demoProcedures(n, status), Files: files,
	}
}

// demoProcedures gives a case one to three codes. One case at 10 has only a code without a price,
// and one has no code at all.
func demoProcedures(n int, status surgical.Status) []surgical.Code {
	first := 1 + n*7%(demoCodes-2)
	codes := []surgical.Code{{Procedure: demoCode(first)}}
	switch {
	case status == surgical.Submitted && n%3 == 0:
		return []surgical.Code{{Procedure: demoCode(demoCodes)}}
	case demoID(n) == demoIDs(surgical.ReadyForBilling)[0]:
		return []surgical.Code{{Procedure: demoCode(demoCodes - 1)}}
	case n%3 == 1:
		codes = append(codes, surgical.Code{Procedure: demoCode(1 + first%(demoCodes-2)), Modifiers: []string{"50"}})
	}
	return codes
}

// move brings the cases to where they end, as the administrators do. Payments go through an import
// run, which no accounting file carries. Source: spec/decisions.md 5.3a.
func (d *demo) move(ctx context.Context) error {
	var ready, pending, paid []ident.CaseID
	for _, p := range demoPlan {
		ids := demoIDs(p.status)
		switch {
		case p.status == surgical.ReadyForBilling || p.status == surgical.Rejected:
			ready = append(ready, ids...)
		case p.status == surgical.PendingPayment:
			pending = append(pending, ids...)
		case p.status > surgical.PendingPayment:
			paid = append(paid, ids...)
		}
	}
	due := append(append([]ident.CaseID{}, pending...), paid...)
	steps := []cases.BulkMove{
		{IDs: append(ready, due...), To: surgical.ReadyForBilling},
		{IDs: due, To: surgical.PendingPayment, RunKind: pay.Imported},
		{IDs: paid, To: surgical.Paid},
		{IDs: demoIDs(surgical.Rejected), To: surgical.Rejected, Reason: "not covered by the plan"},
	}
	for _, p := range demoPlan {
		if p.status > surgical.Paid && p.status != surgical.Rejected {
			steps = append(steps, cases.BulkMove{IDs: demoIDs(p.status), To: p.status})
		}
	}
	for _, step := range steps {
		if err := d.moveAll(ctx, step); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) moveAll(ctx context.Context, step cases.BulkMove) error {
	who := permission.Actor{User: "demo-case-admin", Type: permission.CaseAdmin}
	if step.To == surgical.PendingPayment || step.To == surgical.Paid {
		who = permission.Actor{User: "demo-global-admin", Type: permission.GlobalAdmin}
	}
	done, err := d.cases.Move(ctx, who, step)
	if err == nil && len(done.Exceptions) > 0 {
		err = fmt.Errorf("%s stays where it is: %s", done.Exceptions[0].ID, done.Exceptions[0].Reason)
	}
	return err
}
