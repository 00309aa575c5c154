package stored

import (
	"bytes"
	"testing"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/permission"
	"surgicase/test/given"
)

// entries are one with everything set and one with nothing that can be missing.
func entries() []*audit.Stored {
	full := audit.Entry{
		At: given.Morning, Actor: permission.Actor{
			User: "dr-a", Type: permission.Provider, Credential: "token:7", Mode: "oidc",
			RequestID: "req-1", Address: "192.0.2.1",
		},
		Action: permission.EditCase, Entity: "case", EntityID: "c-1", Fields: []string{"ins_provider", "patient"},
		Things: []string{"1", "2"}, Before: []byte{1, 2, 3}, After: []byte{4, 5}, Outcome: audit.Refused, Code: "not_allowed",
	}
	bare := audit.Entry{At: given.Morning.Add(time.Microsecond), Outcome: audit.Done}
	return []*audit.Stored{{ID: 7, Entry: full}, {ID: 9, Entry: bare}}
}

// noteChain notes the canonical text of entries through their seals, and the signatures of checkpoints and boundaries.
func noteChain(t *testing.T, note func(string, []byte)) {
	t.Helper()
	key, err := audit.NewChainKey(bytes.Repeat([]byte{1}, audit.ChainKeyLength))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := audit.NewSigner(bytes.Repeat([]byte{2}, audit.SeedLength))
	if err != nil {
		t.Fatal(err)
	}
	note("chain key: id", []byte(key.ID()))
	note("checkpoint key: id", []byte(signer.Public.ID()))
	plain, keyed := audit.NewChain(audit.Seal{}), audit.NewKeyedChain(audit.Seal{}, key)
	var last audit.Seal
	for i, name := range []string{"full", "bare"} {
		entry := entries()[i]
		last = plain.Seal(entry)
		note("seal of format 1: "+name+" entry", last.Hash)
		note("seal of format 2: "+name+" entry", keyed.Seal(entry).Hash)
	}
	joined := audit.NewKeyedChain(last, key)
	note("seal of format 2 after one of format 1", joined.Seal(entries()[0]).Hash)
	note("checkpoint: signature", signer.Checkpoint(last, given.Morning).Signature)
	note("boundary: signature", signer.Boundary(last, key, given.Morning).Signature)
	first := signer.Boundary(audit.Seal{}, key, given.Morning)
	note("boundary before the first seal: hash", first.Hash)
	note("boundary before the first seal: signature", first.Signature)
	note("audit digest", audit.Digest([]byte("case key"), "one", "", "three"))
}
