package bootstrap

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// check is typed anywhere, also by somebody who has mistaken the folder: it says what is missing and makes nothing.
func TestCheck_makesNothing(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]environment{
		"development":    {},
		"production":     {"HTTP_ADDR": "0.0.0.0:8000", "NPI_REGISTRY": "local"},
		"other folders":  {"DATABASE_URL": "sqlite://HERE/db/practice.db", "STORAGE_URL": "file://HERE/documents"},
		"a missing logo": {"REPORT_LOGO_PATH": "/no/such.png"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			here := t.TempDir()
			env := maps.Clone(env)
			maps.Copy(env, environment{"DATA_DIR": filepath.Join(here, "data"), "AUTH_MODE": "token", "LOG_LEVEL": "ERROR"})
			for variable := range env {
				env[variable] = strings.ReplaceAll(env[variable], "HERE", here)
			}
			out, _ := command(t, env, "check")
			wantWords(t, out, `key set +warning +there is no surgicase/keys yet: it is made when it is needed, the file .*surgicase-keys.json`,
				`checkpoint key +warning +there is no surgicase/checkpoint-key yet`, `backup key +warning +there is no surgicase/backup-key yet`,
				`database +warning +there is no database yet: serve makes it, the file .*\.db`, `storage +warning +there is no folder yet: serve makes it, .*`)
			if left := filesIn(t, here); len(left) > 0 {
				t.Errorf("check made %v\n%s", left, out)
			}
			if name == "a missing logo" {
				wantWords(t, out, `serve +PROBLEM +does not start: REPORT_LOGO_PATH names a file`)
			}
		})
	}
}

// An installation that waits for its first start is in order; a place that cannot be written to is not.
func TestCheck_freshFolder(t *testing.T) {
	t.Parallel()
	here := t.TempDir()
	env := environment{
		"DATA_DIR": filepath.Join(here, "data"), "DATABASE_URL": "sqlite://" + here + "/a/db/surgicase.db", "STORAGE_URL": "file://" + here + "/a/objects",
		"AUTH_MODE": "trusted", "LOG_LEVEL": "ERROR",
	}
	if out, err := command(t, env, "check"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(here, "a"), []byte("a file where a folder should be"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := command(t, env, "check")
	if err == nil {
		t.Error("a file in the way is no problem")
	}
	wantWords(t, out, `key set +PROBLEM +The database is not available`, `storage +PROBLEM +.*cannot be made`)
}

// What is there already is opened and left as it was: no key is made beside it.
func TestCheck_leavesWhatIsThere(t *testing.T) {
	t.Parallel()
	env := environment{"DATA_DIR": t.TempDir(), "AUTH_MODE": "trusted", "LOG_LEVEL": "ERROR", "STORAGE_URL": "file://" + t.TempDir()}
	must(t, env, "migrate", "up")
	keys := filepath.Join(env["DATA_DIR"], "keys")
	before := filesIn(t, keys)
	out := must(t, env, "check")
	wantWords(t, out, `key set +ok +from provider env`, `backup key +warning +there is no surgicase/backup-key yet`, `database +ok +sqlite answers`)
	if after := filesIn(t, keys); len(after) != len(before) {
		t.Errorf("the keys were %v and are %v", before, after)
	}
}

func filesIn(t *testing.T, folder string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if path != folder {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
