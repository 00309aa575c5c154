package npidirectory

import (
	"context"
	"errors"
	"slices"

	"surgicase/domain/fault"
	"surgicase/domain/nppes"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Sync brings the directory up to date: every weekly file that is published and not loaded yet, oldest
// first, and the newest report of deactivated NPIs. The files of weeks that were missed are still there
// for about a month; each holds only its own week. Tell, if set, hears how far the present file is.
// A file that cannot be fetched or loaded does not keep back those after it: records carry the day of their last
// update, so the order does not matter. The errors are returned together with what was loaded.
//
// Faults: Forbidden; NotFound "npi_no_files" if nothing is published; Upstream "npi_files_failed"; those
// of Import.
func (s *Imports) Sync(ctx context.Context, who permission.Actor, tell func(Progress)) ([]Imported, error) {
	if err := permission.Check(who, permission.RunJobs, ""); err != nil {
		return nil, ports.Refused(ctx, s.store, s.entry(who, ""), err)
	}
	names, err := s.toLoad(ctx)
	s.events.Happened(ctx, ports.Event{Name: "npi_directory.listed", Err: err})
	if err != nil {
		return nil, err
	}
	done, failed := []Imported{}, []error(nil)
	for _, name := range names {
		one, err := s.fetchAndLoad(ctx, who, name, tell)
		switch {
		case err == nil:
			done = append(done, one)
		case ctx.Err() != nil || errors.Is(err, fault.Unavailable):
			return done, errors.Join(append(failed, err)...)
		default:
			failed = append(failed, err)
		}
	}
	return done, errors.Join(failed...)
}

// toLoad names the published files that are not loaded yet, in the order in which they are to be.
func (s *Imports) toLoad(ctx context.Context) ([]string, error) {
	published, err := s.files.List(ctx)
	if err != nil {
		return nil, err
	}
	names := nppes.Weekly(published)
	if len(names) == 0 {
		return nil, fault.New(fault.NotFound, "npi_no_files", "No weekly files of the NPI registry are published.")
	}
	if reports := nppes.Reports(published); len(reports) > 0 {
		names = append(names, reports[len(reports)-1])
	}
	var loaded []string
	err = s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		loaded, err = r.NPILoads.Loaded(ctx, names)
		return err
	})
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(loaded, name) }), err
}

func (s *Imports) fetchAndLoad(ctx context.Context, who permission.Actor, name string, tell func(Progress)) (Imported, error) {
	told := s.progress(tell, name, 0)
	file, err := s.files.Fetch(ctx, name, func(done, of int64) { told(0, done) })
	if err != nil {
		return Imported{}, err
	}
	done, err := s.Import(ctx, who, Source{Name: name, Size: file.Size(), Content: file}, tell)
	return done, errors.Join(err, file.Close(), s.forget(ctx, name, err))
}

// forget keeps a file that could not be loaded for another reason than itself.
func (s *Imports) forget(ctx context.Context, name string, err error) error {
	if err == nil || errors.Is(err, fault.Invalid) {
		return s.files.Forget(ctx, name)
	}
	return nil
}
