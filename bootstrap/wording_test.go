package bootstrap

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"surgicase/domain/ident"
	"surgicase/domain/pay"
)

// TestWhatACommandSaysLeadsOn looks at messages of commands that were no help.
func TestWhatACommandSaysLeadsOn(t *testing.T) {
	t.Parallel()
	env := house(t)
	wrong := filepath.Join(t.TempDir(), "prices.csv")
	if err := os.WriteFile(wrong, []byte("user_tier,procedure_code\n1,Z1001\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for says, args := range map[string][]string{
		"There is no backup backups/none; `surgicase backup list` shows those that there are.":     {"backup", "verify", "backups/none"},
		"There is no backup backups/gone; `surgicase backup list` shows those that there are.":     {"restore", "backups/gone"},
		"prices.csv: column 1 of the header is none of the V2 layout. Load a file of NPPES as CMS": {"npi", "import", wrong},
		"--user is not an active user": {"token", "create", "--user", "nobody", "--name", "n", "--scopes", "admin"},
	} {
		if _, err := command(t, env, args...); err == nil || !strings.Contains(sentence(err), says) {
			t.Errorf("%s: %v", strings.Join(args, " "), err)
		}
	}
	for _, use := range []string{"import", "preview"} {
		if help := must(t, env, "pay", use, "--help"); !strings.Contains(help, "surgicase pay "+use+" prices.csv") {
			t.Errorf("the example of pay %s is that of another command: %s", use, help)
		}
	}
}

// Who excludes an account sees the demonstration all the same: it is made as if nobody were excluded.
func TestTheDemonstrationWithAnExcludedAccount(t *testing.T) {
	t.Parallel()
	running, err := Open(context.Background(), environment{"DATA_DIR": t.TempDir(), "AUTH_MODE": "trusted", "LOG_LEVEL": "ERROR"}, Parts{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = running.Close() }()
	if err := fillDemo(context.Background(), running.Store, randomIDs{}, pay.Rules{PayDay: time.Friday, Excluded: []ident.UserID{"demo-provider"}}); err != nil {
		t.Error(err)
	}
}
