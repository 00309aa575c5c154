package ports

import (
	"context"
	"iter"
	"time"

	"surgicase/domain/audit"
)

// CheckpointKeySecret is the secret that holds the key by which checkpoints of the trail are signed.
const CheckpointKeySecret = "surgicase/checkpoint-key" //nolint:gosec // the name of a secret, not a secret

// Audit is the trail as it is written and read.
type Audit interface {
	// Record adds entries that become real with the transaction, in one statement.
	Record(ctx context.Context, entries ...audit.Entry) error

	// List returns a page of at most q.Limit entries, newest first. It costs a fixed number of
	// statements and reads no more entries than its index has for q; when q is of a case, whose
	// listings no index has, it looks at a bounded number of entries and says where to go on.
	List(ctx context.Context, q audit.Query) (audit.Page, error)
}

// Seals is the chain over the trail. Nothing in it is ever changed or removed.
type Seals interface {
	// Last returns the last seal of the chain, the zero Seal if there is none.
	Last(ctx context.Context) (audit.Seal, error)

	// Unsealed returns up to limit committed entries without a seal whose ids lie above after, by id,
	// and up to which id it has looked. It costs one cheap statement when there is no id above after.
	Unsealed(ctx context.Context, after int64, limit int) (entries []audit.Stored, through int64, err error)

	// Add appends seals. Conflict "sealed_meanwhile" if a number or an entry has a seal already.
	Add(ctx context.Context, seals []audit.Seal) error

	// AddCheckpoint keeps a checkpoint. Conflict "checkpoint_exists" if there is one of that seal and
	// time.
	AddCheckpoint(ctx context.Context, c audit.Checkpoint) error

	// Boundary returns the last checkpoint that began a chain key, the zero Checkpoint if there is none.
	Boundary(ctx context.Context) (audit.Checkpoint, error)

	// LastCheckpoint returns when the last checkpoint was made, the zero time if there is none.
	LastCheckpoint(ctx context.Context) (time.Time, error)

	// Newest returns the highest id of a committed entry, 0 if there is none.
	Newest(ctx context.Context) (int64, error)

	// Sealed reports whether an entry has a seal.
	Sealed(ctx context.Context, entry int64) (bool, error)

	// Checkpoints returns the checkpoints from a seal on, by seal and time.
	Checkpoints(ctx context.Context, fromSeq int64) ([]audit.Checkpoint, error)

	// Links gives the whole trail in constant memory: every seal by number with its entry, then the
	// entries without a seal by id. It ends with the first error.
	Links(ctx context.Context) iter.Seq2[audit.Link, error]
}

// ChainKeys holds the keys of the audit chain.
type ChainKeys interface {
	// ChainKey returns the key of an id, and the newest one for an empty id.
	ChainKey(id string) (key audit.ChainKey, known bool)
}
