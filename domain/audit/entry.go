// Package audit holds the audit trail: its entries, the chain that seals them, the checkpoints that sign
// how far the chain had come, and the verification of all three. Source: spec/decisions.md 9.2 and 9.3.
package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/permission"
)

// Outcome is how an attempt ended.
type Outcome string

// The outcomes.
const (
	Done    Outcome = "done"
	Read    Outcome = "read"
	Refused Outcome = "refused"
	// DryRun is what a dry run would have done.
	DryRun Outcome = "dry_run"
)

// Entry is one line of the trail: who did or tried what to which thing. It holds no patient data:
// contents appear only as keyed digests.
type Entry struct {
	At       time.Time
	Actor    permission.Actor
	Action   permission.Action
	Entity   string // "case", "user", "run", …
	EntityID string
	Fields   []string // names of changed or refused fields
	Things   []string // human_case_ids that a list showed
	Before   []byte
	After    []byte
	Outcome  Outcome
	Code     string // fault code of a refusal, or the reason of a purge by hand
}

// Record starts an entry for something that was done.
func Record(who permission.Actor, action permission.Action, entity, id string, at time.Time) Entry {
	return Entry{At: at, Actor: who, Action: action, Entity: entity, EntityID: id, Outcome: Done}
}

// Changing returns the entry with the names of the changed fields and the digests of the thing
// before and after.
func (e Entry) Changing(fields []string, before, after []byte) Entry {
	e.Fields, e.Before, e.After = fields, before, after
	return e
}

// WithReason returns the entry with the code of a reason: one of a list and no free text, which could name a patient.
func (e Entry) WithReason(code string) Entry {
	e.Code = code
	return e
}

// Reading returns the entry as one of a read; things are the human_case_ids that a list showed.
func (e Entry) Reading(things ...string) Entry {
	e.Outcome, e.Things = Read, things
	return e
}

// MostThings is how many cases an entry of ReadingAll names.
const MostThings = 1000

// ReadingAll returns the entries of one read that showed many cases, some of them in each, and at least one.
func (e Entry) ReadingAll(things []string) []Entry {
	entries := []Entry{e.Reading(things[:min(len(things), MostThings)]...)}
	for len(things) > MostThings {
		things = things[MostThings:]
		entries = append(entries, e.Reading(things[:min(len(things), MostThings)]...))
	}
	return entries
}

// OfDryRun returns the entry as a dry run leaves it: what would have been done, without digests of contents that
// never were. Refusals and reads happened and stay as they are.
func (e Entry) OfDryRun() Entry {
	if e.Outcome == Done {
		e.Outcome, e.Before, e.After = DryRun, nil, nil
	}
	return e
}

// Refusing returns the entry as one of a refused attempt, with the fields that were tried.
func (e Entry) Refusing(err error, fields ...string) Entry {
	e.Outcome, e.Code, e.Fields = Refused, fault.CodeOf(err), fields
	return e
}

// Digest is the keyed digest (HMAC-SHA-256) of a thing's contents, given as its parts in a fixed
// order.
func Digest(key []byte, parts ...string) []byte {
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(strings.Join(parts, "\x1f")))
	return mac.Sum(nil)
}
