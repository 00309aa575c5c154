package backups

import (
	"context"
	"io"
	"slices"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Verified is what a trial has found.
type Verified struct {
	Backup
	Trail    audit.Report
	Objects  int      // that rows refer to
	Missing  []string // the rows whose objects are not in the storage
	Damaged  []string // the rows whose objects are not what was stored
	Sealed   int64    // encrypted values
	LostKeys []ports.KeyID
}

// Err says what is wrong with the backup, or nothing.
func (v Verified) Err() error {
	switch {
	case v.Signature == SignatureMissing:
		return forged("it has no signature, though backups were signed when it was made")
	case v.Signature == SignatureUnknown:
		return forged("no key at hand has signed it")
	case len(v.LostKeys) > 0:
		return fault.New(fault.Invalid, "backup_keys_lost", "The key set does not hold key %d, with which values in the backup are encrypted.", v.LostKeys[0])
	case len(v.Missing) > 0:
		return fault.New(fault.Invalid, "backup_objects_missing", "%d of %d objects that the backup refers to are not in the storage.", len(v.Missing), v.Objects)
	case len(v.Damaged) > 0:
		return fault.New(fault.Invalid, "backup_objects_damaged", "%d of %d objects that the backup refers to are not what was stored.", len(v.Damaged), v.Objects)
	}
	return nil
}

// Verify restores a backup into an empty scratch store, takes that out again and compares, verifies the audit
// trail against the public keys, and looks for every object that rows refer to: whether it has its size, and its content if the service
// is a deep one.
//
// Faults: Forbidden; as Restore; Invalid "backup_damaged".
func (s *Service) Verify(ctx context.Context, who permission.Actor, key string, scratch Store, keys []audit.PublicKey) (Verified, error) {
	if err := s.allowed(ctx, who, permission.ManageBackups); err != nil {
		return Verified{}, err
	}
	v, err := s.Unsigned(true).verify(ctx, key, scratch, keys) // what comes into a scratch store is judged afterwards
	if err == nil {
		err = v.Err()
	}
	s.happened(ctx, "backup.verified", err, v.Backup)
	return v, err
}

func (s *Service) verify(ctx context.Context, key string, scratch Store, keys []audit.PublicKey) (v Verified, err error) {
	if v.Backup, err = s.into(ctx, scratch, key); err != nil {
		return v, err
	}
	sums, err := Checksums(ctx, scratch, s.tell)
	if err != nil {
		return v, err
	}
	if !slices.Equal(sums, v.Tables) {
		return v, damaged("what was restored is not what is in it")
	}
	if _, err := scratch.MigrateUp(ctx); err != nil { // what follows reads the schema of today
		return v, err
	}
	if v.Trail, err = s.verifyTrail(ctx, scratch, v, keys); err != nil {
		return v, err
	}
	if err := findKeys(ctx, scratch, &v); err != nil {
		return v, err
	}
	return v, s.findObjects(ctx, scratch, &v)
}

// verifyTrail verifies the trail as of the moment of the backup: entries that nobody had sealed by then
// are as old as they were.
func (s *Service) verifyTrail(ctx context.Context, scratch Store, v Verified, keys []audit.PublicKey) (report audit.Report, err error) {
	err = scratch.View(ctx, func(ctx context.Context, r ports.Repos) error {
		checkpoints, err := r.Seals.Checkpoints(ctx, 0)
		if err != nil {
			return err
		}
		last, err := r.Seals.Last(ctx)
		if err != nil {
			return err
		}
		evidence := audit.Evidence{At: v.MadeAt, Checkpoints: checkpoints, Seals: last.Seq, Links: r.Seals.Links(ctx), ChainKeys: s.chainKeys()}
		report, err = evidence.Verify(nil, keys, func(done int64) { s.tell(Progress{Step: Verifying, Done: done, Of: last.Seq}) })
		return err
	})
	return report, err
}

// chainKeys are those of the key set at hand that the chain may have.
func (s *Service) chainKeys() []audit.ChainKey { return s.store.ChainKeys() }

// findKeys tells whether the keys at hand read what is encrypted: they are in no backup.
func findKeys(ctx context.Context, scratch Store, v *Verified) error {
	uses, err := scratch.Uses(ctx)
	if err != nil {
		return err
	}
	for id, values := range uses {
		v.Sealed += values
		if !scratch.KnowsKey(id) {
			v.LostKeys = append(v.LostKeys, id)
		}
	}
	slices.Sort(v.LostKeys)
	return nil
}

func (s *Service) findObjects(ctx context.Context, scratch Store, v *Verified) error {
	if len(v.LostKeys) > 0 {
		return nil // the keys of objects cannot be read either
	}
	for object, err := range scratch.Objects(ctx) {
		if err != nil {
			return err
		}
		if v.Objects++; v.Objects%each == 0 {
			s.tell(Progress{Step: Finding, Done: int64(v.Objects)})
		}
		state, err := ports.CheckObject(ctx, s.blobs, object, s.isDeep)
		switch {
		case err != nil:
			return err
		case state == ports.ObjectMissing:
			v.Missing = append(v.Missing, object.Place()) // its key may hold a patient's name
		case state == ports.ObjectDamaged:
			v.Damaged = append(v.Damaged, object.Place())
		}
	}
	return nil
}

// Checksums adds up what every table of a store holds: equal ones mean equal rows, whatever kind of
// database it is.
func Checksums(ctx context.Context, store ports.Archive, tell func(Progress)) ([]Sum, error) {
	w := newWriter(io.Discard, head{})
	err := takeOut(ctx, store, w, Comparing, tell)
	return w.sums, err
}
