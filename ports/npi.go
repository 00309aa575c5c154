package ports

import (
	"context"
	"io"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/npi"
)

// Registry answers for whom an NPI stands.
type Registry interface {
	// LookUp returns the record of an active NPI and how old the answer is. NotFound "npi_not_found" if
	// the registry knows none or it is deactivated; Upstream "npi_registry_failed" when the registry
	// fails and there is no answer from before.
	LookUp(ctx context.Context, number npi.NPI) (npi.Record, time.Duration, error)
}

// NPIDirectory is the local copy of the registry.
type NPIDirectory interface {
	// Get returns a record, deactivated ones too. NotFound "npi_not_found".
	Get(ctx context.Context, number npi.NPI) (npi.Record, error)

	// Search returns up to q.Limit active records whose names have all the words of the query, those
	// with more of them whole first, then by name and number. A query without words finds none.
	Search(ctx context.Context, q npi.Query) ([]npi.Record, error)

	// Empty says whether nothing was loaded yet.
	Empty(ctx context.Context) (bool, error)
}

// NPILoads brings files into the directory.
type NPILoads interface {
	// Begin takes a file up where an earlier load of it ended, and keeps earlier loads of any file from
	// going on. A load that was finished comes back with FinishedAt.
	Begin(ctx context.Context, file npi.File, at time.Time) (npi.Load, error)

	// Apply merges the next rows of a load into the directory (npi.Merge) and returns the load as far as
	// it has come. Conflict "npi_load_overtaken" if another load has begun since.
	Apply(ctx context.Context, load npi.Load, batch npi.Batch) (npi.Load, error)

	// Finish marks a load as done. Conflict "npi_load_overtaken" as for Apply.
	Finish(ctx context.Context, load npi.Load, at time.Time) error

	// Rejected returns up to limit rejected rows of a load after a row, in order. Of a file with very
	// many only the first are kept; the tally counts all.
	Rejected(ctx context.Context, load int64, after int64, limit int) ([]npi.Rejection, error)

	// Loaded says which of the names belong to files that were loaded to the end.
	Loaded(ctx context.Context, names []string) ([]string, error)
}

// NPIFindings keeps what the registry said about the NPIs of users, surgeons and facilities. A finding
// belongs to an NPI: once the NPI is another one, it no longer shows. Noting one raises no version.
type NPIFindings interface {
	// User notes a finding unless the user has another NPI by now.
	User(ctx context.Context, id ident.UserID, f directory.Finding) error

	// Surgeon is User for a surgeon.
	Surgeon(ctx context.Context, id int64, f directory.Finding) error

	// Facility is User for a facility.
	Facility(ctx context.Context, id int64, f directory.Finding) error
}

// NPIFiles is where the files of the registry are published.
type NPIFiles interface {
	// List returns the names of the files that are there, in any order.
	List(ctx context.Context) ([]string, error)

	// Fetch gives a file whole, having told now and then how many of its bytes are there. What was
	// fetched before it broke off is not fetched again. NotFound "npi_file_not_found"; Upstream
	// "npi_files_failed".
	Fetch(ctx context.Context, name string, tell func(done, of int64)) (NPIFile, error)

	// Forget gives up the space that a fetched file takes.
	Forget(ctx context.Context, name string) error
}

// NPIFile is a file at hand.
type NPIFile interface {
	io.ReaderAt
	io.Closer
	Size() int64
}
