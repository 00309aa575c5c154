package document

import (
	"net/url"
	"time"
)

// About is what an object says of itself to whoever looks into the store: of which case or user it is, what kind, and when it came
// about. Never a patient's name and never the name of a file. Stores take ASCII, and ids of cases may have other characters.
// Source: spec/decisions.md 11.15.
func About(key string, at time.Time) map[string]string {
	about := AboutGenerated("document", at)
	place, ours := PlaceOf(key)
	switch {
	case ours && place.Case != "":
		about["case"], about["kind"] = url.PathEscape(place.Case), url.PathEscape(place.Kind)
	case ours:
		about["user"], about["kind"] = url.PathEscape(place.User), "user_document"
	}
	return about
}

// AboutGenerated is About for what the program makes itself.
func AboutGenerated(kind string, at time.Time) map[string]string {
	return map[string]string{"kind": kind, "generated-at": at.UTC().Format(time.RFC3339)}
}
