package support_test

import (
	"testing"

	"surgicase/domain/support"
)

// TestHowUrgentABugIs: 1 urgent to 4 low; what is none of the words is normal.
func TestHowUrgentABugIs(t *testing.T) {
	for word, want := range map[string]int{"urgent": 1, "URGENT": 1, "High": 2, "normal": 3, "": 3, "yesterday": 3, "low": 4} {
		if got := (&support.Bug{Priority: word}).Urgency(); got != want {
			t.Errorf("%q is %d, want %d", word, got, want)
		}
	}
}

func TestABugWithoutATitleHasAName(t *testing.T) {
	if got := (&support.Bug{}).Name(); got != "Untitled Bug" {
		t.Errorf("it is called %q", got)
	}
	if got := (&support.Bug{Title: "Wrong total"}).Name(); got != "Wrong total" {
		t.Errorf("it is called %q", got)
	}
}

// TestEveryFieldOfABugIsInItsDigest: a change of any of them shows.
func TestEveryFieldOfABugIsInItsDigest(t *testing.T) {
	seen := map[string]bool{}
	for _, text := range (&support.Bug{Title: "t", Description: "d", Page: "/p", Priority: "high", Status: support.Open, Reporter: "dr", RequestID: "r"}).Contents() {
		seen[text] = true
	}
	for _, text := range []string{"t", "d", "/p", "high", "Open", "dr", "r"} {
		if !seen[text] {
			t.Errorf("%q is not covered", text)
		}
	}
}
