package bootstrap

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"surgicase/test/given"
)

// TestRestoringWithoutTheRightKeys is about a backup on a new machine: its keys are in no backup.
func TestRestoringWithoutTheRightKeys(t *testing.T) {
	t.Parallel()
	storage, was := "file://"+t.TempDir(), t.TempDir()
	made := environment{"DATA_DIR": was, "LOG_LEVEL": "ERROR", "AUTH_MODE": "trusted", "STORAGE_URL": storage}
	someCases(t, made)
	if out, err := command(t, made, "backup"); err != nil {
		t.Fatal(out, err)
	}
	secret := func(name string) string {
		text, err := os.ReadFile(filepath.Join(was, "keys", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	keys := secret("surgicase-keys")
	signed := strings.TrimSpace(must(t, made, "backup", "keys"))
	machine := func(keys string) environment {
		env := environment{"DATA_DIR": filepath.Join(t.TempDir(), "data"), "SURGICASE_KEYS": keys, "SURGICASE_BACKUP_KEY": secret("surgicase-backup-key"), "BACKUP_VERIFY_KEYS": signed}
		for name, value := range made {
			if _, own := env[name]; !own {
				env[name] = value
			}
		}
		return env
	}
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		env := machine("")
		_, err := command(t, env, "restore")
		var faults ConfigFaults
		if !errors.As(err, &faults) || !strings.Contains(err.Error(), "SURGICASE_KEYS") || !strings.Contains(err.Error(), "surgicase-keys.json") {
			t.Errorf("got %v", err)
		}
		if left, err := os.ReadDir(env["DATA_DIR"]); err == nil {
			t.Errorf("something was begun: %v", left)
		}
		env["SURGICASE_KEYS"] = keys
		if _, err := command(t, env, "restore"); err != nil {
			t.Errorf("with the keys: %v", err)
		}
		if out, err := command(t, env, "check"); err != nil {
			t.Errorf("restored with the keys: %v\n%s", err, out)
		}
	})
	t.Run("others", func(t *testing.T) {
		t.Parallel()
		env := machine(given.KeySet(t))
		if _, err := command(t, env, "restore"); err == nil || !strings.Contains(err.Error(), "Everything was restored, but the key set") {
			t.Errorf("got %v", err)
		}
		if out, err := command(t, env, "check"); err == nil || !strings.Contains(out, "values cannot be read") {
			t.Errorf("check says %v\n%s", err, out)
		}
		right := maps.Clone(env)
		right["SURGICASE_KEYS"] = keys
		if out, err := command(t, right, "check"); err != nil {
			t.Errorf("with the keys in place: %v\n%s", err, out)
		}
	})
}
