package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"surgicase/application/operations"
)

var states = []operations.RotationState{
	{Step: operations.KeyAdded, Key: 7},
	{Step: operations.Waiting, Key: 7, Left: 30 * time.Second},
	{Step: operations.Waiting, Key: 7, Left: 15 * time.Second},
	{Step: operations.KeyPromoted, Key: 7},
	{Step: operations.Encrypting, Key: 7, Done: 50, Of: 1000},
	{Step: operations.Encrypting, Key: 7, Done: 99, Of: 1000},
	{Step: operations.Encrypting, Key: 7, Done: 500, Of: 1000},
	{Step: operations.Encrypting, Key: 7, Done: 1001, Of: 1000, Last: true},
}

func shown(terminal bool) string {
	var out bytes.Buffer
	r := newRotation(&out)
	r.terminal = terminal
	for _, s := range states {
		r.tell(s)
	}
	r.end()
	return out.String()
}

func TestARotationIsToldInLines(t *testing.T) {
	want := `adding the key 7; it only reads until every server has it
waiting 30s until every server has heard
making 7 the primary key
encrypting: 5 %, 50 of 1000 values
encrypting: 50 %, 500 of 1000 values
encrypting: 100 %, 1001 of 1001 values
`
	if got := shown(false); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestARotationIsABarOnATerminal(t *testing.T) {
	got := strings.ReplaceAll(strings.ReplaceAll(shown(true), "\x1b[K", ""), "\r", "↵")
	want := `adding the key 7; it only reads until every server has it
↵waiting 30s until every server has heard↵waiting 15s until every server has heard
making 7 the primary key
↵[##......................................]   5 %  50 of 1000 values↵[###.....................................]   9 %  99 of 1000 values` +
		`↵[####################....................]  50 %  500 of 1000 values↵[########################################] 100 %  1001 of 1001 values
`
	if got != want {
		t.Errorf("got\n%s", got)
	}
}
