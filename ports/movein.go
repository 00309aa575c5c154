package ports

import (
	"context"
	"iter"

	"surgicase/domain/movein"
	"surgicase/domain/pay"
	"surgicase/domain/surgical"
)

// Reference reads the database of the service before this one, all of it as it was at one moment.
// Unavailable "reference_unavailable" when it is away.
type Reference interface {
	// Tables counts the rows of every table.
	Tables(ctx context.Context) (map[string]int64, error)

	// Columns names the columns of a table; none if there is no such table.
	Columns(ctx context.Context, table string) ([]string, error)

	// Rows gives the rows of a table by these columns, in their order, in constant memory. A table that
	// does not exist has none, and a column that it does not have is left out of the order. It ends with
	// the first error.
	Rows(ctx context.Context, table string, order ...string) iter.Seq2[movein.Record, error]

	// Worth adds up the pay of all cases of a table. It is the database that adds.
	Worth(ctx context.Context, table string) (pay.Cents, error)
}

// Arrival is a row of the old database that was moved in.
type Arrival struct {
	Table   string
	ID      string       // its key there
	Became  string       // its key here
	Content surgical.PHI // the whole row, of which a keyed digest is kept
}

// Arrived is what is known about a row that was moved in.
type Arrived struct {
	Became string
	Same   bool // the row still is what it was then
}

// Key is a kind of key of ours.
type Key string

// The keys that what is moved in keeps if it can.
const (
	UserKey     Key = "user"
	SurgeonKey  Key = "surgeon"
	FacilityKey Key = "facility"
	GroupKey    Key = "group"
	CaseKey     Key = "case"
	NumberKey   Key = "human_case_id"
)

// Arrivals remembers what was moved in, so that moving in again changes nothing.
type Arrivals interface {
	// Known returns what became of rows of an old table, by their keys there; what was not moved in is
	// missing.
	Known(ctx context.Context, rows []Arrival) (map[string]Arrived, error)

	// Add notes rows that are moved in by this transaction. Conflict "changed_meanwhile" if one of them
	// was meanwhile.
	Add(ctx context.Context, rows []Arrival) error

	// Taken returns those among keys that are taken here, by cases and users that are deleted, too.
	Taken(ctx context.Context, key Key, among []string) (map[string]bool, error)

	// Worth adds up the pay of cases by their numbers.
	Worth(ctx context.Context, numbers []int64) (pay.Cents, error)
}
