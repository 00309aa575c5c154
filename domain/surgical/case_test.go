package surgical_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/civil"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"

	"pgregory.net/rapid"
)

func TestNew(t *testing.T) {
	facts := surgical.Facts{
		ID: caseID, Owner: owner, Date: civil.Date{Year: 2026, Month: 2, Day: 27}, Patient: surgical.Patient{First: surgical.NewPHI("Rowena")},
		Insurer: "Sample Mutual", SurgeonID: 5, FacilityID: 6, Codes: []surgical.Code{code(t, "Z9001"), code(t, "Z9001")}, Forced: true,
		Files: map[surgical.FileKind]surgical.PHI{surgical.DemoFile: surgical.NewPHI("demo.pdf"), surgical.NoteFile: {}},
	}
	c := surgical.New(facts, []byte("key"), noon)
	t.Run("a new case is a draft of the first generation and version", func(t *testing.T) {
		equal(t, "standing", c.Standing, surgical.Standing{ID: caseID, Owner: owner, Version: 1, Generation: 1, DigestKey: []byte("key")})
		equal(t, "times", fmt.Sprint(c.CreatedAt.Equal(noon), c.UpdatedAt.Equal(noon), c.DeletedAt.IsZero(), len(c.Stamps)), "true true true 0")
	})
	t.Run("it holds the facts", func(t *testing.T) {
		equal(t, "facts", fmt.Sprintln(c.Date, c.Patient.First.Reveal(), c.Insurer, c.SurgeonID, c.FacilityID, c.DuplicateForced),
			"2026-02-27 Rowena Sample Mutual 5 6 true\n")
	})
	t.Run("repeated codes are kept once, files without a name not at all", func(t *testing.T) {
		equal(t, "codes", texts(c.Codes), "Z9001")
		equal(t, "files", c.Files, map[surgical.FileKind]surgical.File{
			surgical.DemoFile: {Name: surgical.NewPHI("demo.pdf"), Key: surgical.NewPHI("private/case-documents/dr.ada/demo.pdf")},
		})
	})
}

func TestCheckDate(t *testing.T) {
	today := civil.Date{Year: 2026, Month: 3, Day: 2}
	for date, code := range map[string]string{
		"1989-12-31": "invalid_date", "1990-01-01": "", "2026-03-02": "", "2027-03-03": "", "2027-03-04": "invalid_date", "9999-12-31": "invalid_date",
	} {
		t.Run(date, func(t *testing.T) {
			d, err := civil.ParseDate(date)
			equal(t, "parsed", err, nil)
			wantCode(t, surgical.CheckDate(d, today), code)
		})
	}
	t.Run("no date is no case date", func(t *testing.T) {
		wantCode(t, surgical.CheckDate(civil.Date{}, today), "invalid_date")
	})
}

// The stamps of complete are as many minutes after noon as the status has in the order of all.
func TestShownUpdate(t *testing.T) {
	for _, x := range []struct {
		at     surgical.Status
		by     permission.UserType
		cap    int
		minute int // 60 is the true last change
	}{
		{surgical.Paid, permission.Provider, 0, 60},
		{surgical.Paid, permission.Provider, 20, 60},
		{surgical.Paid, permission.Provider, 15, 3},
		{surgical.Paid, permission.GroupAdmin, 10, 2},
		{surgical.Paid, permission.CaseAdmin, 10, 60},
		{surgical.Closed, permission.Provider, 0, 4},
		{surgical.ReadyForBilling, permission.Provider, 1, 1},
		{surgical.ReadyForBilling, permission.Provider, 10, 60},
	} {
		t.Run(fmt.Sprintf("at %d to type %d with cap %d", x.at, x.by, x.cap), func(t *testing.T) {
			c := complete(t, x.at)
			c.UpdatedAt = noon.Add(time.Hour)
			by := capped(x.by, x.cap)
			equal(t, "shown", c.ShownUpdate(by), noon.Add(time.Duration(x.minute)*time.Minute))
			equal(t, "stamp of the true status is shown", !c.ShownStamp(x.at, by).IsZero(), x.minute == 60)
		})
	}
	t.Run("without a stamp it is the time it was recorded", func(t *testing.T) {
		c := complete(t, surgical.Paid)
		clear(c.Stamps)
		c.UpdatedAt = noon.Add(time.Hour)
		equal(t, "shown", c.ShownUpdate(capped(permission.Provider, 10)), noon)
	})
}

func TestPendingFiles(t *testing.T) {
	c := complete(t, surgical.Draft)
	c.Files[surgical.AdminFile] = surgical.File{Name: surgical.NewPHI("a.pdf")}
	c.Files[surgical.DemoFile] = surgical.File{Name: surgical.NewPHI("d.pdf"), Stored: true}
	t.Run("kinds whose object we do not hold, in the order they are shown", func(t *testing.T) {
		equalSlices(t, "pending", c.PendingFiles(), []surgical.FileKind{surgical.NoteFile, surgical.AdminFile})
		equal(t, "field", surgical.NoteFile.Field(), "note_file")
	})
	t.Run("a pending file counts as present", func(t *testing.T) {
		equal(t, "complete", c.Completeness().Complete(), true)
	})
}

// twin is the text that tells twins from others, of a case changed somehow.
func twin(t *testing.T, change func(*surgical.Case)) string {
	t.Helper()
	c := complete(t, surgical.Draft)
	change(c)
	return c.DuplicateText().Reveal()
}

func TestDuplicateText(t *testing.T) {
	same := twin(t, func(*surgical.Case) {})
	for what, change := range map[string]func(*surgical.Case){
		"letter case":            func(c *surgical.Case) { c.Patient.First = surgical.NewPHI("ROWENA") },
		"spaces":                 func(c *surgical.Case) { c.Patient.Last = surgical.NewPHI("  Testwell\u00a0") },
		"codes and files":        func(c *surgical.Case) { c.Codes, c.Files = nil, nil },
		"birth date and insurer": func(c *surgical.Case) { c.Patient.Born, c.Insurer = surgical.NewPHI("1970-01-01"), "" },
		"id and status":          func(c *surgical.Case) { c.ID, c.Status = "other", surgical.Closed },
	} {
		t.Run(what+" do not tell cases apart", func(t *testing.T) { equal(t, "twin", twin(t, change), same) })
	}
	for what, change := range map[string]func(*surgical.Case){
		"owner":      func(c *surgical.Case) { c.Owner = newOwner },
		"date":       func(c *surgical.Case) { c.Date = c.Date.AddDays(1) },
		"first name": func(c *surgical.Case) { c.Patient.First = surgical.NewPHI("Rowan") },
		"last name":  func(c *surgical.Case) { c.Patient.Last = surgical.NewPHI("Testwel") },
		"the name's cut": func(c *surgical.Case) {
			c.Patient.First, c.Patient.Last = surgical.NewPHI("Rowena Testwell"), surgical.PHI{}
		},
	} {
		t.Run(what+" tells cases apart", func(t *testing.T) {
			if twin(t, change) == same {
				t.Error("it does not")
			}
		})
	}
	t.Run("where the first name ends tells cases apart", func(t *testing.T) {
		cut := func(first, last string) string {
			return twin(t, func(c *surgical.Case) {
				c.Patient.First, c.Patient.Last = surgical.NewPHI(first), surgical.NewPHI(last)
			})
		}
		if cut("Rowena Ann", "Testwell") == cut("Rowena", "Ann Testwell") {
			t.Error("it does not")
		}
	})
	t.Run("inner spaces count once", func(t *testing.T) {
		name := func(s string) string {
			return twin(t, func(c *surgical.Case) { c.Patient.First = surgical.NewPHI(s) })
		}
		equal(t, "twin", name("Anna  Maria"), name("anna\tMARIA"))
	})
}

func TestContents(t *testing.T) {
	digest := func(c *surgical.Case) []byte { return audit.Digest([]byte("key"), c.Contents()...) }
	same := digest(complete(t, surgical.ReadyForBilling))
	changes := map[string]func(*surgical.Case){
		"id": func(c *surgical.Case) { c.ID = "other" }, "owner": func(c *surgical.Case) { c.Owner = newOwner },
		"status": func(c *surgical.Case) { c.Status = surgical.Submitted }, "amount": func(c *surgical.Case) { c.Pay.Amount++ },
		"category": func(c *surgical.Case) { c.Pay.Category = "GYN" }, "pay status": func(c *surgical.Case) { c.Pay.Status = "waived" },
		"generation": func(c *surgical.Case) { c.Generation++ }, "payment": func(c *surgical.Case) { c.Payment = surgical.PaymentOpen },
		"date":       func(c *surgical.Case) { c.Date = c.Date.AddDays(1) },
		"first name": func(c *surgical.Case) { c.Patient.First = surgical.NewPHI("X") },
		"last name":  func(c *surgical.Case) { c.Patient.Last = surgical.NewPHI("X") },
		"birth date": func(c *surgical.Case) { c.Patient.Born = surgical.NewPHI("1970-01-01") },
		"insurer":    func(c *surgical.Case) { c.Insurer = "X" },
		"surgeon":    func(c *surgical.Case) { c.SurgeonID++ },
		"facility":   func(c *surgical.Case) { c.FacilityID++ },
		"codes":      func(c *surgical.Case) { c.Codes = c.Codes[:1] },
		"code order": func(c *surgical.Case) { c.Codes = []surgical.Code{c.Codes[1], c.Codes[0]} },
		"a file":     func(c *surgical.Case) { c.Files[surgical.MiscFile] = surgical.File{Name: surgical.NewPHI("m.pdf")} },
		"file's place": func(c *surgical.Case) {
			c.Files[surgical.MiscFile] = c.Files[surgical.DemoFile]
			delete(c.Files, surgical.DemoFile)
		},
		"deletion": func(c *surgical.Case) { c.DeletedAt = noon },
	}
	for what, change := range changes {
		t.Run("the digest sees a change of "+what, func(t *testing.T) {
			c := complete(t, surgical.ReadyForBilling)
			change(c)
			if bytes.Equal(digest(c), same) {
				t.Error("it does not")
			}
		})
	}
	t.Run("the digest does not depend on the zone in which a time is held", func(t *testing.T) {
		a, b := complete(t, surgical.Draft), complete(t, surgical.Draft)
		a.DeletedAt, b.DeletedAt = noon, noon.In(time.UTC)
		equal(t, "digest", digest(a), digest(b))
	})
	t.Run("a move's digest sees status, pay and payment", func(t *testing.T) {
		s := standing(surgical.PendingPayment, surgical.PaymentOpen)
		moved := s
		if _, err := moved.Advance(surgical.Paid, surgical.Manner{By: globalAdmin, At: noon}); err != nil {
			t.Fatal(err)
		}
		equal(t, "same", slices.Equal(s.Contents(), moved.Contents()), false)
	})
}

func TestKeysLieInTheOwnersFolder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[^/\\]{1,20}`).Draw(t, "name")
		if got := surgical.KeyFor(owner, surgical.NewPHI(name)).Reveal(); got != "private/case-documents/dr.ada/"+name {
			t.Fatal(got)
		}
	})
}
