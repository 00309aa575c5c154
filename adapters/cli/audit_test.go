package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"surgicase/application/operations"
	"surgicase/domain/audit"
)

// auditor is a Program of which only the audit commands are asked.
type auditor struct {
	Program
	of     Evidence
	report audit.Report
	err    error
}

func (a *auditor) VerifyAudit(_ context.Context, of Evidence, progress Progress) (audit.Report, error) {
	a.of = of
	progress(10_000, 20_000)
	return a.report, a.err
}

func (a *auditor) ExportAudit(_ context.Context, file string, _ Progress) (int64, error) {
	a.of.Export = file
	return 7, a.err
}

func (a *auditor) SignAudit(context.Context) (operations.Deposited, error) {
	c := audit.Checkpoint{Seal: audit.Seal{Seq: 9}, KeyID: "k"}
	return operations.Deposited{Checkpoint: c, Place: "x/checkpoint.json", Public: audit.PublicKey("12")}, a.err
}

func run(p Program, arguments ...string) (out, told string, err error) {
	var stdout, stderr bytes.Buffer
	c := New(p, "test")
	c.SetArgs(arguments)
	c.SetOut(&stdout)
	c.SetErr(&stderr)
	err = c.Execute()
	return stdout.String(), stderr.String(), err
}

func TestAuditCommands(t *testing.T) {
	last := audit.Seal{Seq: 5, Entry: 6, Hash: []byte{0xab}}
	broken := &audit.Broken{Why: audit.Edited, Seq: 5, Entry: 6, Text: "it was changed"}
	for _, c := range []struct {
		arguments string
		report    audit.Report
		fails     error
		says      string
	}{
		{"audit verify", audit.Report{Last: last, Checkpoints: 2}, nil, "the trail is whole: 5 entries sealed, 0 waiting for their seal, 2 checkpoints met\nthe last seal is 5, of entry 6: ab\n"},
		{"audit verify", audit.Report{Last: last, Checkpoints: 2, Unproven: 2}, nil, "note: no public key is known (--public-key), so the signatures of 2 checkpoints were not checked\n"},
		{"audit verify", audit.Report{}, nil, "note: there was no checkpoint, so nobody can know whether the end was cut off (--checkpoint)\n"},
		{"audit verify", audit.Report{}, broken, ""},
		{"audit export x.ndjson", audit.Report{}, nil, "7 entries exported to x.ndjson\n"},
		{"audit export x.ndjson", audit.Report{}, errors.New("full"), ""},
		{"audit checkpoint", audit.Report{}, nil, "checkpoint at seal 9 written to x/checkpoint.json\npublic key k: MTI=\n"},
		{"audit checkpoint", audit.Report{}, errors.New("full"), ""},
	} {
		out, told, err := run(&auditor{report: c.report, err: c.fails}, strings.Fields(c.arguments)...)
		if !errors.Is(err, c.fails) || !strings.HasSuffix(out, c.says) || (c.fails != nil && out != "") || (told != "") != strings.Contains(c.arguments, "verify") {
			t.Errorf("%s with %+v: %q, %q, %v", c.arguments, c.report, out, told, err)
		}
	}
	p := &auditor{}
	_, _, err := run(p, "audit", "verify", "--from", "f", "--checkpoint", "a", "--checkpoint", "b,c", "--public-key", "k")
	if want := (Evidence{"f", []string{"a", "b,c"}, []string{"k"}}); err != nil || fmt.Sprint(p.of) != fmt.Sprint(want) {
		t.Errorf("asked for %+v (%v), want %+v", p.of, err, want)
	}
	for _, wrong := range []string{"audit verify x", "audit export", "audit verify --no"} {
		if _, _, err := run(p, strings.Fields(wrong)...); err == nil {
			t.Errorf("%s is taken", wrong)
		}
	}
}
