package bootstrap

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"surgicase/adapters/cli"
)

func TestStorageCopy(t *testing.T) {
	env := house(t)
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "new")
	for _, name := range []string{"a.pdf", "b.pdf"} {
		if err := os.WriteFile(filepath.Join(from, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env["OLD"] = "file://" + from
	if said := must(t, env, "storage", "copy", "env:OLD", "file://"+to); said != "2 objects: 2 copied (10 bytes), 0 the same already, 0 removed meanwhile; every checksum holds\n" {
		t.Errorf("said %q", said)
	}
	again := must(t, env, "storage", "copy", "env:OLD", "file://"+to, "--json")
	if !json.Valid([]byte(again)) || !regexp.MustCompile(`"complete": true,\s+"objects": 2,\s+"copied": 0,\s+"same": 2,`).MatchString(again) {
		t.Errorf("as JSON: %s", again)
	}
}

func TestStorageSetup(t *testing.T) {
	env := house(t)
	folder := filepath.Join(t.TempDir(), "objects")
	env["STORAGE_URL"] = "file://" + folder
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if said := must(t, env, "storage", "setup"); !strings.Contains(said, "permissions: differs (1 folders and files are open to others)") || !strings.HasSuffix(said, "nothing was changed; --apply sets it up\n") {
		t.Errorf("without a yes: %s", said)
	}
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("without a yes: %v, %v", info.Mode(), err)
	}
	if said := must(t, env, "storage", "setup", "--json"); !strings.Contains(said, `"name": "permissions",
    "state": "differs"`) {
		t.Errorf("storage setup --json says %q", said)
	}
	if said := must(t, env, "storage", "setup", "--apply"); !strings.Contains(said, "after setting it up:\npermissions: fine") {
		t.Errorf("with it: %s", said)
	}
	if said := must(t, env, "storage", "setup", "--apply"); !strings.HasSuffix(said, "nothing to do\n") {
		t.Errorf("again: %s", said)
	}
}

func TestStorageCopyIsWrongUsage(t *testing.T) {
	env := house(t)
	folder := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(folder, link); err != nil {
		t.Fatal(err)
	}
	for what, is := range map[string]struct{ from, to, says string }{
		"no source":                 {"file://" + folder + "/none", "file://" + t.TempDir(), "names no folder"},
		"the same":                  {"file://" + folder, "file://" + folder + "/", "the same storage"},
		"one in the other":          {"file://" + folder, "file://" + folder + "/below/new", "the same storage"},
		"one in the other, by link": {"file://" + link + "/x", "file://" + folder, "the same storage"},
		"no URL":                    {"folder", "file://" + folder, "FROM holds"},
		"a variable that is not":    {"file://" + folder, "env:NONE", "no NONE"},
		"a key":                     {"file://" + folder, "minio://me:s3cret@host", "TO holds"},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := command(t, env, "storage", "copy", is.from, is.to)
			if !errors.Is(err, cli.ErrUsage) || !strings.Contains(err.Error(), is.says) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := os.Stat(folder + "/none"); err == nil {
		t.Error("a source was made")
	}
}
