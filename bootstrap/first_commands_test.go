package bootstrap

import (
	"strings"
	"testing"

	"surgicase/test/given"
)

// firstCommands are what somebody may type before any other, with whether it has to end well.
var firstCommands = []struct {
	line string
	ok   bool
}{
	{"user create --id ada --type 999 --email ada@example.com --first Ada --last Admin", true},
	{"token list --user ada", false}, // there is no such user
	{"keys status", true},
	{"job list", true},
	{"job run audit_verify", false}, // nothing is signed yet
	{"backup", true},
	{"audit export --out trail.jsonl", false},
	{"audit verify", false},
	{"audit checkpoint", false}, // nothing is sealed yet
	{"permissions explain --user ada --action case.read", false},
	{"npi rejected --file 1", false},
	{"import-reference --dry-run", false},
}

// A command on a fresh folder makes the schema it needs. None ends with the words of a database.
func TestCommandsBeforeMigrateUp_SQLite(t *testing.T) {
	t.Parallel()
	for _, first := range firstCommands {
		t.Run(first.line, func(t *testing.T) {
			t.Parallel()
			env := environment{"DATA_DIR": t.TempDir(), "AUTH_MODE": "token", "LOG_LEVEL": "ERROR"}
			out, err := command(t, env, strings.Fields(first.line)...)
			if first.ok && err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			if err != nil && (strings.Contains(sentence(err), "no such table") || strings.Contains(sentence(err), "SQL")) {
				t.Errorf("the answer is of the database: %s", sentence(err))
			}
		})
	}
}

// On MySQL nobody migrates in passing: the one line names the command.
func TestCommandsBeforeMigrateUp_MySQL(t *testing.T) {
	t.Parallel()
	server := given.StartMariaDB(t)
	env := environment{
		"DATA_DIR": t.TempDir(), "AUTH_MODE": "token", "LOG_LEVEL": "ERROR", "DATABASE_URL": server.Database(t), "SURGICASE_KEYS": given.KeySet(t),
		"BACKUP_RECIPIENT": "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
	}
	for _, line := range []string{"user create --id ada --type 999 --email ada@example.com --first Ada --last Admin", "keys status", "job list", "job run audit_verify", "backup", "audit verify"} {
		_, err := command(t, env, strings.Fields(line)...)
		if err == nil {
			t.Errorf("%s: done, on a database without a schema", line)
			continue
		}
		if text := sentence(err); !strings.Contains(text, "surgicase migrate up") || strings.Contains(text, "\n") || strings.Contains(text, "1146") {
			t.Errorf("%s: %s", line, text)
		}
	}
}

func TestMigrateDownWantsAWord(t *testing.T) {
	t.Parallel()
	env := environment{"DATA_DIR": t.TempDir(), "AUTH_MODE": "token", "LOG_LEVEL": "ERROR"}
	must(t, env, "migrate", "up")
	before := must(t, env, "migrate", "status")
	_, err := command(t, env, "migrate", "down")
	if err == nil || !isUsage(err) || !strings.Contains(err.Error(), "surgicase backup") || !strings.Contains(err.Error(), "--yes") {
		t.Errorf("without --yes: %v", err)
	}
	if after := must(t, env, "migrate", "status"); after != before {
		t.Errorf("the refusal changed something: %s", after)
	}
	must(t, env, "migrate", "down", "--yes", "--without-backup")
	if after := must(t, env, "migrate", "status"); after == before {
		t.Error("--yes --without-backup took nothing back")
	}
}
