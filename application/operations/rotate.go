package operations

import (
	"context"
	"strconv"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// A rotation goes in steps, and Rotate takes up wherever the last one was left:
//
//  1. A new key joins the key set. It reads only.
//  2. Every running server hears of it. No value is encrypted with it before.
//  3. It becomes the primary key: servers encrypt with it as they hear of that.
//  4. Everything is encrypted with it, until a look at all values after the last server must have
//     heard finds nothing under another key.
//
// Old keys stay for reading until Retire drops them.

// KeyLearning is how long servers take to hear of a changed key set at most: secrets are cached for
// five minutes, they look once a minute, and requests under way may take another.
const KeyLearning = 7 * time.Minute

// Rotation is how to rotate.
type Rotation struct {
	Learning time.Duration       // how long servers take to hear of a changed key set
	Tell     func(RotationState) // hears often how far it is
}

// RotationState is how far a rotation is.
type RotationState struct {
	Step RotationStep
	Key  ports.KeyID
	Left time.Duration // of waiting
	Done int64         // values looked at in this pass
	Of   int64
	Last bool // of this pass
}

// RotationStep is what a rotation is at.
type RotationStep string

// The steps.
const (
	KeyAdded    RotationStep = "added"
	KeyPromoted RotationStep = "promoted"
	Waiting     RotationStep = "waiting"
	Encrypting  RotationStep = "encrypting"
)

// Rotated is what a rotation did.
type Rotated struct {
	Key        ports.KeyID
	Values     int64    // that were encrypted anew
	Unreadable []string // places of values that no key opens; they are as they were
	HandOver   []byte   // the key set, if the operator has to put it in place and rotate again
	Step       RotationStep
}

const (
	// encryptBatch is how many rows are written in one transaction: others wait for it on SQLite.
	encryptBatch = 100
	leaseRenewal = keysLease / 4

	// latePasses is how often everything is looked at after the last server must have heard: once to
	// encrypt what came late, once to find nothing, and twice more for good measure.
	latePasses = 4
)

// Rotate makes a new primary key and encrypts everything with it, while servers go on serving; or
// goes on with a rotation that was left unfinished.
//
// Faults: Forbidden; Conflict "lease_held", "old_key_in_use"; those of ports.Secrets and ports.Encryption.
func (s *Keys) Rotate(ctx context.Context, who permission.Actor, how Rotation) (Rotated, error) {
	if err := s.allowed(ctx, who); err != nil {
		return Rotated{}, err
	}
	var done Rotated
	err := s.alone(ctx, func(ctx context.Context) (err error) {
		done, err = s.rotate(ctx, who, how)
		return err
	})
	return done, err
}

func (s *Keys) rotate(ctx context.Context, who permission.Actor, how Rotation) (Rotated, error) {
	present, err := s.look(ctx)
	if err != nil {
		return Rotated{}, err
	}
	if present.newest().Primary {
		early := s.clock.Now().Before(present.newest().Promoted.Add(how.Learning))
		if early || !present.settled() {
			// If nothing is left but values that no key opens, the last rotation came to its end.
			if done, err := s.encryptAll(ctx, who, present, how); err != nil || early || done.Values > 0 {
				return done, err
			}
		}
		next, handOver, err := s.step(ctx, who, present, how, KeyAdded, s.encryption().AddKey)
		if err != nil || handOver != nil {
			return Rotated{Key: next.newest().ID, HandOver: handOver, Step: KeyAdded}, err
		}
		present = next
	}
	if err := s.wait(ctx, present.newest().Added.Add(how.Learning), how, present.newest().ID); err != nil {
		return Rotated{}, err
	}
	next, handOver, err := s.step(ctx, who, present, how, KeyPromoted, s.encryption().Promote)
	if err != nil || handOver != nil {
		return Rotated{Key: next.newest().ID, HandOver: handOver, Step: KeyPromoted}, err
	}
	return s.encryptAll(ctx, who, next, how)
}

// step changes the key set and keeps it.
func (s *Keys) step(ctx context.Context, who permission.Actor, from ring, how Rotation, step RotationStep, change func([]byte, time.Time) ([]byte, error)) (ring, []byte, error) {
	set, err := change(from.set, s.clock.Now())
	if err != nil {
		return from, nil, err
	}
	keys, err := s.encryption().Keys(set)
	if err != nil {
		return from, nil, err
	}
	to := ring{set: set, keys: keys, uses: from.uses}
	how.Tell(RotationState{Step: step, Key: to.newest().ID})
	handOver, err := s.keep(ctx, who, string(step), set, to.newest().ID)
	return to, handOver, err
}

// encryptAll looks at all values until nothing is under another key and every server has heard.
func (s *Keys) encryptAll(ctx context.Context, who permission.Actor, present ring, how Rotation) (Rotated, error) {
	key := present.newest()
	done := Rotated{Key: key.ID, Step: Encrypting}
	heard := key.Promoted.Add(how.Learning)
	for late := 0; ; {
		if !s.clock.Now().Before(heard) {
			late++
		}
		pass, err := s.encryptPass(ctx, present, how)
		done.Values += pass.Changed
		done.Unreadable = pass.Unreadable
		switch {
		case err != nil:
			return done, err
		case late > 0 && pass.Changed == 0:
			s.happened(ctx, "keys.rotated", nil, key.ID)
			return done, s.note(ctx, who, "values", key.ID)
		case late == latePasses:
			return done, fault.New(fault.Conflict, "old_key_in_use", "values are still being encrypted with another key than %d: restart the server that has not heard of it, and rotate again", key.ID)
		}
		if err := s.wait(ctx, heard, how, key.ID); err != nil {
			return done, err
		}
	}
}

// encryptPass looks at all values once. Between two batches it rests as long as the last one took,
// so that others who write get their turn.
func (s *Keys) encryptPass(ctx context.Context, present ring, how Rotation) (pass ports.Reencrypted, err error) {
	state := RotationState{Step: Encrypting, Key: present.newest().ID}
	for _, values := range present.uses {
		state.Of += values
	}
	renewed := s.clock.Now()
	for !pass.Done {
		began := s.clock.Now()
		batch, err := s.encryption().Reencrypt(ctx, state.Key, pass.Next, encryptBatch)
		if err != nil {
			return pass, err
		}
		pass.Next, pass.Done = batch.Next, batch.Done
		pass.Looked += batch.Looked
		pass.Changed += batch.Changed
		pass.Unreadable = append(pass.Unreadable, batch.Unreadable...)
		state.Done, state.Last = pass.Looked, pass.Done
		how.Tell(state)
		now := s.clock.Now()
		if now.Sub(renewed) >= leaseRenewal {
			if err := s.hold(ctx, keysLease); err != nil {
				return pass, err
			}
			renewed = now
		}
		if batch.Changed > 0 {
			if err := sleep(ctx, now.Sub(began)); err != nil {
				return pass, err
			}
		}
	}
	s.events.Happened(ctx, ports.Event{Name: "keys.encrypted", Values: []ports.Value{
		{Name: "key", Text: keyText(state.Key)},
		{Name: "values", Text: strconv.FormatInt(pass.Changed, 10)},
		{Name: "unreadable", Text: strconv.Itoa(len(pass.Unreadable))},
	}})
	return pass, nil
}

// wait waits until a time and keeps the lease meanwhile.
func (s *Keys) wait(ctx context.Context, until time.Time, how Rotation, key ports.KeyID) error {
	for {
		left := until.Sub(s.clock.Now())
		if left <= 0 {
			return nil
		}
		how.Tell(RotationState{Step: Waiting, Key: key, Left: left})
		if err := s.hold(ctx, keysLease); err != nil {
			return err
		}
		if err := sleep(ctx, min(left, leaseRenewal)); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
