package fileblob

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"surgicase/domain/fault"
	"surgicase/ports"
)

func opened(t *testing.T, folder string, now func() time.Time) *Blobs {
	t.Helper()
	b, err := Open(Config{Folder: folder, LinkKey: bytes.Repeat([]byte{7}, 32), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func put(t *testing.T, b *Blobs, key, content string) {
	t.Helper()
	if _, err := b.Put(t.Context(), ports.Object{Key: key, Size: -1, ContentType: "text/x-odd"}, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
}

func stat(t *testing.T, b *Blobs, key string) ports.Object {
	t.Helper()
	o, err := b.Stat(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestAnObjectIsAPlainFileThatOnlyThisUserReads(t *testing.T) {
	folder := t.TempDir()
	b := opened(t, folder, time.Now)
	put(t, b, "a/b.pdf", "content")
	file := filepath.Join(folder, "a", "b.pdf")
	content, err := os.ReadFile(file)
	if err != nil || string(content) != "content" {
		t.Fatalf("%q, %v", content, err)
	}
	for path, mode := range map[string]os.FileMode{file: 0o600, filepath.Dir(file): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if left, err := os.ReadDir(filepath.Join(folder, drafts)); err != nil || len(left) != 0 {
		t.Errorf("drafts are left: %v, %v", left, err)
	}
}

func TestANoteCountsForItsFileOnly(t *testing.T) {
	folder := t.TempDir()
	b := opened(t, folder, time.Now)
	put(t, b, "a.pdf", "content")
	sum := sha256.Sum256([]byte("content"))
	if o := stat(t, b, "a.pdf"); o.ContentType != "text/x-odd" || !bytes.Equal(o.SHA256, sum[:]) {
		t.Errorf("got %+v", o)
	}
	if err := os.WriteFile(filepath.Join(folder, "a.pdf"), []byte("CONTENT"), 0o600); err != nil { // somebody else, the same size
		t.Fatal(err)
	}
	if o := stat(t, b, "a.pdf"); o.ContentType != "application/pdf" || o.SHA256 != nil {
		t.Errorf("the old note is believed: %+v", o)
	}
	for _, broken := range []string{"", "{", `{"size":7}`} {
		if err := os.WriteFile(filepath.Join(folder, abouts, "a.pdf"), []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		if o := stat(t, b, "a.pdf"); o.Size != 7 || o.SHA256 != nil {
			t.Errorf("got %+v", o)
		}
	}
}

func TestNothingLeadsOutOfTheFolder(t *testing.T) {
	folder, outside := t.TempDir(), t.TempDir()
	b := opened(t, folder, time.Now)
	if err := errors.Join(os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600), os.Symlink(outside, filepath.Join(folder, "way"))); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Get(t.Context(), "way/secret", ports.Span{}); err == nil {
		t.Error("a symbolic link leads out")
	}
	if _, err := b.Put(t.Context(), ports.Object{Key: "way/new", Size: 1}, strings.NewReader("x")); err == nil {
		t.Error("a symbolic link leads out")
	}
	_ = b.Remove(t.Context(), "way/secret")
	left, err := os.ReadDir(outside)
	if err != nil || len(left) != 1 {
		t.Errorf("outside is changed: %v, %v", left, err)
	}
}

func TestWhatAKilledProgramLeftIsClearedAfterADay(t *testing.T) {
	folder, now := t.TempDir(), time.Now()
	b := opened(t, folder, time.Now)
	if err := b.open.Load().root.WriteFile(drafts+"/HALF", []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, later := range []struct {
		by   time.Duration
		left int
	}{{time.Hour, 1}, {25 * time.Hour, 0}} {
		opened(t, folder, func() time.Time { return now.Add(later.by) })
		if left, err := os.ReadDir(filepath.Join(folder, drafts)); err != nil || len(left) != later.left {
			t.Errorf("after %v: %d drafts, %v", later.by, len(left), err)
		}
	}
}

func TestWhatAKilledProgramLeftIsClearedWhileAnotherRuns(t *testing.T) {
	folder, now := t.TempDir(), time.Now()
	b := opened(t, folder, func() time.Time { return now })
	for _, name := range []string{"HALF", "FRESH"} {
		if err := b.open.Load().root.WriteFile(drafts+"/"+name, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(25 * time.Hour)
	if err := b.open.Load().root.Chtimes(drafts+"/FRESH", now, now); err != nil {
		t.Fatal(err)
	}
	put(t, b, "a", "content")
	if left, err := os.ReadDir(filepath.Join(folder, drafts)); err != nil || len(left) != 1 || left[0].Name() != "FRESH" {
		t.Errorf("%v, %v", left, err)
	}
	if got := stat(t, b, "a"); got.Size != 7 {
		t.Errorf("the upload beside it: %+v", got)
	}
}

func TestRemovingLeavesNoEmptyFolder(t *testing.T) {
	folder := t.TempDir()
	b := opened(t, folder, time.Now)
	put(t, b, "a/b/c/d", "x")
	put(t, b, "a/e", "x")
	if err := b.Remove(t.Context(), "a/b/c/d"); err != nil {
		t.Fatal(err)
	}
	for path, there := range map[string]bool{"a/b": false, "a/e": true, ".about/a/b": false, ".about/a/e": true} {
		if _, err := os.Stat(filepath.Join(folder, path)); (err == nil) != there {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestAFolderThatCannotBeUsedIsUnavailable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{file, filepath.Join(file, "below")} {
		if _, err := Open(Config{Folder: folder, LinkKey: make([]byte, 32), Now: time.Now}); !errors.Is(err, fault.Unavailable) {
			t.Errorf("got %v", err)
		}
	}
	folder := t.TempDir()
	b := opened(t, folder, time.Now)
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Put(t.Context(), ports.Object{Key: "a", Size: 1}, strings.NewReader("x")); fault.CodeOf(err) != "storage_unavailable" {
		t.Errorf("got %v", err)
	}
}

// TestAFolderThatCameBackIsTheOneThatCounts takes the disk with the folder away, and puts it back as a new mount would.
func TestAFolderThatCameBackIsTheOneThatCounts(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "objects")
	b := opened(t, folder, time.Now)
	put(t, b, "a", "before")
	step := func(errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(when string) {
		t.Helper()
		_, err := b.Put(t.Context(), ports.Object{Key: "b", Size: 1}, strings.NewReader("x"))
		if _, stat := b.Stat(t.Context(), "a"); fault.CodeOf(err) != "storage_unavailable" || fault.CodeOf(stat) != "storage_unavailable" {
			t.Errorf("%s: %v, %v", when, err, stat)
		}
	}
	step(os.Rename(folder, folder+".away"))
	refused("it is gone")
	step(os.Mkdir(folder, 0o700))
	refused("there is only the place where it was")
	step(os.Remove(folder), os.CopyFS(folder, os.DirFS(folder+".away")))
	if stat(t, b, "a").Size != 6 {
		t.Error("what was stored before is not found")
	}
	put(t, b, "c", "after")
	if content, err := os.ReadFile(filepath.Join(folder, "c")); err != nil || string(content) != "after" {
		t.Errorf("it went elsewhere: %q, %v", content, err)
	}
}

// TestAnUploadThatMissedTheFolderIsRefused moves the folder aside while an object is on its way into it.
func TestAnUploadThatMissedTheFolderIsRefused(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "objects")
	b := opened(t, folder, time.Now)
	moving := readers(func([]byte) (int, error) { _ = os.Rename(folder, folder+".away"); return 0, io.EOF })
	if _, err := b.Put(t.Context(), ports.Object{Key: "a", Size: 1}, io.MultiReader(strings.NewReader("x"), moving)); fault.CodeOf(err) != "storage_unavailable" {
		t.Errorf("got %v", err)
	}
}

type readers func([]byte) (int, error)

func (r readers) Read(to []byte) (int, error) { return r(to) }

func TestLinks(t *testing.T) {
	now := time.Now()
	b := opened(t, t.TempDir(), func() time.Time { return now })
	object := ports.Object{Key: "private/Rosalind.pdf", Size: 7, ContentType: "application/pdf", SHA256: bytes.Repeat([]byte{1}, 32)}
	links := map[ports.LinkUse]string{}
	for _, use := range []ports.LinkUse{ports.LinkRead, ports.LinkWrite} {
		link, err := b.Link(t.Context(), use, object, 5*time.Minute)
		if err != nil || !link.Expires.Equal(now.Add(5*time.Minute)) {
			t.Fatalf("%+v, %v", link, err)
		}
		text, ours := strings.CutPrefix(link.URL, LinkPath)
		plain, err := base64.RawURLEncoding.DecodeString(text)
		if !ours || err != nil || bytes.Contains(plain, []byte("Rosalind")) {
			t.Errorf("the link %s shows the key, or is none: %v", link.URL, err)
		}
		links[use] = text
	}
	if got, err := b.Linked(ports.LinkRead, links[ports.LinkRead]); err != nil || got.Key != object.Key {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := b.Linked(ports.LinkWrite, links[ports.LinkWrite]); err != nil || got.Size != 7 || got.ContentType != object.ContentType || !bytes.Equal(got.SHA256, object.SHA256) {
		t.Errorf("%+v, %v", got, err)
	}
	invalid := func(use ports.LinkUse, text string) {
		t.Helper()
		if _, err := b.Linked(use, text); fault.CodeOf(err) != "link_not_found" {
			t.Errorf("%.10s…: got %v", text, err)
		}
	}
	invalid(ports.LinkWrite, links[ports.LinkRead])
	invalid(ports.LinkRead, links[ports.LinkWrite])
	for i := range links[ports.LinkRead] { // any changed character
		text := []byte(links[ports.LinkRead])
		text[i] ^= 1
		invalid(ports.LinkRead, string(text))
	}
	for _, text := range []string{"", "A", "../../etc/passwd", strings.Repeat("A", 100), links[ports.LinkRead] + "A", links[ports.LinkRead][1:]} {
		invalid(ports.LinkRead, text)
	}
	now = now.Add(5 * time.Minute)
	invalid(ports.LinkRead, links[ports.LinkRead])
}

// Whatever cannot be read, no error names it: keys may end in a patient's file name.
func TestErrorsDoNotNameWhatTheyAreAbout(t *testing.T) {
	folder := t.TempDir()
	b := opened(t, folder, time.Now)
	const key = "private/Rosalind.pdf"
	if _, err := b.Put(t.Context(), ports.Object{Key: key, Size: 1}, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	body, _, err := b.Get(t.Context(), key, ports.Span{})
	if err != nil {
		t.Fatal(err)
	}
	errs := []error{body.Close(), body.Close()}[1:]
	_, err = body.Read(make([]byte, 1))
	errs = append(errs, err)
	if err := errors.Join(os.Remove(filepath.Join(folder, key)), os.Symlink("/etc", filepath.Join(folder, key))); err != nil {
		t.Fatal(err)
	}
	_, err = b.Stat(t.Context(), key)
	errs = append(errs, err)
	_, _, err = b.Get(t.Context(), key, ports.Span{})
	for i, err := range append(errs, err) {
		if err == nil || strings.Contains(err.Error(), "Rosalind") {
			t.Errorf("%d: %v", i, err)
		}
	}
}
