package statements

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"strconv"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/document"
	"surgicase/domain/dryrun"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/domain/statement"
	"surgicase/ports"
)

func (s *Reports) entry(who permission.Actor, f statement.File) audit.Entry {
	return audit.Record(who, permission.ReadReports, "file", strconv.FormatInt(f.ID, 10), s.clock.Now())
}

func (s *Reports) refused(ctx context.Context, who permission.Actor, q Request, err error) error {
	if !errors.Is(err, fault.Forbidden) {
		return err
	}
	return ports.Refused(ctx, s.store, audit.Record(who, permission.ReadReports, "file", string(q.Kind), s.clock.Now()), err)
}

// keep stores a file: the object first, then its row with the entry in the trail that says whose cases it
// shows. When another request was faster its file counts, and this one is taken away.
func (s *Reports) keep(ctx context.Context, who permission.Actor, f *statement.File, st *statement.Statement, content []byte, of [sha256.Size]byte) error {
	totals := st.Totals()
	sum := sha256.Sum256(content)
	f.ContentType, f.Size, f.SHA256, f.MadeBy = s.press.ContentTypes[f.Kind], int64(len(content)), sum[:], who.User
	if f.Kind.IsReport() {
		f.Total, f.Records = totals.Amount, totals.Cases+totals.Refunds
	}
	object := ports.Object{Key: f.Key, Size: f.Size, ContentType: f.ContentType, SHA256: f.SHA256, About: f.About()}
	if err := s.space.Check(ctx, object.Size); err != nil {
		return err
	}
	if !dryrun.Is(ctx) { // a transaction that is rolled back takes no object with it
		if _, err := s.blobs.Put(ctx, object, bytes.NewReader(content)); err != nil {
			return err
		}
	}
	shown := numbersOf(st)
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		if err := r.Files.Add(ctx, f); err != nil {
			return err
		}
		entry := s.entry(who, *f)
		return r.Audit.Record(ctx, append([]audit.Entry{entry}, entry.ReadingAll(shown)...)...)
	})
	switch {
	case err == nil:
		if !dryrun.Is(ctx) {
			s.previews.remember(of, f.ID)
		}
		return nil
	case fault.CodeOf(err) == "file_exists":
		return errors.Join(s.blobs.Remove(context.WithoutCancel(ctx), f.Key), s.take(ctx, who, f))
	}
	return errors.Join(err, s.drop(context.WithoutCancel(ctx), *f))
}

// drop takes the object of a file away that could not be kept. Whether the commit went through may be
// unknown: the object stays if the file is known after all, and while nobody can tell.
func (s *Reports) drop(ctx context.Context, f statement.File) error {
	var known statement.File
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		known, err = r.Files.Get(ctx, f.ID)
		return err
	})
	if errors.Is(err, fault.NotFound) || err == nil && known.Key != f.Key {
		return s.blobs.Remove(ctx, f.Key)
	}
	return nil
}

func numbersOf(st *statement.Statement) []string {
	var numbers []string
	for _, section := range st.Sections {
		for _, line := range slices.Concat(section.Payments, section.Refunds) {
			numbers = append(numbers, strconv.FormatInt(line.CaseNumber, 10))
		}
	}
	return numbers
}

// take reads the file that another request has made.
func (s *Reports) take(ctx context.Context, who permission.Actor, f *statement.File) error {
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		*f, err = r.Files.Made(ctx, f.Slot())
		return err
	})
	if err != nil {
		return err
	}
	f.Existed = true
	return s.store.Logged(ctx, s.entry(who, *f).Reading())
}

// Content gives the bytes of a file that Make or File has given.
//
// Faults: NotFound "file_not_found" when its object is gone; Unavailable.
func (s *Reports) Content(ctx context.Context, f statement.File) ([]byte, error) {
	stored, _, err := s.blobs.Get(ctx, f.Key, ports.Span{})
	if errors.Is(err, fault.NotFound) {
		return nil, noFile().Because(err)
	}
	if err != nil {
		return nil, err
	}
	defer stored.Close()
	content, err := io.ReadAll(stored)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(content); !bytes.Equal(sum[:], f.SHA256) {
		s.events.Happened(ctx, ports.Event{Name: ports.DocumentDamaged, Err: document.Damaged()})
		return nil, document.Damaged()
	}
	return content, nil
}

func noFile() *fault.Error {
	return fault.New(fault.NotFound, "file_not_found", "There is no such file.")
}

// File gives a file by its id: to Case Admins each, to a provider his own reports.
//
// Faults: NotFound "file_not_found"; Forbidden "scope_missing".
func (s *Reports) File(ctx context.Context, who permission.Actor, id int64) (statement.File, error) {
	f := statement.File{ID: id}
	if _, err := permission.ScopeFor(who, permission.ReadOwnReport); err != nil {
		return f, ports.Refused(ctx, s.store, s.entry(who, f), err)
	}
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		f, err = r.Files.Get(ctx, id)
		return err
	})
	if err == nil && allowed(who, Request{Kind: f.Kind, Provider: f.Provider}) != nil {
		err = noFile()
	}
	f.ID, f.Existed = id, true
	if err != nil {
		return f, ports.Refused(ctx, s.store, s.entry(who, f), err)
	}
	return f, s.store.Logged(ctx, s.entry(who, f).Reading())
}

// List returns a page of what was made, newest first.
//
// Faults: Forbidden.
func (s *Reports) List(ctx context.Context, who permission.Actor, q statement.FileQuery) ([]statement.File, error) {
	if err := permission.Check(who, permission.ReadReports, ""); err != nil {
		return nil, s.refused(ctx, who, Request{}, err)
	}
	var files []statement.File
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		files, err = r.Files.List(ctx, q)
		return err
	})
	return files, err
}

// PreviewsKept is how long previews are kept unless the configuration says otherwise. The files of runs stay: they are served again.
const PreviewsKept = 7 * 24 * time.Hour

const cleaningBatch = 100

// CleanUp removes previews that were made more than kept ago, and returns how many.
func (s *Reports) CleanUp(ctx context.Context, kept time.Duration) (removed int, err error) {
	for {
		var old []statement.File
		err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
			old, err = r.Files.Passing(ctx, s.clock.Now().Add(-kept), cleaningBatch)
			return err
		})
		if err != nil || len(old) == 0 {
			return removed, err
		}
		for _, f := range old {
			if err := s.remove(ctx, f); err != nil {
				return removed, err
			}
			removed++
		}
	}
}

func (s *Reports) remove(ctx context.Context, f statement.File) error {
	if err := s.blobs.Remove(ctx, f.Key); err != nil {
		return err
	}
	return s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error { return r.Files.Forget(ctx, f.ID) })
}
