package bootstrap

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"surgicase/test/given"
)

// TestServe_lostKeys is about an installation whose keys are gone (M10).
func TestServe_lostKeys(t *testing.T) {
	t.Parallel()
	serve := func(t *testing.T, dir string, lost ...string) (string, error) {
		t.Helper()
		for _, name := range lost {
			if err := os.Remove(filepath.Join(dir, "keys", name)); err != nil {
				t.Fatal(err)
			}
		}
		env := environment{"DATA_DIR": dir, "LOG_LEVEL": "ERROR", "AUTH_MODE": "trusted", "HTTP_ADDR": "127.0.0.1:0"}
		return command(t, env, "serve")
	}
	for _, lost := range [][]string{
		{"surgicase-keys.json"},
		{"surgicase-checkpoint-key.json"},
		{"surgicase-keys.json", "surgicase-checkpoint-key.json", "surgicase-link-key.json", "surgicase-backup-key.json"},
	} {
		t.Run(strings.Join(lost, " "), func(t *testing.T) {
			t.Parallel()
			dir := given.Release6d206b5(t)
			_, err := serve(t, dir, lost...)
			var faults ConfigFaults
			if !errors.As(err, &faults) || len(faults) != 1 || strings.Contains(faults[0], "\n") {
				t.Fatalf("serve ended with %v, want one line and exit code 2", err)
			}
			for _, name := range lost {
				if _, err := os.Stat(filepath.Join(dir, "keys", name)); err == nil {
					t.Errorf("%s was made beside existing data", name)
				}
			}
		})
	}
	t.Run("another key set", func(t *testing.T) {
		t.Parallel()
		dir := given.Release6d206b5(t)
		if err := os.WriteFile(filepath.Join(dir, "keys", "surgicase-keys.json"), []byte(given.KeySet(t)), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := serve(t, dir)
		var faults ConfigFaults
		if !errors.As(err, &faults) || len(faults) != 1 || !strings.Contains(faults[0], "3977861911") {
			t.Errorf("serve ended with %v, want one line naming the key", err)
		}
	})
	t.Run("an audit log without encrypted values", func(t *testing.T) {
		t.Parallel()
		env := house(t)
		if err := os.RemoveAll(filepath.Join(env["DATA_DIR"], "keys")); err != nil {
			t.Fatal(err)
		}
		_, err := command(t, env, "keys", "status")
		var faults ConfigFaults
		if !errors.As(err, &faults) {
			t.Errorf("a key set was made beside an audit log: %v", err)
		}
	})
}

// TestBackup_lostKeys: neither a key of backups nor one of their signatures is made beside those that were made with it.
func TestBackup_lostKeys(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"surgicase-backup-key.json", "surgicase-backup-signing-key.json"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := house(t)
			must(t, env, "backup")
			file := filepath.Join(env["DATA_DIR"], "keys", name)
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			_, err := command(t, env, "backup")
			var faults ConfigFaults
			if !errors.As(err, &faults) || len(faults) != 1 || !strings.Contains(faults[0], "No new key") {
				t.Errorf("backup ended with %v, want one line and exit code 2", err)
			}
			if _, err := os.Stat(file); err == nil {
				t.Error("a key was made")
			}
		})
	}
}

// TestPrivateFiles is about files that others on the machine could read.
func TestPrivateFiles(t *testing.T) {
	t.Parallel()
	dir := given.Release6d206b5(t)
	loose := []string{"surgicase.db", "keys/surgicase-keys.json", "checkpoints", "keys", "objects"}
	for _, name := range loose {
		if err := os.Chmod(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	c, err := LoadConfig(environment{"DATA_DIR": dir, "AUTH_MODE": "trusted"}, true)
	if err != nil {
		t.Fatal(err)
	}
	c.keepPrivate()
	r, err := Open(t.Context(), map[string]string{"DATA_DIR": dir, "AUTH_MODE": "trusted", "LOG_LEVEL": "ERROR"}, Parts{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	for _, name := range append(loose, "surgicase.db-wal", "surgicase.db-shm") {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %o", name, info.Mode().Perm())
		}
	}
}
