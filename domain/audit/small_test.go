package audit_test

import (
	"bytes"
	"strings"
	"testing"

	"surgicase/domain/audit"
)

func TestSigner_Sign(t *testing.T) {
	signer, err := audit.NewSigner(bytes.Repeat([]byte{1}, audit.SeedLength))
	if err != nil {
		t.Fatal(err)
	}
	other, err := audit.NewSigner(bytes.Repeat([]byte{2}, audit.SeedLength))
	if err != nil {
		t.Fatal(err)
	}
	signature := signer.Sign([]byte("text"))
	for name, x := range map[string]struct {
		key  audit.PublicKey
		text string
		want bool
	}{
		"its own":       {signer.Public, "text", true},
		"another text":  {signer.Public, "texts", false},
		"another key":   {other.Public, "text", false},
		"a broken key":  {signer.Public[:31], "text", false},
		"no key at all": {nil, "text", false},
	} {
		if got := x.key.Verify([]byte(x.text), signature); got != x.want {
			t.Errorf("%s: %t, want %t", name, got, x.want)
		}
	}
}

func TestEntry_OfDryRun(t *testing.T) {
	done := audit.Entry{Outcome: audit.Done, Before: []byte{1}, After: []byte{2}}.OfDryRun()
	if done.Outcome != audit.DryRun || done.Before != nil || done.After != nil {
		t.Errorf("got %+v", done)
	}
	for _, outcome := range []audit.Outcome{audit.Read, audit.Refused} {
		if got := (audit.Entry{Outcome: outcome}).OfDryRun(); got.Outcome != outcome {
			t.Errorf("%s became %s", outcome, got.Outcome)
		}
	}
}

func TestReport_MissingText(t *testing.T) {
	if got := (audit.Report{}).MissingText(); got != "" {
		t.Errorf("nothing is missing: %q", got)
	}
	got := audit.Report{Missing: 4, MissingIDs: []audit.IDRange{{From: 3, To: 3}, {From: 7, To: 9}}}.MissingText()
	if !strings.Contains(got, "4 ids") || !strings.Contains(got, "3, 7") {
		t.Errorf("got %q", got)
	}
}

func TestQuery_OfCase(t *testing.T) {
	for _, x := range []struct {
		q    audit.Query
		want bool
	}{{audit.Query{}, false}, {audit.Query{Case: "c-1"}, true}, {audit.Query{Number: 7}, true}} {
		if got := x.q.OfCase(); got != x.want {
			t.Errorf("%+v: %t", x.q, got)
		}
	}
}
