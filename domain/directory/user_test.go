package directory_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
)

func TestName(t *testing.T) {
	for _, x := range []struct{ first, last, want string }{
		{"Ada", "Testwell", "Ada Testwell"}, {"", "Testwell", "Testwell"}, {"Ada", "", "Ada"}, {"", "", ""},
	} {
		t.Run(x.want, func(t *testing.T) {
			equal(t, "name", (&directory.User{First: x.first, Last: x.last}).Name(), x.want)
		})
	}
}

func TestTaxID(t *testing.T) {
	for id, ending := range map[string]string{"123456789": "6789", "": "", "123": ""} {
		t.Run(fmt.Sprintf("of %q only %q is shown", id, ending), func(t *testing.T) {
			u := directory.User{TaxID: surgical.NewPHI(id)}
			equal(t, "ending", u.TaxIDEnding(), ending)
		})
	}
	t.Run("a user prints and marshals without tax id and file names", func(t *testing.T) {
		u := &directory.User{TaxID: surgical.NewPHI("123456789"), Documents: []directory.UserDocument{{Name: surgical.NewPHI("Quillon.pdf")}}}
		text, err := json.Marshal(u)
		equal(t, "error", err, nil)
		for _, out := range []string{fmt.Sprintf("%v %+v %#v", u, *u, u), string(text)} {
			if strings.Contains(out, "123456789") || strings.Contains(out, "Quillon") {
				t.Error(out)
			}
		}
	})
}

func TestDocumentKey(t *testing.T) {
	key := directory.DocumentKey("dr.ada", surgical.NewPHI("licence.pdf"))
	equal(t, "key", key.Reveal(), "private/user-documents/dr.ada/licence.pdf")
}

func TestCheckRank(t *testing.T) {
	for _, x := range []struct {
		typ  permission.UserType
		tier pay.Tier
		top  int
		bad  string
	}{
		{1, 1, 0, ""},
		{999, 999, 500, ""},
		{10, 2, 20, ""},
		{8, 1, 15, ""},
		{0, 1, 0, "body.user_type"},
		{-1, 1, 0, "body.user_type"},
		{1000, 1, 0, "body.user_type"},
		{1, 0, 0, "body.user_tier"},
		{1, -1, 0, "body.user_tier"},
		{1, 1000, 0, "body.user_tier"},
		{1, 1, 7, "body.max_case_status"},
		{1, 1, -1, "body.max_case_status"},
		{1, 1, 501, "body.max_case_status"},
		{0, 0, 7, "body.user_type body.user_tier body.max_case_status"},
	} {
		t.Run(fmt.Sprintf("type %d, tier %d, cap %d: wrong is %q", x.typ, x.tier, x.top, x.bad), func(t *testing.T) {
			var places []string
			err := directory.CheckRank(x.typ, x.tier, x.top)
			var f *fault.Error
			if errors.As(err, &f) {
				for _, field := range f.Fields {
					places = append(places, field.Location)
				}
			}
			equal(t, "wrong", strings.Join(places, " "), x.bad)
			equal(t, "invalid", errors.Is(err, fault.Invalid), x.bad != "")
		})
	}
}

func TestDeactivate(t *testing.T) {
	at := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	u := directory.User{ID: "dr.ada", Type: 7, Tier: 2, Active: true, Cap: 10}
	u.Deactivate(at)
	t.Run("it ends the access and nothing else", func(t *testing.T) {
		equal(t, "user", u, directory.User{ID: "dr.ada", Type: 7, Tier: 2, Cap: 10, DeactivatedAt: at, UpdatedAt: at})
	})
}
