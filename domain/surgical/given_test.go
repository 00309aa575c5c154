package surgical_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

const (
	owner    = ident.UserID("dr.ada")
	newOwner = ident.UserID("dr.bea")
	caseID   = ident.CaseID("case-1")
)

// noon and later are not in UTC on purpose: nothing here may depend on the zone.
var (
	noon  = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.FixedZone("somewhere", 5*3600))
	later = noon.Add(90 * time.Minute)
)

// person is an actor of a type who owns nothing unless he is called dr.ada.
func person(id ident.UserID, t permission.UserType) permission.Actor {
	return permission.Actor{User: id, Type: t, Credential: "token"}
}

var (
	theOwner    = person(owner, permission.Provider)
	caseAdmin   = person("casey", permission.CaseAdmin)
	globalAdmin = person("gale", permission.GlobalAdmin)
	everyRole   = []permission.UserType{
		permission.Provider, permission.GroupAdmin, permission.CaseAdmin,
		permission.UserAdmin, permission.GlobalAdmin, permission.SystemAdmin,
	}
)

func priced() surgical.Worth {
	return surgical.Worth{Amount: 100_000, Category: "SPINE", Status: pay.Priced, Tier: 1, Table: 3, Winner: "Z9001", At: noon}
}

// standing is a case of dr.ada at a status, in its third generation, so that a forgotten or reset
// counter shows.
func standing(at surgical.Status, payment surgical.PaymentState) surgical.Standing {
	s := surgical.Standing{
		ID: caseID, Number: 77, Version: 4, Owner: owner, Status: at, Pay: priced(), Payment: payment, Generation: 3,
	}
	if payment != surgical.NoPayment {
		s.PaymentID = 900
	}
	return s
}

func code(t interface{ Fatalf(string, ...any) }, s string) surgical.Code {
	c, err := surgical.ParseCode(s)
	if err != nil {
		t.Fatalf("%s is a code: %v", s, err)
	}
	return c
}

// complete is a case of dr.ada at a status, with demo file, note file and a code, stamped on its way.
func complete(t *testing.T, at surgical.Status) *surgical.Case {
	t.Helper()
	c := surgical.New(surgical.Facts{
		ID: caseID, Owner: owner, Date: civil.Date{Year: 2026, Month: 2, Day: 27},
		Patient:   surgical.Patient{First: surgical.NewPHI("Rowena"), Last: surgical.NewPHI("Testwell"), Born: surgical.NewPHI("1980-05-06")},
		Insurer:   "Sample Mutual",
		SurgeonID: 5, FacilityID: 6, Codes: []surgical.Code{code(t, "Z9001-50"), code(t, "Z9002")},
		Files: map[surgical.FileKind]surgical.PHI{
			surgical.DemoFile: surgical.NewPHI("demo.pdf"), surgical.NoteFile: surgical.NewPHI("note.pdf"),
		},
	}, []byte("digest key"), noon)
	c.Status, c.Pay = at, priced()
	for i, s := range surgical.Statuses {
		if s > 0 && s <= at {
			c.Stamps[s] = noon.Add(time.Duration(i) * time.Minute)
		}
	}
	return c
}

// wantCode fails unless err is a fault of this code; "" wants no error at all.
func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if got := fault.CodeOf(err); got != code || (err != nil) != (code != "") {
		t.Errorf("got %q (%v), want %q", got, err, code)
	}
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func equalSlices[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func texts(codes []surgical.Code) string {
	all := make([]string, len(codes))
	for i, c := range codes {
		all[i] = c.String()
	}
	return strings.Join(all, " ")
}
