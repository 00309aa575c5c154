package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"surgicase/domain/fault"
)

// Stored is an entry as the store holds it. Fields and Things are the stored texts split at their
// commas; a thing that is stored as NULL is nil, so that NULL and empty stay apart.
type Stored struct {
	ID int64
	Entry
}

// Seal binds an entry to everything that was sealed before it. Seals are numbered without gaps in the
// order in which entries were found committed; ids of entries may have gaps and may come late.
// Source: spec/decisions.md 9.3.
type Seal struct {
	Seq      int64
	Entry    int64
	Hash     []byte
	ChainKey string // id of the key of format 2, empty in format 1
}

// Link is one piece of a trail that is read from its beginning: a seal with its entry, nil if that is
// gone, or an entry that was not sealed yet.
type Link struct {
	Sealed bool
	Seal   Seal
	Entry  *Stored
}

// genesis stands before the first seal and names the format: what the hash covers and in which form.
var genesis = sha256.Sum256([]byte("SurgiCase audit chain, format 1"))

// ChainKeyLength is the length of the secret of a ChainKey, in bytes.
const ChainKeyLength = 32

// ChainKey is the key of chains in format 2: without it nobody who can write to the database can make a
// chain anew. It holds its secret in a closure, so that printing it shows an address.
type ChainKey struct {
	id  string
	mac func([]byte) []byte
}

// NewChainKey returns the key of a secret. Invalid "chain_key_invalid" if that has not 32 bytes.
func NewChainKey(secret []byte) (ChainKey, error) {
	if len(secret) != ChainKeyLength {
		return ChainKey{}, fault.New(fault.Invalid, "chain_key_invalid", "the chain key must have %d bytes", ChainKeyLength)
	}
	id := sha256.Sum256(append([]byte("SurgiCase audit chain key"), secret...))
	return ChainKey{id: hex.EncodeToString(id[:8]), mac: func(message []byte) []byte {
		mac := hmac.New(sha256.New, secret)
		_, _ = mac.Write(message)
		return mac.Sum(nil)
	}}, nil
}

// ID returns the name of the key, which tells nothing about it.
func (k ChainKey) ID() string { return k.id }

// Chain seals entries one after the other: in format 1 with a hash, in format 2 with a key.
type Chain struct {
	seq    int64
	hash   []byte
	key    *ChainKey
	buffer []byte
}

// NewChain goes on after a seal; the zero Seal begins a chain.
func NewChain(last Seal) *Chain {
	if last.Seq == 0 {
		return &Chain{hash: genesis[:]}
	}
	return &Chain{seq: last.Seq, hash: last.Hash}
}

// NewKeyedChain goes on after a seal, of whichever format, in format 2.
func NewKeyedChain(last Seal, key ChainKey) *Chain {
	c := NewChain(last)
	c.key = &key
	return c
}

// Seal seals the next entry: SHA-256 over the hash before it, its number, and the entry; in format 2
// HMAC-SHA-256 over the name of the format, the id of the key and the same.
func (c *Chain) Seal(e *Stored) Seal {
	c.seq++
	c.buffer = c.buffer[:0]
	if c.key != nil {
		c.buffer = text(c.buffer, "SurgiCase audit chain, format 2")
		c.buffer = text(c.buffer, c.key.id)
	}
	c.buffer = append(c.buffer, c.hash...)
	c.buffer = number(c.buffer, c.seq)
	c.buffer = e.encode(c.buffer)
	if c.key != nil {
		c.hash = c.key.mac(c.buffer)
		return Seal{Seq: c.seq, Entry: e.ID, Hash: c.hash, ChainKey: c.key.id}
	}
	sum := sha256.Sum256(c.buffer)
	c.hash = sum[:]
	return Seal{Seq: c.seq, Entry: e.ID, Hash: c.hash}
}

// accept goes on after a seal that could not be made again for want of its key.
func (c *Chain) accept(seal Seal) { c.seq, c.hash = seal.Seq, seal.Hash }

// encode appends the canonical form of all that is stored: numbers as eight bytes, texts with their
// length before them, what can be missing with a mark before it. No two different entries have the same
// form. A column that is added later goes to the end, and only when it is set: old seals stay valid.
func (e *Stored) encode(to []byte) []byte {
	to = number(to, e.ID)
	to = number(to, e.At.UnixMicro())
	to = text(to, string(e.Actor.User))
	to = number(to, int64(e.Actor.Type))
	for _, s := range [...]string{e.Actor.Credential, e.Actor.Mode, string(e.Action), e.Entity, e.EntityID, strings.Join(e.Fields, ",")} {
		to = text(to, s)
	}
	to = optional(to, e.Things != nil, strings.Join(e.Things, ","))
	to = optional(to, e.Before != nil, string(e.Before))
	to = optional(to, e.After != nil, string(e.After))
	for _, s := range [...]string{e.Actor.RequestID, e.Actor.Address, string(e.Outcome), e.Code} {
		to = text(to, s)
	}
	return to
}

func number(to []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(to, uint64(n)) //nolint:gosec // the bits, whatever the sign
}

func text(to []byte, s string) []byte { return append(number(to, int64(len(s))), s...) }

func optional(to []byte, there bool, s string) []byte {
	if !there {
		return append(to, 0)
	}
	return text(append(to, 1), s)
}
