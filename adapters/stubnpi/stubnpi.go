// Package stubnpi is a registry of a handful of invented providers, for development without a network.
package stubnpi

import (
	"context"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/npi"
)

// Registry is a ports.Registry that knows the records it was opened with.
type Registry struct{ records map[npi.NPI]npi.Record }

// Open gives a registry of these records.
func Open(records ...npi.Record) *Registry {
	r := &Registry{records: make(map[npi.NPI]npi.Record, len(records))}
	for _, record := range records {
		r.records[record.NPI] = record
	}
	return r
}

// LookUp implements ports.Registry.
func (r *Registry) LookUp(ctx context.Context, number npi.NPI) (npi.Record, time.Duration, error) {
	record, known := r.records[number]
	if !known || !record.Active() {
		return npi.Record{}, 0, fault.New(fault.NotFound, "npi_not_found", "The registry knows no such NPI.").Naming("npi", number.String())
	}
	return record, 0, ctx.Err()
}

// Invented are the providers of the demonstration. One of them is held under another name than there.
func Invented() []npi.Record {
	updated := civil.Date{Year: 2026, Month: time.January, Day: 15}
	records := []npi.Record{
		{Kind: npi.Individual, First: "ROBIN", Last: "PROVIDER"},
		{Kind: npi.Individual, First: "ALEXANDRA", Last: "SURGEON-MACY"},
		{Kind: npi.Individual, First: "GALE", Last: "GROUPADMIN"},
		{Kind: npi.Individual, First: "ROWENA", Last: "TESTWELL"},
		{Kind: npi.Individual, First: "AVERY", Last: "O'BRIEN-MACY"},
		{Kind: npi.Organization, Organization: "ST. MARY'S EXAMPLE HOSPITAL (MAIN)"},
		{Kind: npi.Organization, Organization: "EXAMPLE SURGERY CENTER, LLC"},
	}
	for i, first9 := range []string{"155512301", "155512302", "155512303", "155512345", "155512346", "199999999", "100000000"} {
		number, err := npi.Make(first9)
		if err != nil {
			panic(err) // they are written above
		}
		records[i].NPI, records[i].Updated = number, updated
		records[i].Address = npi.Address{Line: "1 SAMPLE PLAZA", City: "TESTVILLE", State: "OR", ZIP: "970010001"}
	}
	return records
}
