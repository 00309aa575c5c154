package ports

import (
	"context"
	"time"

	"surgicase/domain/ident"
)

// Clock tells the time.
type Clock interface {
	// Now is the present in UTC, cut to whole microseconds so that it survives both databases.
	Now() time.Time
}

// IDs makes identifiers and keys nobody can guess.
type IDs interface {
	// CaseID makes a UUIDv7.
	CaseID() ident.CaseID

	// Unique makes a UUIDv7 for anything else: requests, documents, holders of leases.
	Unique() string

	// Key makes 32 random bytes.
	Key() []byte
}

// BackupSigningKeySecret is the secret that holds the key by which backups are signed.
const BackupSigningKeySecret = "surgicase/backup-signing-key" //nolint:gosec // the name of a secret, not a secret

// BackupKeySecret is the secret that holds the private key by which backups are read.
const BackupKeySecret = "surgicase/backup-key" //nolint:gosec // the name of a secret, not a secret

// Event is something that happened and that operators may want to see. Its values are codes, ids and
// counts, never patient data.
type Event struct {
	Name    string // such as "case.created"
	Outcome string // "success" or a fault code
	Took    time.Duration
	Err     error // for the log only
	Values  []Value
}

// BackgroundFailed is the event of background work that failed and that nobody waits for; its value "work"
// says which.
const BackgroundFailed = "background.failed"

// WorkFailed is the event of background work that failed.
func WorkFailed(work string, err error) Event {
	return Event{Name: BackgroundFailed, Err: err, Values: []Value{{Name: "work", Text: work}}}
}

// Value is a named value of an event.
type Value struct {
	Name string
	Text string
}

// Events receives what happened. Bootstrap turns it into log lines and metrics.
type Events interface {
	// Happened notes the event. It never fails and never blocks for long.
	Happened(ctx context.Context, e Event)
}

// Secrets gives credentials and keys by name.
type Secrets interface {
	// Get returns the secret, perhaps as it was up to five minutes ago. NotFound "secret_not_found" if
	// there is none.
	Get(ctx context.Context, name string) ([]byte, error)

	// Fresh is Get past every cache, for when the value at hand turned out to be old.
	Fresh(ctx context.Context, name string) ([]byte, error)

	// Put replaces a secret: whoever asks gets the old value or the new one whole, and the old one is
	// kept for people. NotFound "secret_not_found" if there is none, Conflict "secret_read_only" if it
	// is kept where a program cannot write.
	Put(ctx context.Context, name string, value []byte) error

	// Origin says in words where the secret is kept.
	Origin(name string) string
}

// SecretsCache is what a provider of secrets remembers of them.
type SecretsCache struct {
	Secrets        int
	Oldest, Newest time.Duration // since they were read
	Failing        bool          // the provider did not answer when it was last asked
}

// Task is an effect outside the transaction that is still to be brought about.
type Task struct {
	ID       int64
	Topic    string
	Payload  string // ids only
	Attempts int
}

// Topics are those that are named, or all but those.
type Topics struct {
	Named  []string
	Others bool
}

// Outbox keeps tasks that follow a commit: at least once, so receivers tolerate repeats.
type Outbox interface {
	// Put adds a task that becomes due with the transaction.
	Put(ctx context.Context, topic, payload string, due time.Time) error

	// Due returns up to limit tasks of the topics that are due, oldest first.
	Due(ctx context.Context, of Topics, now time.Time, limit int) ([]Task, error)

	// Done marks a task as brought about.
	Done(ctx context.Context, id int64, at time.Time) error

	// Withdraw takes back the open tasks of a topic with this payload. Conflict "task_gone" if there are
	// none, or none any more: of those who withdraw a task one succeeds.
	Withdraw(ctx context.Context, topic, payload string, at time.Time) error

	// Retry puts a failed task off and notes a short reason without patient data.
	Retry(ctx context.Context, id int64, due time.Time, reason string) error

	// Lease takes or renews the lease on name until a time and returns its number, which is to go
	// into the WHERE of the holder's writes. Conflict "lease_held" if another holds it.
	Lease(ctx context.Context, name, holder string, now, until time.Time) (int64, error)

	// Leader returns who last held the lease on name, and until when; both are zero if nobody ever did.
	Leader(ctx context.Context, name string) (holder string, until time.Time, err error)
}

// RequestOutcome is what is kept of an answered request. The body is rebuilt by a new read.
type RequestOutcome struct {
	Status   int
	Location string
	EntityID string
}

// Requests remembers requests with an Idempotency-Key.
type Requests interface {
	// Begin reserves the key until a time, for a body with this hash. It returns the outcome if the
	// request was answered before. Conflict "request_running" if it is being worked on; Invalid
	// "idempotency_key_reused" if the body differs. Keys from before expired are forgotten.
	Begin(ctx context.Context, key ident.RequestKey, bodyHash []byte, now, until, expired time.Time) (*RequestOutcome, error)

	// Finish keeps the outcome, in the transaction that brought it about. Conflict "request_running"
	// if the reservation was lost: then the transaction must not commit.
	Finish(ctx context.Context, key ident.RequestKey, outcome RequestOutcome) error

	// Abandon forgets a reservation whose request failed.
	Abandon(ctx context.Context, key ident.RequestKey) error
}

// MaxClockSkew is how far the clocks of two instances may be apart before one takes a lease of the other for
// one from the future.
const MaxClockSkew = 15 * time.Second

// LeaseFromFuture reports whether a lease of a length ends later than anybody could have taken it: its holder's
// clock was ahead when they did, and has been set right since. Such a lease has expired. Clocks that differ by
// some seconds do not end each other's leases.
func LeaseFromFuture(ends, now time.Time, length time.Duration) bool {
	return length > 0 && ends.After(now.Add(length).Add(MaxClockSkew)) && ends.Year() < retiredYear
}

// retiredYear is that of leases that nobody is ever to take.
const retiredYear = 9999
