package bucket_test

import (
	"strings"
	"testing"

	"surgicase/domain/bucket"
)

func TestPagesOf(t *testing.T) {
	p := bucket.PagesOf([]string{"https://b.example.com", "https://a.example.com"})
	text := p.String()
	for _, part := range []string{"https://a.example.com, https://b.example.com", "GET, HEAD, PUT", "content-type", "ETag", "600 s"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q lacks %q", text, part)
		}
	}
}

func TestRule_String(t *testing.T) {
	text := bucket.Rule{ID: "x", Prefix: "trial/", AbortDays: 1, OldDays: 30, ExpiresDays: 2}.String()
	for _, part := range []string{"lifecycle rule x", "after 1 day;", "after 30 days;", "under trial/ go after 2 day"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q lacks %q", text, part)
		}
	}
}

func TestUnsupported(t *testing.T) {
	for code, want := range map[string]bool{"NotImplemented": true, "MalformedXML": true, "AccessDenied": false, "": false} {
		if got := bucket.Unsupported(code); got != want {
			t.Errorf("%s: %t", code, got)
		}
	}
}
