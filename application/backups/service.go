// Package backups takes everything out of the store into an encrypted object, puts it back into a store
// of any kind, and tries whether that works.
package backups

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/document"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Prefix begins the keys of backups. Keys sort by time.
const Prefix = "backups/"

// Service makes, restores and verifies backups.
type Service struct {
	store   Store
	blobs   ports.Blobs
	vault   ports.Vault
	clock   ports.Clock
	events  ports.Events
	program string
	tell    func(Progress)
	isDeep  bool

	keys              KeySource
	isUnsignedAllowed bool
}

// Store is a store that can be taken out and put in.
type Store interface {
	ports.Store
	ports.Archive
	ports.Encryption

	// MigrateUp brings the schema up to date and counts the steps.
	MigrateUp(ctx context.Context) (steps int, err error)

	// SettleRestored ends what was under way when a restored backup was made.
	SettleRestored(ctx context.Context, madeAt time.Time) error

	// ChainKeys returns the keys of the audit chain at hand.
	ChainKeys() []audit.ChainKey

	// KnowsKey says whether values with this key can be read.
	KnowsKey(id ports.KeyID) bool
}

// Outside is what backups need beside the store.
type Outside struct {
	Blobs   ports.Blobs
	Vault   ports.Vault
	Clock   ports.Clock
	Events  ports.Events
	Program string // the version, noted in each backup
	Keys    KeySource
}

// New makes the service.
func New(store Store, o Outside) *Service {
	if o.Keys == nil {
		o.Keys = func(context.Context, bool) (SigningKeys, error) { return SigningKeys{}, nil }
	}
	return &Service{store: store, blobs: o.Blobs, vault: o.Vault, clock: o.Clock, events: o.Events, program: o.Program, tell: func(Progress) {}, keys: o.Keys}
}

// Unsigned returns a service that reads backups without a valid signature, too, if isAllowed.
func (s *Service) Unsigned(isAllowed bool) *Service {
	unsigned := *s
	unsigned.isUnsignedAllowed = isAllowed
	return &unsigned
}

// Deep returns a service that reads the content of every object when it verifies, if isDeep, and not only its size.
func (s *Service) Deep(isDeep bool) *Service {
	deep := *s
	deep.isDeep = isDeep
	return &deep
}

// Backup is a backup that was made or read.
type Backup struct {
	Key     string
	MadeAt  time.Time
	Size    int64 // as stored
	Program string
	Schema  int64
	Tables  []Sum

	Signature string // one of the states
}

// Rows counts the rows of all tables.
func (b Backup) Rows() int64 {
	var n int64
	for _, t := range b.Tables {
		n += t.Rows
	}
	return n
}

// Make stores a backup of everything as it is at one moment, beside those who write.
//
// Faults: Forbidden; Invalid "backup_key_missing"; Unavailable.
func (s *Service) Make(ctx context.Context, who permission.Actor) (Backup, error) {
	if err := s.allowed(ctx, who, permission.RunJobs); err != nil {
		return Backup{}, err
	}
	done, err := s.make(ctx)
	if err == nil {
		entry := audit.Record(who, permission.ManageBackups, "backup", strings.TrimPrefix(done.Key, Prefix), done.MadeAt)
		err = s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error { return r.Audit.Record(ctx, entry) })
	}
	s.happened(ctx, "backup.made", err, done)
	return done, err
}

func (s *Service) make(ctx context.Context) (Backup, error) {
	version, err := s.store.SchemaVersion(ctx)
	if err != nil {
		return Backup{}, err
	}
	keys, err := s.keys(ctx, true)
	if err != nil {
		return Backup{}, err
	}
	now := s.clock.Now()
	done := Backup{Key: Prefix + now.Format("20060102T150405.000000Z") + ".age", MadeAt: now, Program: s.program, Schema: version}
	out, in := io.Pipe()
	plain := newHashing(out)
	written := make(chan []Sum, 1)
	go func() {
		sums, err := s.write(ctx, in, head{MadeAt: now, Program: s.program, Schema: version, Signed: keys.Signer != nil})
		_ = in.CloseWithError(err) // nil ends it well
		written <- sums
	}()
	stored, err := s.blobs.Put(ctx, ports.Object{Key: done.Key, Size: -1, ContentType: "application/octet-stream", About: document.AboutGenerated("backup", now)}, plain)
	_ = out.CloseWithError(errors.New("the storage took no more")) // a writer that still writes ends
	done.Size, done.Tables = stored.Size, <-written
	if err == nil {
		err = s.sign(ctx, keys.Signer, &done, plain)
	}
	return done, err
}

// write writes the backup into the pipe. The store is read in one transaction, so what it reads fits
// together.
func (s *Service) write(ctx context.Context, to io.Writer, h head) ([]Sum, error) {
	sealed, err := s.vault.Seal(to)
	if err != nil {
		return nil, err
	}
	w := newWriter(sealed, h)
	if err := takeOut(ctx, s.store, w, TakingOut, s.tell); err != nil {
		return nil, err
	}
	return w.sums, sealed.Close()
}

// Restore puts a backup into the store, which must be empty: all of it or nothing.
//
// Faults: Forbidden; NotFound "backup_not_found"; Conflict "store_not_empty", "schema_version";
// Invalid "backup_unsigned", "backup_forged", "backup_key_wrong", "backup_damaged"; "backup_keys_lost" when all was restored, but the key set
// at hand does not read it.
func (s *Service) Restore(ctx context.Context, who permission.Actor, key string) (Backup, error) {
	if err := permission.Check(who, permission.ManageBackups, ""); err != nil {
		return Backup{}, err // no trail: there may be no tables
	}
	done, err := s.into(ctx, s.store, key)
	if err == nil {
		err = s.store.SettleRestored(ctx, done.MadeAt)
	}
	if err == nil {
		v := Verified{}
		if err = findKeys(ctx, s.store, &v); err == nil && len(v.LostKeys) > 0 {
			err = fault.New(fault.Invalid, "backup_keys_lost", "Everything was restored, but the key set at hand does not hold key %d, with which values are encrypted. "+
				"Put the key set in place that the backup was made with; nothing has to be restored again.", v.LostKeys[0])
		}
	}
	s.happened(ctx, "backup.restored", err, done)
	return done, err
}

// into puts a backup into a store.
func (s *Service) into(ctx context.Context, store ports.Archive, key string) (Backup, error) {
	r, found, stop, err := s.open(ctx, key)
	if err != nil {
		return Backup{}, err
	}
	defer stop()
	err = store.PutIn(ctx, r.head.Schema, r.head.Tables, s.counted(r, found.Size))
	found.Tables = r.sums
	return found, err
}

// Peek reads the beginning of a backup.
//
// Faults: Forbidden; NotFound "backup_not_found"; Invalid "backup_unsigned", "backup_forged", "backup_key_wrong", "backup_damaged".
func (s *Service) Peek(ctx context.Context, who permission.Actor, key string) (Backup, error) {
	if err := permission.Check(who, permission.ManageBackups, ""); err != nil {
		return Backup{}, err
	}
	_, found, stop, err := s.open(ctx, key)
	if err != nil {
		return Backup{}, err
	}
	stop()
	return found, nil
}

// open reads a backup that admit lets in up to its rows. What is read is what the signature is of, to its last byte:
// the object may have become another one meanwhile.
func (s *Service) open(ctx context.Context, key string) (r *reader, found Backup, stop func(), err error) {
	state, sum, err := s.admit(ctx, key)
	if err != nil {
		return nil, Backup{}, nil, err
	}
	content, object, err := s.blobs.Get(ctx, key, ports.Span{})
	if err != nil {
		return nil, Backup{}, nil, backupNotFound(key, err)
	}
	stop = func() { _ = content.Close() }
	stored := newHashing(content)
	plain, err := s.vault.Unseal(stored)
	if err == nil {
		r, err = newReader(plain)
	}
	if err != nil {
		stop()
		return nil, Backup{}, nil, err
	}
	r.stored, r.signed = stored, sum
	if state == SignatureMissing && !r.head.Signed {
		lost, err := s.signedBefore(ctx, key)
		if err != nil {
			stop()
			return nil, Backup{}, nil, err
		}
		if !lost {
			state = SignatureBefore
		}
	}
	return r, Backup{Key: key, MadeAt: r.head.MadeAt, Size: object.Size, Program: r.head.Program, Schema: r.head.Schema, Signature: state}, stop, nil
}

// backupNotFound names the backup that is not there.
func backupNotFound(key string, err error) error {
	if !errors.Is(err, fault.NotFound) {
		return err
	}
	return fault.New(fault.NotFound, "backup_not_found", "There is no backup %s; `surgicase backup list` shows those that there are.", key)
}

// List gives the backups there are, newest first.
//
// Faults: Forbidden; Unavailable.
func (s *Service) List(ctx context.Context, who permission.Actor) ([]ports.Object, error) {
	if err := permission.Check(who, permission.ManageBackups, ""); err != nil {
		return nil, err
	}
	return s.list(ctx)
}

func (s *Service) list(ctx context.Context) ([]ports.Object, error) {
	found := []ports.Object{}
	for object, err := range s.blobs.List(ctx, Prefix) {
		if err != nil {
			return nil, err
		}
		found = append(found, object)
	}
	slices.Reverse(found)
	return found, nil
}

// Latest is the key of the newest backup. NotFound "backup_not_found" if there is none.
func (s *Service) Latest(ctx context.Context, who permission.Actor) (string, error) {
	all, err := s.List(ctx, who)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "backup_not_found", "There is no backup.")
	}
	if err != nil {
		return "", err
	}
	return all[0].Key, nil
}

// Prune removes backups that were made more than so long ago, but for the newest one, and gives their
// keys.
//
// Faults: Forbidden; Unavailable.
func (s *Service) Prune(ctx context.Context, who permission.Actor, keep time.Duration) ([]string, error) {
	if err := s.allowed(ctx, who, permission.RunJobs); err != nil {
		return nil, err
	}
	all, err := s.list(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	var removed []string
	oldest := Prefix + s.clock.Now().Add(-keep).Format("20060102T150405.000000Z")
	for _, object := range all[1:] {
		if object.Key >= oldest {
			continue
		}
		if err := s.blobs.Remove(ctx, object.Key); err != nil {
			return removed, err
		}
		if err := s.blobs.Remove(ctx, signatureKey(object.Key)); err != nil && !errors.Is(err, fault.NotFound) {
			return removed, err
		}
		removed = append(removed, object.Key)
	}
	if len(removed) > 0 {
		entry := audit.Record(who, permission.ManageBackups, "backup", "", s.clock.Now())
		entry.Fields = []string{"removed"}
		err = s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error { return r.Audit.Record(ctx, entry) })
	}
	return removed, err
}

// allowed checks what the actor may do: the job makes backups, also when a Global Admin starts it; the rest
// is for the operator.
func (s *Service) allowed(ctx context.Context, who permission.Actor, action permission.Action) error {
	err := permission.Check(who, action, "")
	if err == nil {
		return nil
	}
	return ports.Refused(ctx, s.store, audit.Record(who, action, "backup", "", s.clock.Now()), err)
}

func (s *Service) happened(ctx context.Context, name string, err error, b Backup) {
	s.events.Happened(ctx, ports.Event{Name: name, Err: err, Values: []ports.Value{
		{Name: "key", Text: b.Key}, {Name: "signature", Text: b.Signature}, {Name: "rows", Text: strconv.FormatInt(b.Rows(), 10)}, {Name: "bytes", Text: strconv.FormatInt(b.Size, 10)},
	}})
}
