package cli

import (
	"bytes"
	"testing"

	"surgicase/application/backups"
)

func TestABackupIsToldInLines(t *testing.T) {
	var out bytes.Buffer
	b := backupBar{newBar(&out)}
	for _, p := range []backups.Progress{
		{Step: backups.TakingOut, Done: 0, Of: 20, Rows: 1000},
		{Step: backups.TakingOut, Done: 1, Of: 20, Rows: 2000},
		{Step: backups.TakingOut, Done: 20, Of: 20, Rows: 2500},
		{Step: backups.PuttingIn, Done: 300, Of: 1000, Rows: 1000},
		{Step: backups.PuttingIn, Done: 1000, Of: 1000, Rows: 2500},
		{Step: backups.Comparing, Done: 20, Of: 20, Rows: 2500},
		{Step: backups.Verifying, Done: 7, Of: 7},
		{Step: backups.Finding, Done: 1000},
	} {
		b.tell(p)
	}
	want := `backing up: 0 %, 0 of 20 tables, 1000 rows
backing up: 100 %, 20 of 20 tables, 2500 rows
restoring: 30 %, 1000 rows restored
restoring: 100 %, 2500 rows restored
comparing: 100 %, 20 of 20 tables, 2500 rows
verifying: 100 %, 7 of 7 entries of the audit trail
`
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
}
