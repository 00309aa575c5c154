package audit

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"surgicase/domain/fault"
)

// Checkpoint is a signed statement of how far the chain had come. Kept where whoever can write to the
// database cannot reach it, it finds what the chain alone cannot: a cut tail, and a chain that was made
// anew from some entry on.
type Checkpoint struct {
	Seal
	At        time.Time
	KeyID     string // of the key that signed it
	Signature []byte

	// Begins makes it a boundary: every seal after it is of format 2, with the chain key of this id. A
	// boundary before the first seal has the number 0.
	Begins string
}

// statement is what is signed.
func (c Checkpoint) statement() []byte {
	format := "SurgiCase audit checkpoint, format 1"
	if c.Begins != "" {
		format = "SurgiCase audit checkpoint, format 2"
	}
	to := text(nil, format)
	to = number(to, c.Seq)
	to = number(to, c.Entry)
	to = text(to, string(c.Hash))
	to = number(to, c.At.UnixMicro())
	to = text(to, c.KeyID)
	if c.Begins != "" {
		to = text(to, c.Begins)
	}
	return to
}

// SeedLength is the length of the secret a Signer is made of, in bytes.
const SeedLength = ed25519.SeedSize

// Signer makes checkpoints. It holds its key in a closure, so that printing it shows an address.
type Signer struct {
	Public PublicKey
	sign   func([]byte) []byte
}

// NewSigner makes a signer from its secret. Invalid "checkpoint_key_invalid" if that has not 32 bytes.
func NewSigner(seed []byte) (Signer, error) {
	if len(seed) != SeedLength {
		return Signer{}, fault.New(fault.Invalid, "checkpoint_key_invalid", "the checkpoint key must have %d bytes", SeedLength)
	}
	private := ed25519.NewKeyFromSeed(seed)
	public, _ := private.Public().(ed25519.PublicKey)
	return Signer{Public: PublicKey(public), sign: func(m []byte) []byte { return ed25519.Sign(private, m) }}, nil
}

// Sign returns the signature of a text. The text must begin with what it is about, so that it is never taken for another.
func (s Signer) Sign(text []byte) []byte { return s.sign(text) }

// Checkpoint signs that the chain ended with this seal at this time.
func (s Signer) Checkpoint(last Seal, at time.Time) Checkpoint {
	last.ChainKey = ""
	c := Checkpoint{Seal: last, At: at, KeyID: s.Public.ID()}
	c.Signature = s.sign(c.statement())
	return c
}

// Boundary signs that the chain goes on after this seal, which may be the zero Seal, in format 2 with a key.
func (s Signer) Boundary(last Seal, key ChainKey, at time.Time) Checkpoint {
	if last.Seq == 0 {
		last.Hash = genesis[:]
	}
	last.ChainKey = ""
	c := Checkpoint{Seal: last, At: at, KeyID: s.Public.ID(), Begins: key.ID()}
	c.Signature = s.sign(c.statement())
	return c
}

// PublicKey checks the signatures of checkpoints.
type PublicKey []byte

// ParsePublicKey checks the length. Invalid "checkpoint_key_invalid".
func ParsePublicKey(raw []byte) (PublicKey, error) {
	if len(raw) != ed25519.PublicKeySize {
		return nil, fault.New(fault.Invalid, "checkpoint_key_invalid", "a public key must have %d bytes", ed25519.PublicKeySize)
	}
	return PublicKey(raw), nil
}

// ID names the key: the first bytes of its SHA-256.
func (k PublicKey) ID() string {
	sum := sha256.Sum256(k)
	return hex.EncodeToString(sum[:8])
}

// Verify reports whether the key made the signature of a text.
func (k PublicKey) Verify(text, signature []byte) bool {
	return len(k) == ed25519.PublicKeySize && ed25519.Verify(ed25519.PublicKey(k), text, signature)
}

// signed says whether one of the keys made the signature.
func (c Checkpoint) signed(keys []PublicKey) bool {
	for _, k := range keys {
		if k.ID() == c.KeyID && k.Verify(c.statement(), c.Signature) {
			return true
		}
	}
	return false
}
