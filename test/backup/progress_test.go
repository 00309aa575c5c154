package backup_test

import (
	"context"
	"slices"
	"testing"

	"surgicase/application/backups"
	"surgicase/domain/audit"
	"surgicase/domain/permission"
	"surgicase/ports"
)

func TestBackupsTellHowFarTheyAre(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	store := h.store("sqlite")
	const entries = 2500
	err := store.InTx(t.Context(), func(ctx context.Context, r ports.Repos) error {
		return r.Audit.Record(ctx, slices.Repeat([]audit.Entry{audit.Record(operator, permission.EditCase, "case", "c-1", h.clock.Now())}, entries)...)
	})
	if err != nil {
		t.Fatal(err)
	}
	var made backups.Backup
	for _, c := range []struct {
		steps []backups.Step
		do    func(*backups.Service) error
	}{
		{[]backups.Step{backups.TakingOut}, func(s *backups.Service) (err error) { made, err = s.Make(t.Context(), operator); return err }},
		{[]backups.Step{backups.PuttingIn, backups.Comparing}, func(s *backups.Service) error {
			_, err := s.Verify(t.Context(), operator, made.Key, h.store("sqlite"), nil)
			return err
		}},
	} {
		var told []backups.Progress
		if err := c.do(h.service(store).Telling(func(p backups.Progress) { told = append(told, p) })); err != nil {
			t.Fatal(err)
		}
		for _, step := range c.steps {
			of := slices.DeleteFunc(slices.Clone(told), func(p backups.Progress) bool { return p.Step != step })
			if len(of) < 3 || of[0].Rows != 1000 || (step != backups.PuttingIn && of[0].Done >= of[0].Of) { // so little is read at once
				t.Fatalf("%s: %+v", step, of)
			}
			if last := of[len(of)-1]; last.Done != last.Of || last.Rows < entries {
				t.Errorf("%s ends with %+v", step, last)
			}
		}
	}
}
