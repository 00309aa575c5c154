package npidirectory

import (
	"context"
	"errors"
	"slices"

	"surgicase/domain/fault"
	"surgicase/domain/npi"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// MostFound is how many records a search gives at most.
const MostFound = 50

// Names is what a search asks for: parts of a person's name, or the name of an organization. A number of
// ten digits in place of a name is an NPI.
type Names struct {
	Kind        npi.Kind
	First, Last string
	Name        string
	State       string
}

// Search finds active records of the local directory whose names have every word asked for, in any
// position and perhaps as the beginning of a longer one; or the record of an NPI. Names that are spelled in another
// usual way are found, too, after those as asked for.
//
// Faults: Forbidden; Invalid if no word is asked for.
func (s *Lookup) Search(ctx context.Context, who permission.Actor, asked Names) ([]npi.Record, error) {
	if err := s.allowed(ctx, who); err != nil {
		return nil, err
	}
	for _, text := range []string{asked.First, asked.Last, asked.Name} {
		if number, isNumber := asNPI(text); isNumber {
			return s.byNumber(ctx, number, asked.Kind)
		}
	}
	q := npi.Query{Kind: asked.Kind, First: npi.Words(asked.First), State: asked.State, Limit: MostFound}
	last, name := npi.Words(asked.Last), npi.Words(asked.Name)
	if len(q.First)+len(last)+len(name) == 0 {
		return nil, noWords(asked.Kind)
	}
	found := []npi.Record{}
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) error {
		for _, q.Last = range npi.Spellings(last) {
			for _, q.Name = range npi.Spellings(name) {
				more, err := r.NPIs.Search(ctx, q)
				if err != nil {
					return err
				}
				found = appendNew(found, more)
			}
		}
		return nil
	})
	return found, err
}

// appendNew appends the records that are not there yet, up to MostFound in all.
func appendNew(found, more []npi.Record) []npi.Record {
	for _, record := range more {
		isThere := slices.ContainsFunc(found, func(r npi.Record) bool { return r.NPI == record.NPI })
		if !isThere && len(found) < MostFound {
			found = append(found, record)
		}
	}
	return found
}

func noWords(kind npi.Kind) error {
	if kind == npi.Organization {
		return fault.InvalidField("query.facility_name", "must hold a letter or digit")
	}
	return fault.InvalidField("query.last_name", "must hold a letter or digit, unless first_name does")
}

// asNPI says whether a text is a number of ten digits, which is no name. One with a wrong check digit is
// nobody's.
func asNPI(text string) (number npi.NPI, isNumber bool) {
	if len(text) != npi.Length {
		return 0, false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
	}
	number, err := npi.Parse(text)
	if err != nil {
		return 0, true
	}
	return number, true
}

func (s *Lookup) byNumber(ctx context.Context, number npi.NPI, kind npi.Kind) ([]npi.Record, error) {
	var record npi.Record
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		record, err = r.NPIs.Get(ctx, number)
		return err
	})
	switch {
	case errors.Is(err, fault.NotFound), err == nil && (record.Kind != kind || !record.Active()):
		return []npi.Record{}, nil
	case err != nil:
		return nil, err
	}
	return []npi.Record{record}, nil
}
