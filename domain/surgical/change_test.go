package surgical_test

import (
	"fmt"
	"slices"
	"testing"

	"surgicase/domain/civil"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

func to[T any](v T) *T { return &v }

func phi(s string) *surgical.PHI { return to(surgical.NewPHI(s)) }

// edits holds one change of each field but the files, by its name in requests.
func edits(t *testing.T) map[string]surgical.Changes {
	t.Helper()
	return map[string]surgical.Changes{
		"user_id":         {Owner: to(newOwner)},
		"case_date":       {Date: &civil.Date{Year: 2026, Month: 1, Day: 2}},
		"surgeon_id":      {SurgeonID: to(int64(8))},
		"facility_id":     {FacilityID: to(int64(9))},
		"patient_first":   {First: phi("Rowan")},
		"patient_last":    {Last: phi("Other")},
		"patient_dob":     {Born: phi("1999-01-01")},
		"ins_provider":    {Insurer: to("Other Mutual")},
		"procedure_codes": {Codes: &[]surgical.Code{code(t, "Z9003")}},
	}
}

func files(kind surgical.FileKind, name string) surgical.Changes {
	return surgical.Changes{Files: map[surgical.FileKind]surgical.PHI{kind: surgical.NewPHI(name)}}
}

// apply applies the change and, when it is refused, wants the case untouched.
func apply(t *testing.T, c *surgical.Case, by permission.Actor, ch surgical.Changes) (surgical.Changed, error) {
	t.Helper()
	before, stamps, held := *c, len(c.Stamps), len(c.Files)
	done, err := c.Apply(by, ch, later)
	if err != nil {
		equal(t, "a refused change leaves the case", *c, before)
		equal(t, "a refused change leaves the stamps", len(c.Stamps), stamps)
		equal(t, "a refused change leaves the files", len(c.Files), held)
		equal(t, "a refused change reports", done, surgical.Changed{})
	}
	return done, err
}

// TestEditing tries each field at each status. Source: spec/decisions.md 3.5.
func TestEditing(t *testing.T) {
	for _, at := range surgical.Statuses {
		t.Run(fmt.Sprintf("the provider at %d", at), func(t *testing.T) {
			for field, ch := range edits(t) {
				want := ""
				switch {
				case at > 1:
					want = "case_locked"
				case field == "user_id":
					want = "not_allowed"
				}
				_, err := apply(t, complete(t, at), theOwner, ch)
				t.Run(field, func(t *testing.T) { wantCode(t, err, want) })
			}
		})
		for _, role := range everyRole[2:] {
			t.Run(fmt.Sprintf("an administrator of type %d at %d", role, at), func(t *testing.T) {
				for field, ch := range edits(t) {
					want := ""
					if at > 10 {
						want = "case_locked"
					}
					done, err := apply(t, complete(t, at), person("casey", role), ch)
					t.Run(field, func(t *testing.T) {
						wantCode(t, err, want)
						if want == "" {
							equalSlices(t, "fields", done.Fields, []string{field})
						}
					})
				}
			})
		}
	}
	t.Run("somebody else's case is not a provider's or group administrator's to change", func(t *testing.T) {
		for _, role := range everyRole[:2] {
			for field, ch := range edits(t) {
				_, err := apply(t, complete(t, surgical.Draft), person("nosy", role), ch)
				t.Run(field, func(t *testing.T) { wantCode(t, err, "not_your_data") })
			}
		}
	})
}

func TestFilesMayBeAdded(t *testing.T) {
	for _, at := range surgical.Statuses {
		for _, by := range []permission.Actor{theOwner, person(owner, permission.CaseAdmin-1), caseAdmin} {
			free := at <= 1 || (by.Type >= permission.CaseAdmin && at <= 10)
			locked := map[bool]string{true: "", false: "case_locked"}[free]
			t.Run(fmt.Sprintf("type %d may add a missing document at %d", by.Type, at), func(t *testing.T) {
				c := complete(t, at)
				done, err := apply(t, c, by, files(surgical.MiscFile, "extra.pdf"))
				wantCode(t, err, "")
				equalSlices(t, "fields", done.Fields, []string{"misc_file"})
				equal(t, "name", c.Files[surgical.MiscFile].Name.Reveal(), "extra.pdf")
				equal(t, "status", c.Status, at)
			})
			t.Run(fmt.Sprintf("type %d replaces and removes documents at %d only while the case is open to him", by.Type, at), func(t *testing.T) {
				_, err := apply(t, complete(t, at), by, files(surgical.DemoFile, "other.pdf"))
				wantCode(t, err, locked)
				_, err = apply(t, complete(t, at), by, files(surgical.DemoFile, ""))
				wantCode(t, err, locked)
			})
			t.Run(fmt.Sprintf("type %d does not slip a locked field in with a document at %d", by.Type, at), func(t *testing.T) {
				ch := files(surgical.MiscFile, "extra.pdf")
				ch.Insurer = to("Other Mutual")
				_, err := apply(t, complete(t, at), by, ch)
				wantCode(t, err, locked)
			})
		}
	}
	t.Run("the administrative file is for administrators", func(t *testing.T) {
		_, err := apply(t, complete(t, surgical.Draft), theOwner, files(surgical.AdminFile, "audit.pdf"))
		wantCode(t, err, "not_allowed")
		_, err = apply(t, complete(t, surgical.Paid), caseAdmin, files(surgical.AdminFile, "audit.pdf"))
		wantCode(t, err, "")
	})
}

// TestOwnCasesOfAdministrators: source spec/decisions.md 2.7.
func TestOwnCasesOfAdministrators(t *testing.T) {
	for _, role := range everyRole[2:] {
		admin := person(owner, role)
		for _, field := range []string{"procedure_codes", "case_date", "patient_first", "patient_last"} {
			t.Run(fmt.Sprintf("type %d changes %s of an own case below 10 but not at 10", role, field), func(t *testing.T) {
				for at, want := range map[surgical.Status]string{0: "", 1: "", 10: "own_case", 15: "case_locked"} {
					_, err := apply(t, complete(t, at), admin, edits(t)[field])
					wantCode(t, err, want)
				}
			})
		}
		t.Run(fmt.Sprintf("type %d changes other fields of an own case at 10", role), func(t *testing.T) {
			_, err := apply(t, complete(t, surgical.ReadyForBilling), admin, edits(t)["ins_provider"])
			wantCode(t, err, "")
		})
		t.Run(fmt.Sprintf("type %d neither gives an own case away nor takes one", role), func(t *testing.T) {
			for _, at := range []surgical.Status{0, 1, 10} {
				_, err := apply(t, complete(t, at), admin, surgical.Changes{Owner: to(newOwner)})
				wantCode(t, err, "own_case")
				_, err = apply(t, complete(t, at), person(newOwner, role), surgical.Changes{Owner: to(newOwner)})
				wantCode(t, err, "own_case")
			}
		})
		t.Run(fmt.Sprintf("type %d naming himself as the owner he is changes nothing", role), func(t *testing.T) {
			done, err := apply(t, complete(t, surgical.ReadyForBilling), admin, surgical.Changes{Owner: to(owner)})
			wantCode(t, err, "")
			equal(t, "fields", len(done.Fields), 0)
		})
	}
	t.Run("the command line is nobody's provider", func(t *testing.T) {
		_, err := apply(t, complete(t, surgical.ReadyForBilling), permission.System("cli"), surgical.Changes{Owner: to(newOwner)})
		wantCode(t, err, "")
	})
}

func TestChangingTheOwner(t *testing.T) {
	for _, at := range []surgical.Status{surgical.Draft, surgical.Submitted} {
		t.Run(fmt.Sprintf("at %d the case stays where it is", at), func(t *testing.T) {
			c := complete(t, at)
			done, err := apply(t, c, caseAdmin, surgical.Changes{Owner: to(newOwner)})
			wantCode(t, err, "")
			equal(t, "changed", done, surgical.Changed{Fields: []string{"user_id"}, Reprice: true, Twin: true})
			equal(t, "owner", c.Owner, newOwner)
			equal(t, "status", c.Status, at)
		})
	}
	t.Run("at 10 the case goes back to 1 and loses the stamp of 10", func(t *testing.T) {
		c := complete(t, surgical.ReadyForBilling)
		c.Stamps[surgical.Draft] = noon // it was sent back once
		done, err := apply(t, c, caseAdmin, surgical.Changes{Owner: to(newOwner)})
		wantCode(t, err, "")
		equal(t, "moves", done.Moves, []surgical.Move{{From: 10, To: 1, At: later, By: "casey", Reason: "owner changed"}})
		equal(t, "status", c.Status, surgical.Submitted)
		equal(t, "stamp of 1", c.Stamps[surgical.Submitted], later)
		_, stamped := c.Stamps[surgical.ReadyForBilling]
		equal(t, "stamp of 10", stamped, false)
		equal(t, "stamp of 0", c.Stamps[surgical.Draft], noon)
		equal(t, "generation", c.Generation, 1)
	})
	t.Run("keys of known documents do not move, new names lie in the new owner's folder", func(t *testing.T) {
		c := complete(t, surgical.Draft)
		ch := files(surgical.MiscFile, "extra.pdf")
		ch.Owner = to(newOwner)
		_, err := apply(t, c, caseAdmin, ch)
		wantCode(t, err, "")
		equal(t, "old", c.Files[surgical.DemoFile].Key.Reveal(), "private/case-documents/dr.ada/demo.pdf")
		equal(t, "new", c.Files[surgical.MiscFile].Key.Reveal(), "private/case-documents/dr.bea/extra.pdf")
	})
}

func TestWhatAnApplyReports(t *testing.T) {
	all := surgical.Changes{
		Owner: to(newOwner), Date: &civil.Date{Year: 2026, Month: 1, Day: 2}, SurgeonID: to(int64(0)), FacilityID: to(int64(9)),
		First: phi("Rowan"), Last: phi("Other"), Born: phi(""), Insurer: to(""), Codes: &[]surgical.Code{code(t, "Z9003"), code(t, "Z9003")},
		Files: map[surgical.FileKind]surgical.PHI{
			"admin": surgical.NewPHI("a.pdf"), "misc": surgical.NewPHI("m.pdf"), "note": surgical.NewPHI("n.pdf"), "demo": {},
		},
	}
	order := []string{
		"user_id", "case_date", "surgeon_id", "facility_id", "patient_first", "patient_last", "patient_dob", "ins_provider",
		"demo_file", "note_file", "misc_file", "admin_file", "procedure_codes",
	}
	t.Run("every field in the order of the old product's model", func(t *testing.T) {
		c := complete(t, surgical.Submitted)
		done, err := apply(t, c, caseAdmin, all)
		wantCode(t, err, "")
		equal(t, "changed", done, surgical.Changed{Fields: order, Reprice: true, Twin: true})
		equal(t, "updated", c.UpdatedAt, later)
		equal(t, "date", c.Date.String(), "2026-01-02")
		equal(t, "patient", c.Patient, surgical.Patient{First: surgical.NewPHI("Rowan"), Last: surgical.NewPHI("Other"), Born: surgical.NewPHI("")})
		equal(t, "insurer, surgeon, facility", fmt.Sprint(c.Insurer, c.SurgeonID, c.FacilityID), "0 9")
		equal(t, "codes", texts(c.Codes), "Z9003")
		_, demo := c.Files[surgical.DemoFile]
		equal(t, "a cleared document is gone", demo, false)
	})
	t.Run("the same change again, and no change, change nothing", func(t *testing.T) {
		c := complete(t, surgical.Submitted)
		if _, err := c.Apply(caseAdmin, all, noon); err != nil {
			t.Fatal(err)
		}
		for _, ch := range []surgical.Changes{all, {}} {
			done, err := apply(t, c, caseAdmin, ch)
			wantCode(t, err, "")
			equal(t, "changed", done, surgical.Changed{Fields: []string{}})
			equal(t, "updated", c.UpdatedAt, noon)
		}
	})
	t.Run("values equal to the stored ones pass where others would be locked", func(t *testing.T) {
		c := complete(t, surgical.Paid)
		same := surgical.Changes{Owner: to(c.Owner), Date: to(c.Date), First: to(c.Patient.First), Insurer: to(c.Insurer), Codes: to(slices.Clone(c.Codes))}
		done, err := apply(t, c, theOwner, same)
		wantCode(t, err, "")
		equalSlices(t, "fields", done.Fields, nil)
	})
	t.Run("another modifier makes another code", func(t *testing.T) {
		c := complete(t, surgical.Draft)
		done, err := apply(t, c, theOwner, surgical.Changes{Codes: &[]surgical.Code{code(t, "Z9001-51"), code(t, "Z9002")}})
		wantCode(t, err, "")
		equal(t, "changed", done, surgical.Changed{Fields: []string{"procedure_codes"}, Reprice: true})
		equal(t, "codes", texts(c.Codes), "Z9001-51 Z9002")
	})
	t.Run("an uploaded document named again keeps its key", func(t *testing.T) {
		c := complete(t, surgical.Draft)
		stored := surgical.File{Name: surgical.NewPHI("demo.pdf"), Key: surgical.NewPHI("private/case-documents/dr.ada/case-1/demo/u.pdf"), Stored: true}
		c.Files[surgical.DemoFile] = stored
		_, err := apply(t, c, theOwner, files(surgical.DemoFile, "demo.pdf"))
		wantCode(t, err, "")
		equal(t, "file", c.Files[surgical.DemoFile], stored)
	})
	reports := map[string]struct{ reprice, twin bool }{
		"user_id": {true, true}, "case_date": {false, true}, "surgeon_id": {}, "facility_id": {}, "patient_first": {false, true},
		"patient_last": {false, true}, "patient_dob": {}, "ins_provider": {}, "procedure_codes": {true, false},
	}
	for field, ch := range edits(t) {
		t.Run("a change of "+field+" alone", func(t *testing.T) {
			c := complete(t, surgical.Submitted)
			was, changed := c.Contents(), 0
			done, err := apply(t, c, caseAdmin, ch)
			wantCode(t, err, "")
			for i, part := range c.Contents() {
				if part != was[i] {
					changed++
				}
			}
			equal(t, "parts of the case that are others now", changed, 1)
			equal(t, "reprice", done.Reprice, reports[field].reprice)
			equal(t, "twin", done.Twin, reports[field].twin)
		})
	}
}

func TestAsks(t *testing.T) {
	asks := edits(t)
	asks["misc_file"] = files(surgical.MiscFile, "")
	for field, ch := range asks {
		t.Run(field+" alone is a change asked for", func(t *testing.T) { equal(t, "asks", ch.Asks(), true) })
	}
	t.Run("nothing is none", func(t *testing.T) {
		equal(t, "asks", surgical.Changes{Files: map[surgical.FileKind]surgical.PHI{}}.Asks(), false)
	})
}

// TestMayDelete: source spec/decisions.md 3.6.
func TestMayDelete(t *testing.T) {
	for _, at := range surgical.Statuses {
		for _, role := range append([]permission.UserType{0}, everyRole...) {
			for _, who := range []ident.UserID{owner, "somebody"} {
				want := ""
				switch {
				case role < 1 && who == owner:
					want = "not_allowed"
				case role < 10 && who != owner:
					want = "not_your_data"
				case role < 10 && at > 1, at == 15, at == 20:
					want = "case_locked"
				}
				if role < 1 && who != owner {
					continue // refused in either word
				}
				err := complete(t, at).MayDelete(person(who, role))
				t.Run(fmt.Sprintf("%s of type %d at %d", who, role, at), func(t *testing.T) { wantCode(t, err, want) })
			}
		}
	}
}

// TestRestore: source spec/decisions.md 11.3.
func TestRestore(t *testing.T) {
	for _, role := range everyRole {
		for _, at := range surgical.Statuses {
			for name, by := range map[string]permission.Actor{
				"the owner": person(owner, role), "another": person("gale", role), "the command line": permission.System("cli"),
			} {
				c := complete(t, at)
				was := c.Standing
				c.DeletedAt, c.DeletedBy = noon, "casey"
				moves := c.Restore(by, later)
				equal(t, "deleted", []any{c.DeletedAt.IsZero(), c.DeletedBy, c.UpdatedAt}, []any{true, ident.UserID(""), later})
				if at != surgical.ReadyForBilling || name != "the owner" {
					equal(t, fmt.Sprintf("%s restores at %d", name, at), c.Standing, was)
					equal(t, "moves", len(moves), 0)
					continue
				}
				equal(t, "status", c.Status, surgical.Submitted)
				equal(t, "pay", c.Pay, was.Pay)
				equal(t, "moves", moves, []surgical.Move{{From: 10, To: 1, At: later, By: owner, Reason: "restored by the owner"}})
				equal(t, "stamps", []bool{c.Stamps[surgical.Submitted].Equal(later), c.Stamps[surgical.ReadyForBilling].IsZero()}, []bool{true, true})
			}
		}
	}
}
