package operations

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// Notary runs the sealer and signs how far the chain has come: every hour, and when the program ends.
// Source: spec/decisions.md 9.3.
type Notary struct {
	sealer *Sealer
	store  ports.Store
	clock  ports.Clock
	events ports.Events
	desk   Desk

	known  bool      // when the last checkpoint was made
	latest time.Time // zero if there is none
}

// Desk is what a notary signs with, and how it gives a checkpoint out of the database's reach.
type Desk struct {
	Signer  audit.Signer
	Deposit func(context.Context, audit.Checkpoint, audit.PublicKey) (place string, err error)

	// Announce, if set, sends a checkpoint to people: the first one of a day, and each that was asked for.
	Announce func(context.Context, audit.Checkpoint, audit.PublicKey) error
}

// Deposited is a checkpoint and where it was put.
type Deposited struct {
	audit.Checkpoint
	Place  string
	Public audit.PublicKey
}

// NewNotary makes a notary.
func NewNotary(sealer *Sealer, store ports.Store, clock ports.Clock, events ports.Events, desk Desk) *Notary {
	n := &Notary{sealer: sealer, store: store, clock: clock, events: events, desk: desk}
	sealer.desk = &n.desk
	return n
}

// Work seals what was committed since, and makes the checkpoint of the hour.
func (n *Notary) Work(ctx context.Context) error {
	leads, err := n.sealer.Work(ctx)
	if err != nil || !leads {
		return err
	}
	due, err := n.due(ctx)
	if err != nil || !due {
		return err
	}
	if err := n.sealer.Everything(ctx); err != nil {
		return err
	}
	_, err = n.checkpoint(ctx, n.isNewDay())
	if fault.CodeOf(err) == "nothing_sealed" {
		return nil
	}
	return err
}

// due reports whether this hour (UTC) has no checkpoint yet. One from the future, made by a clock that was
// ahead, does not count.
func (n *Notary) due(ctx context.Context) (bool, error) {
	if !n.known {
		latest, err := view(ctx, n.store, func(ctx context.Context, r ports.Repos) (time.Time, error) { return r.Seals.LastCheckpoint(ctx) })
		if err != nil {
			return false, err
		}
		n.latest, n.known = latest, true
	}
	hour := n.clock.Now().Truncate(time.Hour)
	return !hour.Equal(n.latest.Truncate(time.Hour)), nil
}

func (n *Notary) isNewDay() bool {
	const day = 24 * time.Hour
	return !n.clock.Now().Truncate(day).Equal(n.latest.Truncate(day))
}

// Sign seals what is left, unless another instance does, and signs how far the chain has come.
//
// Faults: NotFound "nothing_sealed" if there is no seal yet.
func (n *Notary) Sign(ctx context.Context) (Deposited, error) {
	if _, err := n.sealer.Finish(ctx); err != nil {
		return Deposited{}, err
	}
	return n.checkpoint(ctx, true)
}

// checkpoint goes into the database first, then out of its reach.
func (n *Notary) checkpoint(ctx context.Context, announce bool) (Deposited, error) {
	made := Deposited{Public: n.desk.Signer.Public}
	err := n.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		last, err := r.Seals.Last(ctx)
		if err != nil {
			return err
		}
		if last.Seq == 0 {
			return fault.New(fault.NotFound, "nothing_sealed", "no entry of the audit trail is sealed yet")
		}
		made.Checkpoint = n.desk.Signer.Checkpoint(last, n.clock.Now())
		return r.Seals.AddCheckpoint(ctx, made.Checkpoint)
	})
	if err != nil {
		return made, err
	}
	n.latest, n.known = made.At, true
	made.Place, err = n.desk.Deposit(ctx, made.Checkpoint, made.Public)
	if announce && n.desk.Announce != nil {
		err = errors.Join(err, n.desk.Announce(ctx, made.Checkpoint, made.Public))
	}
	n.events.Happened(ctx, ports.Event{Name: "audit.checkpoint", Err: err, Values: []ports.Value{
		{Name: "seq", Text: strconv.FormatInt(made.Seq, 10)}, {Name: "key_id", Text: made.KeyID},
	}})
	return made, err
}

// Finish seals what is left and signs it, if this is the instance that seals and anything came since
// the last checkpoint.
func (n *Notary) Finish(ctx context.Context) error {
	leads, err := n.sealer.Finish(ctx)
	if err != nil || !leads {
		return err
	}
	news, err := view(ctx, n.store, func(ctx context.Context, r ports.Repos) (bool, error) {
		last, err := r.Seals.Last(ctx)
		if err != nil || last.Seq == 0 {
			return false, err
		}
		made, err := r.Seals.Checkpoints(ctx, last.Seq)
		return len(made) == 0, err
	})
	if err == nil && news {
		_, err = n.checkpoint(ctx, true)
	}
	return err
}

// checkpointKey is the secret of a notary: the present key, and the public ones of those before it.
type checkpointKey struct {
	Seed   []byte   `json:"seed"`
	Former [][]byte `json:"former_public_keys,omitempty"`
}

// NewCheckpointKey makes the secret of a signing key out of random bytes. Former public keys stay valid.
func NewCheckpointKey(ids ports.IDs, former ...audit.PublicKey) ([]byte, error) {
	key := checkpointKey{Seed: ids.Key()}
	for _, public := range former {
		key.Former = append(key.Former, public)
	}
	return json.Marshal(key)
}

// ReadCheckpointKey gives the signer of a secret, and all public keys by which checkpoints may be
// signed.
//
// Faults: Invalid "checkpoint_key_invalid".
func ReadCheckpointKey(secret []byte) (audit.Signer, []audit.PublicKey, error) {
	var key checkpointKey
	if err := json.Unmarshal(secret, &key); err != nil {
		return audit.Signer{}, nil, fault.New(fault.Invalid, "checkpoint_key_invalid", `the checkpoint key must be {"seed": "32 bytes in base64"}`)
	}
	signer, err := audit.NewSigner(key.Seed)
	if err != nil {
		return signer, nil, err
	}
	keys := []audit.PublicKey{signer.Public}
	for _, raw := range key.Former {
		former, err := audit.ParsePublicKey(raw)
		if err != nil {
			return signer, nil, err
		}
		keys = append(keys, former)
	}
	return signer, keys, nil
}
