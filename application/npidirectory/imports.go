package npidirectory

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"strconv"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/npi"
	"surgicase/domain/nppes"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Imports loads the files of NPPES into the directory.
type Imports struct {
	store  ports.Store
	clock  ports.Clock
	events ports.Events
	files  ports.NPIFiles
	batch  int
}

// batchRows are merged in one transaction. Larger batches write fewer pages of the indexes twice;
// smaller ones let others write in between.
const batchRows = 20_000

// NewImports makes the service.
func NewImports(store ports.Store, clock ports.Clock, events ports.Events, files ports.NPIFiles) *Imports {
	return &Imports{store: store, clock: clock, events: events, files: files, batch: batchRows}
}

// InBatchesOf gives the service with transactions of so many rows, for where memory is short or others
// must not wait.
func (s *Imports) InBatchesOf(rows int) *Imports {
	other := *s
	other.batch = rows
	return &other
}

// Source is a file of NPPES.
type Source struct {
	Name    string
	Size    int64
	Content io.ReaderAt
}

// Progress is how far an import has come. Bytes are those of the file as it is read, unpacked.
type Progress struct {
	File  string
	Rows  int64
	Bytes int64
	Of    int64
	Took  time.Duration // since it began
}

// Imported is what became of a file.
type Imported struct {
	npi.Load
	Already  bool            // it had been loaded before, at FinishedAt
	Rejected []npi.Rejection // the first of them
}

// shownRejections is how many rejected rows a report of an import holds.
const shownRejections = 20

// Import loads a file into the directory, each file once by its content. What was loaded stays when it
// fails, and the next time it goes on from there. Tell, if set, hears how far it is.
//
// Faults: Forbidden; Invalid "nppes_zip", "nppes_content", "nppes_v1", "nppes_header", "nppes_cut",
// "nppes_not_csv"; Conflict "npi_load_overtaken".
func (s *Imports) Import(ctx context.Context, who permission.Actor, src Source, tell func(Progress)) (done Imported, err error) {
	if err := permission.Check(who, permission.RunJobs, ""); err != nil {
		return done, ports.Refused(ctx, s.store, s.entry(who, ""), err)
	}
	started := s.clock.Now()
	done, err = s.load(ctx, who, src, tell)
	if !done.Already {
		s.events.Happened(ctx, ports.Event{Name: "npi_directory.imported", Err: err, Took: s.clock.Now().Sub(started), Values: []ports.Value{
			{Name: "file", Text: src.Name},
			{Name: "rows", Text: strconv.FormatInt(done.Tally.Rows, 10)},
			{Name: "rejected", Text: strconv.FormatInt(done.Tally.Rejected, 10)},
		}})
	}
	return done, err
}

func (s *Imports) entry(who permission.Actor, file string) audit.Entry {
	return audit.Record(who, permission.RunJobs, "npi_file", file, s.clock.Now())
}

func (s *Imports) load(ctx context.Context, who permission.Actor, src Source, tell func(Progress)) (done Imported, err error) {
	file, err := nppes.Open(src.Content, src.Size, src.Name)
	if err != nil {
		return done, err
	}
	rows, content, err := file.Read()
	if err != nil {
		return done, err
	}
	defer func() { _ = content.Close() }() // nothing is lost
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(src.Content, 0, src.Size)); err != nil {
		return done, err
	}
	err = s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		done.Load, err = r.NPILoads.Begin(ctx, npi.File{Name: src.Name, SHA256: sum.Sum(nil), Size: src.Size}, s.clock.Now())
		return err
	})
	if done.Already = !done.FinishedAt.IsZero(); err != nil || done.Already {
		return done, err
	}
	if err := s.apply(ctx, rows, &done.Load, s.progress(tell, src.Name, file.Size)); err != nil {
		return done, err
	}
	return done, s.finish(ctx, who, &done)
}

func (s *Imports) progress(tell func(Progress), file string, of int64) func(rows, bytes int64) {
	started := s.clock.Now()
	return func(rows, bytes int64) {
		if tell != nil {
			tell(Progress{File: file, Rows: rows, Bytes: bytes, Of: of, Took: s.clock.Now().Sub(started)})
		}
	}
}

// finish marks the file as loaded.
func (s *Imports) finish(ctx context.Context, who permission.Actor, done *Imported) error {
	return s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		done.FinishedAt = s.clock.Now()
		if err := r.NPILoads.Finish(ctx, done.Load, done.FinishedAt); err != nil {
			return err
		}
		if done.Rejected, err = r.NPILoads.Rejected(ctx, done.ID, 0, shownRejections); err != nil {
			return err
		}
		return r.Audit.Record(ctx, s.entry(who, strconv.FormatInt(done.ID, 10)))
	})
}

// read is a batch with the bytes read up to its end, or why there is none.
type read struct {
	npi.Batch
	bytes int64
	err   error
}

// apply merges the rows that are not in the directory yet. One goroutine reads ahead while the other
// writes.
func (s *Imports) apply(ctx context.Context, rows nppes.Rows, load *npi.Load, tell func(rows, bytes int64)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	tell(load.Tally.Rows, 0)
	batches := make(chan read)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.readAhead(ctx, rows, load.Tally.Rows, batches)
	}()
	defer func() { // the file is closed afterwards
		cancel()
		<-stopped
	}()
	for batch := range batches {
		if len(batch.Records)+len(batch.Rejected) > 0 {
			err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
				next, err := r.NPILoads.Apply(ctx, *load, batch.Batch)
				if err == nil {
					*load = next
				}
				return err
			})
			if err != nil {
				return err
			}
		}
		if tell(load.Tally.Rows, batch.bytes); batch.err != nil {
			return batch.err
		}
	}
	return ctx.Err()
}

// readAhead hands out batches until the file ends. The rows before a fault are handed out with it.
func (s *Imports) readAhead(ctx context.Context, rows nppes.Rows, skip int64, out chan<- read) {
	defer close(out)
	for range skip {
		if err := rows.Skip(); err != nil {
			hand(ctx, out, read{err: err})
			return
		}
	}
	for number := skip; ; {
		var batch read
		batch, number = s.readBatch(rows, number)
		ended := errors.Is(batch.err, io.EOF)
		if ended {
			batch.err = nil
		}
		if !hand(ctx, out, batch) || ended || batch.err != nil {
			return
		}
	}
}

func hand(ctx context.Context, out chan<- read, batch read) bool {
	select {
	case out <- batch:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *Imports) readBatch(rows nppes.Rows, number int64) (read, int64) {
	batch := read{Batch: npi.Batch{Records: make([]npi.Record, 0, s.batch)}}
	for batch.Rows < int64(s.batch) {
		record, err := rows.Next()
		var rejected nppes.Rejected
		if err != nil && !errors.As(err, &rejected) {
			batch.err = err
			break
		}
		number++
		batch.Rows++
		if err != nil {
			batch.Rejected = append(batch.Rejected, npi.Rejection{Row: number, Reason: string(rejected)})
			continue
		}
		batch.Records = append(batch.Records, record)
	}
	batch.bytes = rows.Done()
	return batch, number
}

// Rejected returns up to limit rejected rows of a file after a row.
//
// Faults: Forbidden.
func (s *Imports) Rejected(ctx context.Context, who permission.Actor, file, after int64, limit int) (list []npi.Rejection, err error) {
	if err := permission.Check(who, permission.RunJobs, ""); err != nil {
		return nil, ports.Refused(ctx, s.store, s.entry(who, strconv.FormatInt(file, 10)), err)
	}
	err = s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		list, err = r.NPILoads.Rejected(ctx, file, after, limit)
		return err
	})
	return list, err
}
