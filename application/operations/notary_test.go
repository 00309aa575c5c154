package operations_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"surgicase/adapters/auditfile"
	"surgicase/application/operations"
	"surgicase/domain/audit"
	"surgicase/domain/fault"
)

// notary makes a notary that keeps its checkpoints in a folder.
func (h *house) notary(s *operations.Sealer) (*operations.Notary, auditfile.Folder) {
	h.Helper()
	secret, err := operations.NewCheckpointKey(h.ids)
	if err != nil {
		h.Fatal(err)
	}
	signer, keys, err := operations.ReadCheckpointKey(secret)
	if err != nil || len(keys) != 1 {
		h.Fatal(keys, err)
	}
	dir := auditfile.Folder(h.TempDir())
	return operations.NewNotary(s, h.store, h.clock, &h.events, operations.Desk{Signer: signer, Deposit: dir.Keep}), dir
}

func (h *house) kept(dir auditfile.Folder) []audit.Checkpoint {
	h.Helper()
	kept, err := dir.Checkpoints()
	if err != nil {
		h.Fatal(err)
	}
	return kept
}

func TestANotarySignsDailyAndAtTheEnd(t *testing.T) {
	everywhere(t, func(h *house) {
		n, dir := h.notary(h.sealer())
		work := func(want int) {
			h.Helper()
			if err := n.Work(h.Context()); err != nil {
				h.Fatal(err)
			}
			if got := h.kept(dir); len(got) != want {
				h.Fatalf("%d checkpoints, want %d", len(got), want)
			}
		}
		work(0) // there is nothing to sign
		h.record(5)
		work(1)
		h.record(5)
		work(1)
		h.clock.Advance(24 * time.Hour)
		work(2)
		again, elsewhere := h.notary(h.sealer()) // another instance, or the same after a restart
		if err := errors.Join(again.Work(h.Context()), again.Finish(h.Context())); err != nil || len(h.kept(elsewhere)) > 0 {
			h.Fatalf("signed twice on one day: %v, %v", h.kept(elsewhere), err)
		}
		h.record(1)
		for range 2 {
			if err := n.Finish(h.Context()); err != nil {
				h.Fatal(err)
			}
			if got := h.kept(dir); len(got) != 3 {
				h.Fatalf("%d checkpoints after the end, want 3", len(got))
			}
		}
		if report := h.verified(11, 0); report.Checkpoints != 3 || report.Unproven != 3 {
			h.Errorf("%+v", report)
		}
	})
}

func TestACheckpointThatCannotBeKeptIsAFault(t *testing.T) {
	everywhere(t, func(h *house) {
		s := h.sealer()
		good, _ := h.notary(s)
		_, err := good.Sign(h.Context())
		if fault.CodeOf(err) != "nothing_sealed" {
			h.Errorf("an empty trail was signed: %v", err)
		}
		h.record(1)
		secret, _ := operations.NewCheckpointKey(h.ids)
		signer, _, _ := operations.ReadCheckpointKey(secret)
		file := h.TempDir() + "/file"
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			h.Fatal(err)
		}
		bad := operations.NewNotary(s, h.store, h.clock, &h.events, operations.Desk{Signer: signer, Deposit: auditfile.Folder(file).Keep})
		if err := bad.Work(h.Context()); fault.CodeOf(err) != "checkpoint_unwritable" {
			h.Errorf("got %v", err)
		}
		if err := bad.Work(h.Context()); err != nil {
			h.Errorf("it complains again: %v", err) // the row is there; the next is made tomorrow
		}
		if got := strings.Join(h.events.names, ", "); got != "audit.checkpoint false" {
			h.Errorf("events: %s", got)
		}
	})
}

func TestTheCheckpointKey(t *testing.T) {
	for name, secret := range map[string]string{
		"nothing": "", "text": "secret", "no seed": "{}", "short": `{"seed": "MTIz"}`, "former": `{"seed": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "former_public_keys": ["MTIz"]}`,
	} {
		if _, _, err := operations.ReadCheckpointKey([]byte(secret)); fault.CodeOf(err) != "checkpoint_key_invalid" {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, keys, err := operations.ReadCheckpointKey([]byte(`{"seed": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "former_public_keys": ["8jkWr8ilPNI/ccP1ivkAlmwJrQ4RkiVK/bGzmA8ZF88="]}`))
	if err != nil || len(keys) != 2 || keys[1].ID() != "7d27a4e42b48f809" {
		t.Error(keys, err)
	}
}
