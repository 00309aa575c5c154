package document_test

import (
	"maps"
	"testing"
	"time"

	"surgicase/domain/document"
)

func TestAbout(t *testing.T) {
	at := time.Date(2026, 11, 30, 3, 0, 0, 0, time.FixedZone("EST", -5*3600))
	for key, want := range map[string]map[string]string{
		"private/case-documents/dr.a/c:1 ö/demo/0123.pdf": {"case": "c:1%20%C3%B6", "kind": "demo"},
		"elsewhere/Rosalind Franklin.pdf":                 {"kind": "document"},
	} {
		want["generated-at"] = "2026-11-30T08:00:00Z"
		if got := document.About(key, at); !maps.Equal(got, want) {
			t.Errorf("%s: got %v", key, got)
		}
	}
}
