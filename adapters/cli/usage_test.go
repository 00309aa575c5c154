package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/job"
)

// What is wrong with the words of a command line is said in plain words, and near misses with what may be meant.
func TestUsage_wrongWords(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"user create --type 5x":                   `invalid argument "5x" for "--type" flag: a whole number is needed`,
		"user create --type 99999999999999999999": `for "--type" flag: the number is too large`,
		"keys rotate --wait soon":                 `invalid argument "soon" for "--wait" flag`,
		"chekc":                                   `there is no command "chekc"; did you mean "check"?`,
		"audit verfy":                             `there is no command "verfy"; did you mean "verify"?`,
		"backup verfy":                            `there is no command "verfy"; did you mean "verify"?`,
		"permissions explian a b":                 `there is no command "explian"; did you mean "explain"?`,
		"backup nonsense":                         `there is no command "nonsense"`,
		"version 1":                               `unknown command "1" for "surgicase version"`,
		"token create --scpoes admin":             `unknown flag: --scpoes; did you mean --scopes?`,
		"migrate down --yess":                     `unknown flag: --yess; did you mean --yes?`,
		"check -json":                             `unknown shorthand flag: 'j' in -json; did you mean --json?`,
		"check --nothing-like-it":                 `unknown flag: --nothing-like-it`,
		"check --json=perhaps":                    `invalid argument "perhaps" for "--json" flag: true or false is needed`,
		"pay import nowhere.csv":                  `nowhere.csv: file not found`,
		"codes import nowhere.csv":                `nowhere.csv: file not found`,
		"npi import nowhere.csv":                  `nowhere.csv: file not found`,
	} {
		_, _, err := run(&auditor{}, strings.Fields(line)...)
		if !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
			continue
		}
		text := err.Error()
		if strings.Contains(text, "strconv") || strings.Contains(text, "time:") || strings.Contains(text, "did you mean") != strings.Contains(want, "did you mean") {
			t.Errorf("%s: %s", line, text)
		}
		if strings.Contains(want, "file not found") && strings.Contains(text, "wrong usage") {
			t.Errorf("%s: a missing file is called wrong usage: %s", line, text)
		}
	}
}

func TestFileError(t *testing.T) {
	t.Parallel()
	for cause, want := range map[error]string{fs.ErrNotExist: "f: file not found", fs.ErrPermission: "f: permission denied", errors.New("broken"): "f: broken"} {
		if err := FileError("f", cause); !errors.Is(err, ErrUsage) || err.Error() != want {
			t.Errorf("%v became %v", cause, err)
		}
	}
}

// worker is a Program of which only jobs are asked.
type worker struct {
	Program
	run job.Run
	err error
}

func (w worker) RunJob(context.Context, string) (job.Run, error)    { return w.run, w.err }
func (w worker) PreviewJob(context.Context, string) (string, error) { return "would open a run", w.err }

// What a program asks for comes as JSON, also where the answer is bad news.
func TestJSON_ofCommandsWithoutATable(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	done := job.Run{ID: 7, Job: "backup", State: job.Done, StartedAt: at, FinishedAt: at.Add(time.Second), Outcome: "stored"}
	failed := job.Run{ID: 8, Job: "backup", State: job.Failed, StartedAt: at, Outcome: "full"}
	sound := audit.Report{Last: audit.Seal{Seq: 5, Entry: 6, Hash: []byte{0xab}}, Checkpoints: 2, Keyed: 3, Missing: 2, MissingIDs: []audit.IDRange{{From: 2, To: 3}}}
	broken := &audit.Broken{Why: audit.Edited, Seq: 5, Entry: 6, Text: "it was changed"}
	for _, x := range []struct {
		line string
		p    Program
		ok   bool
		want string
	}{
		{"version --json", &auditor{}, true, `{"version":"test"}`},
		{"audit verify --json", &auditor{report: sound}, true, `{"checkpoints":2,"checkpoints_unchecked":0,"keyed":3,"keyed_unchecked":0,` +
			`"last_entry":6,"last_hash":"ab","missing":2,"missing_ids":[{"from":2,"to":3}],"sealed":5,"sound":true,"unsealed":0}`},
		{"audit verify --json", &auditor{}, true, `{"checkpoints":0,"checkpoints_unchecked":0,"keyed":0,"keyed_unchecked":0,` +
			`"last_entry":null,"last_hash":"","missing":0,"missing_ids":[],"sealed":0,"sound":true,"unsealed":0}`},
		{"audit verify --json", &auditor{err: broken}, false, `{"broken":{"detail":"it was changed","entry":6,"seal":5,"why":"edited"},"sound":false}`},
		{"audit verify --json", &auditor{err: errors.New("away")}, false, ""},
		{
			"job run backup --json",
			worker{run: done},
			true,
			`{"finished_at":"2026-11-30T08:00:01Z","job":"backup","outcome":"stored","run_id":7,"started_at":"2026-11-30T08:00:00Z","state":"done"}`,
		},
		{
			"job run backup --json",
			worker{run: failed},
			false,
			`{"finished_at":null,"job":"backup","outcome":"full","run_id":8,"started_at":"2026-11-30T08:00:00Z","state":"failed"}`,
		},
		{"job run backup --json --dry-run", worker{}, true, `{"dry_run":true,"job":"backup","outcome":"would open a run"}`},
		{"job run backup --json", worker{err: errors.New("away")}, false, ""},
		{"job run backup --json --dry-run", worker{err: errors.New("away")}, false, ""},
	} {
		out, _, err := run(x.p, strings.Fields(x.line)...)
		if (err == nil) != x.ok {
			t.Errorf("%s: %v", x.line, err)
		}
		if x.want == "" && out == "" {
			continue
		}
		var got any
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Errorf("%s: %v in %q", x.line, err, out)
			continue
		}
		if compact, _ := json.Marshal(got); string(compact) != x.want {
			t.Errorf("%s: %s, want %s", x.line, compact, x.want)
		}
	}
}

func TestVersion_asAFlag(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"version", "--version"} {
		if out, _, err := run(&auditor{}, line); err != nil || out != "test\n" {
			t.Errorf("%s: %q, %v", line, out, err)
		}
	}
}
