package support_test

import (
	"reflect"
	"testing"
	"time"

	"surgicase/domain/support"
)

func TestOnlyThePathOfAPageIsKept(t *testing.T) {
	for address, want := range map[string]string{
		"/cases/list": "/cases/list",
		"https://app.example.com/case?patient=Ann#Smith": "/case",
		"https://user:secret@example.com/x":              "/x",
		"Case List":                                      "Case List",
		"  /case  ":                                      "/case",
		"javascript:alert('Ann')":                        "",
		"mailto:ann@example.com":                         "",
		"?patient=Ann":                                   "",
		"#/patients/Ann":                                 "",
		"/a%2Fb":                                         "/a/b",
		"http://[::1":                                    "",
		"":                                               "",
	} {
		if got := support.PagePath(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}

func TestOnlyWhatIsDifferentChanges(t *testing.T) {
	at := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	same, other, closed := "one", "two", support.Closed
	b := support.Bug{Title: "one", Status: support.Open}
	if fields := b.Apply(support.Changes{Title: &same}, at); fields != nil || !b.UpdatedAt.IsZero() {
		t.Errorf("%v, %v", fields, b.UpdatedAt)
	}
	fields := b.Apply(support.Changes{Title: &other, Description: &other, Priority: &other, Status: &closed}, at)
	if !reflect.DeepEqual(fields, []string{"title", "description", "priority", "status"}) || b.Status != support.Closed || !b.UpdatedAt.Equal(at) {
		t.Errorf("%v, %+v", fields, b)
	}
}

func TestStatuses(t *testing.T) {
	for text, want := range map[string]support.Status{"open": support.Open, "In progress": support.InProgress, "Resolved": support.Resolved, "CLOSED": support.Closed, "done": "", "": ""} {
		if got, err := support.ParseStatus(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
