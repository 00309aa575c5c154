package sqlstore

import (
	"context"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/npi"
	"surgicase/ports"
)

// LocalRegistry is a ports.Registry on the directory that was loaded from the registry's files.
type LocalRegistry struct{ store ports.Store }

// OpenRegistry gives the registry of a store.
func OpenRegistry(store ports.Store) LocalRegistry { return LocalRegistry{store} }

// LookUp implements ports.Registry.
func (l LocalRegistry) LookUp(ctx context.Context, number npi.NPI) (npi.Record, time.Duration, error) {
	var record npi.Record
	err := l.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		record, err = r.NPIs.Get(ctx, number)
		return err
	})
	switch {
	case err != nil:
		return npi.Record{}, 0, err
	case !record.Active():
		return npi.Record{}, 0, fault.New(fault.NotFound, "npi_not_found", "The NPI was deactivated on %s.", record.Deactivated).Naming("npi", number.String())
	}
	return record, 0, nil
}
