package docs

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// command runs a line of a shell, with the program on its path, in an empty folder.
func command(t *testing.T, line string) (code int, stdout, stderr string) {
	t.Helper()
	return commandIn(t, t.TempDir(), line)
}

func commandIn(t *testing.T, folder, line string) (code int, stdout, stderr string) {
	t.Helper()
	run := exec.CommandContext(t.Context(), "sh", "-c", line)
	run.Dir = folder
	run.Env = append(os.Environ(), "AUTH_MODE=trusted", "PATH="+filepath.Dir(program(t))+":"+os.Getenv("PATH"))
	var out, said strings.Builder
	run.Stdout, run.Stderr = &out, &said
	if err := run.Run(); err != nil && run.ProcessState == nil {
		t.Fatal(err)
	}
	return run.ProcessState.ExitCode(), out.String(), said.String()
}

// TestExitCodesAreTheDocumentedOnes runs the examples of docs/operating.md.
func TestExitCodesAreTheDocumentedOnes(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "<!-- exit codes:")
	table, _, _ := strings.Cut(rest, "\n## ")
	rows := regexp.MustCompile("(?m)^\\| (\\d+) \\|.*\\| `(surgicase [^`]+)` \\|$").FindAllStringSubmatch(table, -1)
	if len(rows) != 3 {
		t.Fatalf("%d rows with an example in the table of exit codes, want 3", len(rows))
	}
	for _, row := range rows {
		if code, _, said := command(t, row[2]); strconv.Itoa(code) != row[1] {
			t.Errorf("%s: exit code %d, the page says %s: %s", row[2], code, row[1], said)
		}
	}
}

// TestWrongWordsAreWrongUsage looks at what a command line can get wrong.
func TestWrongWordsAreWrongUsage(t *testing.T) {
	t.Parallel()
	for line, part := range map[string]string{
		"surgicase frobnicate":                      `there is no command "frobnicate"`,
		"surgicase keys polish":                     "surgicase keys --help",
		"surgicase serve now":                       "surgicase serve --help",
		"surgicase serve --quickly":                 "--quickly",
		"surgicase token list":                      `"user" not set`,
		"surgicase pay import":                      "surgicase pay import --help",
		"surgicase codes import no-such.csv":        "no-such.csv",
		"DATABASE_URL=postgres://x surgicase check": "DATABASE_URL",
	} {
		code, out, said := command(t, line)
		if code != 2 || !strings.Contains(said, part) || out != "" {
			t.Errorf("%s: exit code %d, it says %q and prints %q; want 2 and %q", line, code, said, out, part)
		}
	}
}

// TestTablesComeAsJSONToo asks for every table as JSON.
func TestTablesComeAsJSONToo(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	begin := `surgicase migrate up && surgicase user create --id ada --type 999 --email ada@example.com --first Ada --last Admin &&
surgicase token create --user ada --name laptop --scopes admin && printf 'user_tier,procedure_code,code_pay_amount,code_category\n1,Z1001,10,A\n' >prices.csv`
	if code, _, said := commandIn(t, home, begin); code != 0 {
		t.Fatalf("exit code %d: %s", code, said)
	}
	for line, member := range map[string]string{
		"surgicase migrate status":                    `"applied": true`,
		"surgicase check":                             `"what": "configuration"`,
		"surgicase permissions":                       `"own_from": 1`,
		"surgicase permissions explain ada case.move": `"answers": [`,
		"surgicase job list":                          `"last": null`,
		"surgicase keys status":                       `"state": "primary"`,
		"surgicase backup list":                       `[]`,
		"surgicase token list --user ada":             `"last_used": null`,
		"surgicase pay preview prices.csv":            `"total": 0.00`,
	} {
		code, out, said := commandIn(t, home, line+" --json")
		if code != 0 || !json.Valid([]byte(out)) || !strings.Contains(out, member) {
			t.Errorf("%s --json: exit code %d, %s without %s: %s", line, code, out, member, said)
		}
	}
}
