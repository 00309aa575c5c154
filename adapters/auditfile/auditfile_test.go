package auditfile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"surgicase/adapters/auditfile"
	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
)

var at = time.Date(2026, time.March, 2, 9, 30, 15, 123456000, time.UTC)

var signer = func() audit.Signer {
	s, err := audit.NewSigner(make([]byte, audit.SeedLength))
	if err != nil {
		panic(err)
	}
	return s
}()

// evidence is a small trail with everything in it that an entry can hold.
func evidence() audit.Evidence {
	who := permission.Actor{User: "dr.ada", Type: 10, Credential: "token:7", Mode: "token", RequestID: "r-1", Address: "2001:db8::1"}
	plain := audit.Record(who, permission.EditCase, "case", "c-1 — é <&>", at)
	entries := []audit.Entry{
		plain, plain.Changing([]string{"case_date", "codes"}, []byte{0, 255}, nil), plain.Changing(nil, []byte{}, []byte{1}),
		plain.Reading("1", "22"), plain.Reading(""), plain.Refusing(fault.New(fault.Forbidden, "not_allowed", "No."), "user_type"),
	}
	chain := audit.NewChain(audit.Seal{})
	e := audit.Evidence{At: at.Add(time.Minute)}
	var links []audit.Link
	for i := range entries {
		stored := audit.Stored{ID: int64(10 + 3*i), Entry: entries[i]}
		links = append(links, audit.Link{Sealed: true, Seal: chain.Seal(&stored), Entry: &stored})
	}
	e.Seals = int64(len(links))
	e.Checkpoints = []audit.Checkpoint{signer.Checkpoint(links[3].Seal, at), signer.Checkpoint(links[5].Seal, at.Add(time.Microsecond))}
	waiting := audit.Stored{ID: 99, Entry: plain}
	e.Links = all(append(links, audit.Link{Entry: &waiting}))
	return e
}

func all(links []audit.Link) iter.Seq2[audit.Link, error] {
	return func(yield func(audit.Link, error) bool) {
		for _, l := range links {
			if !yield(l, nil) {
				return
			}
		}
	}
}

func exported(t *testing.T, e audit.Evidence) string {
	t.Helper()
	var file bytes.Buffer
	if _, err := auditfile.Write(&file, e, func(int64) {}); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

func verify(file string) (audit.Report, error) {
	e, err := auditfile.Read(strings.NewReader(file))
	if err != nil {
		return audit.Report{}, err
	}
	return e.Verify(nil, []audit.PublicKey{signer.Public}, func(int64) {})
}

func TestAnExportComesBackAsItWas(t *testing.T) {
	file := exported(t, evidence())
	report, err := verify(file)
	if err != nil || report.Last.Seq != 6 || report.Unsealed != 1 || report.Checkpoints != 2 || report.Unproven != 0 {
		t.Fatalf("%+v, %v\n%s", report, err, file)
	}
	back, err := auditfile.Read(strings.NewReader(file))
	if err != nil || back.Seals != 6 || !back.At.Equal(at.Add(time.Minute)) {
		t.Fatalf("%+v, %v", back, err)
	}
	if again := exported(t, back); again != file {
		t.Errorf("exported again it is\n%s\nand was\n%s", again, file)
	}
}

func TestAnExportOfNothing(t *testing.T) {
	file := exported(t, audit.Evidence{At: at, Links: all(nil)})
	if report, err := verify(file); err != nil || report.Last.Seq != 0 {
		t.Errorf("%+v, %v", report, err)
	}
}

// A change of any byte is found, or changes nothing but the form of what is sealed or signed.
func TestAChangedExportIsFound(t *testing.T) {
	e := evidence()
	e.Links = sealedOnly(e.Links)
	file := exported(t, e)
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	harmless := 0
	for i := strings.Index(file, "\n"); i < len(file); i++ { // the head is neither sealed nor signed
		changed := []byte(file)
		changed[i] ^= byte(1 << random.IntN(7))
		if _, err := verify(string(changed)); err != nil {
			continue
		}
		e, err := auditfile.Read(bytes.NewReader(changed))
		if err != nil {
			t.Fatal(err)
		}
		if exported(t, e) != file {
			t.Errorf("byte %d, now %q, was not found", i, changed[i])
		}
		harmless++
	}
	t.Logf("%d of %d changes touched only the form", harmless, len(file))
}

func sealedOnly(links iter.Seq2[audit.Link, error]) iter.Seq2[audit.Link, error] {
	var sealed []audit.Link
	for l := range links {
		if l.Sealed {
			sealed = append(sealed, l)
		}
	}
	return all(sealed)
}

func TestAnExportThatWasCutIsFound(t *testing.T) {
	lines := strings.SplitAfter(exported(t, evidence()), "\n")
	for n := range len(lines) - 1 {
		if _, err := verify(strings.Join(lines[:n], "")); fault.CodeOf(err) != "export_unreadable" {
			t.Errorf("the first %d lines: %v", n, err)
		}
	}
	for n := 3; n < len(lines)-2; n++ { // a line is gone, and the end says so
		gone := strings.Replace(strings.Join(slices.Delete(slices.Clone(lines), n, n+1), ""), `"links":7`, `"links":6`, 1)
		_, err := verify(gone)
		var broken *audit.Broken
		if n < len(lines)-3 && !errors.As(err, &broken) {
			t.Errorf("without line %d: %v", n, err)
		}
	}
	for name, file := range map[string]string{
		"another file": "case_id,status\n1,2\n", "another format": `{"surgicase_audit_export":{"format":2}}`, "no head": lines[1], "an empty line": lines[0] + "{}\n",
	} {
		if _, err := verify(file); fault.CodeOf(err) != "export_unreadable" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnExportIsWholeOrNotThere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "trail.ndjson")
	e := evidence()
	e.Links = func(yield func(audit.Link, error) bool) { yield(audit.Link{}, errors.New("the database is away")) }
	if _, err := auditfile.Export(path, e, func(int64) {}); err == nil {
		t.Error("no error")
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	links, err := auditfile.Export(path, evidence(), func(int64) {})
	if err != nil || links != 7 {
		t.Errorf("%d links, %v", links, err)
	}
	private(t, path)
}

func private(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s: %v, %v", path, info.Mode(), err)
	}
}

func TestCheckpointFiles(t *testing.T) {
	folder := auditfile.Folder(filepath.Join(t.TempDir(), "checkpoints"))
	if kept, err := folder.Checkpoints(); err != nil || kept != nil {
		t.Errorf("a folder that is not there: %v, %v", kept, err)
	}
	made := evidence().Checkpoints
	var paths []string
	for _, c := range made {
		path, err := folder.Keep(context.Background(), c, signer.Public)
		if err != nil {
			t.Fatal(err)
		}
		private(t, path)
		paths = append(paths, path)
	}
	kept, err := folder.Checkpoints()
	if err != nil || fmt.Sprint(kept) != fmt.Sprint(made) {
		t.Errorf("kept %v (%v), made %v", kept, err, made)
	}
	one, err := auditfile.ReadCheckpoints(paths[1])
	if err != nil || fmt.Sprint(one) != fmt.Sprint(made[1:]) {
		t.Errorf("one is %v, %v", one, err)
	}
	if left, _ := os.ReadDir(string(folder)); len(left) != 2 {
		t.Errorf("the folder holds %v", left)
	}
	if err := os.WriteFile(filepath.Join(string(folder), "checkpoint-x.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := folder.Checkpoints(); fault.CodeOf(err) != "checkpoint_unreadable" {
		t.Errorf("a file of another kind: %v", err)
	}
	if _, err := auditfile.ReadCheckpoints(paths[0] + "x"); fault.CodeOf(err) != "checkpoint_unreadable" {
		t.Errorf("a file that is not there: %v", err)
	}
}
