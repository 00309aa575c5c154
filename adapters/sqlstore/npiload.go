package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/npi"
	"surgicase/ports"
)

// Rows that a statement takes: MySQL and SQLite bind some ten thousand values.
const (
	npiChunk     = 512
	wordChunk    = 1024
	mostRejected = 10_000 // kept of a file
)

// claimName is the lease whose number is the latest load that has begun. Nobody waits for it: whoever
// begins takes it, and the batches of the one before fail.
const claimName = "npi_directory"

// Begin implements ports.NPILoads.
func (r directoryRepo) Begin(ctx context.Context, file npi.File, at time.Time) (npi.Load, error) {
	load := npi.Load{File: file}
	var name string
	var finished sql.NullInt64
	t := &load.Tally
	err := r.db.WithContext(ctx).Raw("SELECT file_id, file_name, rows_done, rows_added, rows_changed, rows_unchanged, rows_rejected, finished_at FROM npi_files WHERE content_hash = ?", file.SHA256).
		Row().Scan(&load.ID, &name, &t.Rows, &t.Added, &t.Changed, &t.Unchanged, &t.Rejected, &finished)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		row := npiFileRow{ContentHash: file.SHA256, FileName: file.Name, FileSize: file.Size, StartedAt: micros(at)}
		if err := r.db.WithContext(ctx).Create(&row).Error; err != nil {
			return load, taken(err, raceLostTo("the same file"))
		}
		load.ID = row.FileID
	case err != nil:
		return load, err
	case finished.Valid:
		load.FinishedAt, load.File.Name = instant(finished.Int64), name
		return load, nil
	}
	load.Claim, err = r.claim(ctx, at)
	return load, err
}

func raceLostTo(what string) *fault.Error {
	return fault.New(fault.Conflict, ports.ChangedMeanwhile, "Somebody else has begun with %s.", what)
}

type npiFileRow struct {
	FileID        int64 `gorm:"primaryKey"`
	ContentHash   []byte
	FileName      string
	FileSize      int64
	RowsDone      int64
	RowsAdded     int64
	RowsChanged   int64
	RowsUnchanged int64
	RowsRejected  int64
	StartedAt     int64
	FinishedAt    sql.NullInt64
}

func (npiFileRow) TableName() string { return "npi_files" }

// claim takes the next number.
func (r directoryRepo) claim(ctx context.Context, at time.Time) (int64, error) {
	done := r.db.WithContext(ctx).Exec("UPDATE leases SET number = number + 1, expires_at = ? WHERE lease = ?", micros(at), claimName)
	if done.Error == nil && done.RowsAffected == 0 {
		err := r.db.WithContext(ctx).Create(&leaseRow{Lease: claimName, Holder: claimName, Number: 1, ExpiresAt: micros(at)}).Error
		return 1, taken(err, raceLostTo("a load"))
	}
	var number int64
	err := errors.Join(done.Error, r.db.WithContext(ctx).Raw("SELECT number FROM leases WHERE lease = ?", claimName).Row().Scan(&number))
	return number, err
}

// hold fails if another load has begun. It also keeps others from writing to the directory until the
// transaction ends, so that what is read next is what is written on.
func (r directoryRepo) hold(ctx context.Context, load npi.Load) error {
	done := r.db.WithContext(ctx).Exec("UPDATE leases SET expires_at = expires_at + 1 WHERE lease = ? AND number = ?", claimName, load.Claim)
	if done.Error == nil && done.RowsAffected == 0 {
		return fault.New(fault.Conflict, "npi_load_overtaken", "Another import has begun meanwhile; this one can go on after it.")
	}
	return done.Error
}

// Apply implements ports.NPILoads.
func (r directoryRepo) Apply(ctx context.Context, load npi.Load, batch npi.Batch) (npi.Load, error) {
	if err := r.hold(ctx, load); err != nil {
		return load, err
	}
	w, err := r.work(ctx, batch.Records)
	if err == nil {
		err = r.write(ctx, w)
	}
	if err == nil {
		err = r.reject(ctx, load, batch.Rejected)
	}
	if err != nil {
		return load, err
	}
	w.tally.Rows, w.tally.Rejected = batch.Rows, int64(len(batch.Rejected))
	before := load.Tally.Rows
	load.Tally = load.Tally.Plus(w.tally)
	t := load.Tally
	done := r.db.WithContext(ctx).Exec("UPDATE npi_files SET rows_done = ?, rows_added = ?, rows_changed = ?, rows_unchanged = ?, rows_rejected = ? WHERE file_id = ? AND rows_done = ?",
		t.Rows, t.Added, t.Changed, t.Unchanged, t.Rejected, load.ID, before)
	if done.Error == nil && done.RowsAffected == 0 {
		return load, fault.New(fault.Conflict, "npi_load_overtaken", "The file has come further than this.")
	}
	return load, done.Error
}

// Finish implements ports.NPILoads.
func (r directoryRepo) Finish(ctx context.Context, load npi.Load, at time.Time) error {
	if err := r.hold(ctx, load); err != nil {
		return err
	}
	return r.db.WithContext(ctx).Exec("UPDATE npi_files SET finished_at = ? WHERE file_id = ?", micros(at), load.ID).Error
}

// Rejected implements ports.NPILoads.
func (r directoryRepo) Rejected(ctx context.Context, load, after int64, limit int) ([]npi.Rejection, error) {
	var rows []rejectedRow
	err := r.db.WithContext(ctx).Where("file_id = ? AND row_no > ?", load, after).Order("row_no").Limit(limit).Find(&rows).Error
	return mapped(rows, func(row rejectedRow) npi.Rejection { return npi.Rejection{Row: row.RowNo, Reason: row.Reason} }), err
}

// Loaded implements ports.NPILoads.
func (r directoryRepo) Loaded(ctx context.Context, names []string) ([]string, error) {
	loaded := []string{}
	if len(names) == 0 {
		return loaded, nil
	}
	err := r.db.WithContext(ctx).Raw("SELECT file_name FROM npi_files WHERE finished_at IS NOT NULL AND file_name IN ?", padded(names)).Scan(&loaded).Error
	return loaded, err
}

type rejectedRow struct {
	FileID int64 `gorm:"primaryKey;autoIncrement:false"`
	RowNo  int64 `gorm:"primaryKey;autoIncrement:false"`
	Reason string
}

func (rejectedRow) TableName() string { return "npi_rejected_rows" }

func (r directoryRepo) reject(ctx context.Context, load npi.Load, rejected []npi.Rejection) error {
	room := max(mostRejected-load.Tally.Rejected, 0)
	rejected = rejected[:min(int64(len(rejected)), room)]
	if len(rejected) == 0 {
		return nil
	}
	rows := mapped(rejected, func(x npi.Rejection) rejectedRow { return rejectedRow{load.ID, x.Row, x.Reason} })
	return r.db.WithContext(ctx).CreateInBatches(rows, npiChunk).Error
}

// work is what a batch comes to: rows and words to be taken away, and those to be put in their place.
type work struct {
	stale   []int64 // numbers of records that are written anew
	gone    []wordRow
	records []npi.Record
	added   []wordRow
	tally   npi.Tally
}

type wordRow struct {
	nameWord
	npi   npi.NPI
	state string
	text  string
}

// byWord orders rows as the table does: neighbours on a page are written together.
func byWord(a, b wordRow) int {
	return cmp.Or(cmp.Compare(a.part, b.part), cmp.Compare(a.word, b.word), cmp.Compare(a.npi, b.npi))
}

// work merges lines with what is stored, one after the other: an NPI may come twice.
func (r directoryRepo) work(ctx context.Context, lines []npi.Record) (work, error) {
	numbers := make([]int64, len(lines))
	for i := range lines {
		numbers[i] = int64(lines[i].NPI) //nolint:gosec // ten digits
	}
	slices.Sort(numbers)
	stored, err := r.records(ctx, slices.Compact(numbers))
	if err != nil {
		return work{}, err
	}
	var w work
	now := make(map[npi.NPI]npi.Record, len(lines))
	for i := range lines {
		line := &lines[i]
		before, known := now[line.NPI]
		if !known {
			before, known = stored[line.NPI]
		}
		after := *line
		if known {
			after = npi.Merge(before, *line)
		}
		switch {
		case !known:
			w.tally.Added++
		case after != before:
			w.tally.Changed++
		default:
			w.tally.Unchanged++
			continue
		}
		now[line.NPI] = after
	}
	for number, after := range now {
		before, known := stored[number]
		w.add(before, known, after)
	}
	slices.SortFunc(w.records, func(a, b npi.Record) int { return cmp.Compare(a.NPI, b.NPI) })
	slices.SortFunc(w.gone, byWord)
	slices.SortFunc(w.added, byWord)
	return w, nil
}

// add notes what it takes to bring a record and its words up to date.
func (w *work) add(before npi.Record, known bool, after npi.Record) {
	if known && before == after {
		return
	}
	w.records = append(w.records, after)
	words, text := wordsOf(&after)
	state := stateOf(&after)
	if known {
		w.stale = append(w.stale, int64(after.NPI)) //nolint:gosec // ten digits
		old, oldText := wordsOf(&before)
		if text == oldText && state == stateOf(&before) {
			return
		}
		for _, word := range slices.Concat(old, words) { // the new ones, too: an older version may have parted names otherwise
			w.gone = append(w.gone, wordRow{nameWord: word, npi: after.NPI})
		}
	}
	for _, word := range words {
		w.added = append(w.added, wordRow{word, after.NPI, state, text})
	}
}

// write does the work in as few statements as the databases take: every row of a batch has a value for
// every column, so nothing is lost by deleting it first, and both databases understand that.
func (r directoryRepo) write(ctx context.Context, w work) error {
	for _, g := range w.gone {
		_, err := r.db.Statement.ConnPool.ExecContext(ctx, "DELETE FROM npi_words WHERE part = ? AND word = ? AND npi = ?", g.part, g.word, int64(g.npi)) //nolint:gosec // ten digits
		if err != nil {
			return err
		}
	}
	for part := range slices.Chunk(w.stale, npiChunk) {
		if err := r.db.WithContext(ctx).Exec("DELETE FROM npi_directory WHERE npi IN ?", padded(part)).Error; err != nil {
			return err
		}
	}
	if err := insertMany(ctx, r, "INSERT INTO npi_directory ("+recordColumns+") VALUES ", 12, npiChunk, w.records, func(args []any, v *npi.Record) []any {
		a := &v.Address
		return append(args, int64(v.NPI), int64(v.Kind), v.Organization, v.Last, v.First, a.Line, a.City, a.State, a.ZIP, //nolint:gosec // ten digits
			dateText(v.Updated), dateText(v.Deactivated), dateText(v.Reactivated))
	}); err != nil {
		return err
	}
	return insertMany(ctx, r, "INSERT INTO npi_words (part, word, npi, state, words) VALUES ", 5, wordChunk, w.added, func(args []any, v *wordRow) []any {
		return append(args, int64(v.part), v.word, int64(v.npi), v.state, v.text) //nolint:gosec // ten digits
	})
}

// insertMany writes rows of so many columns, so many at once.
func insertMany[T any](ctx context.Context, r directoryRepo, into string, columns, atOnce int, rows []T, values func([]any, *T) []any) error {
	row := "(?" + strings.Repeat(",?", columns-1) + ")"
	whole := into + row + strings.Repeat(","+row, atOnce-1)
	args := make([]any, 0, columns*min(atOnce, len(rows)))
	for part := range slices.Chunk(rows, atOnce) {
		args = args[:0]
		for i := range part {
			args = values(args, &part[i])
		}
		query := whole
		if len(part) < atOnce {
			query = whole[:len(into)+len(part)*(len(row)+1)-1]
		}
		if _, err := r.db.Statement.ConnPool.ExecContext(ctx, query, args...); err != nil {
			return err
		}
	}
	return nil
}
