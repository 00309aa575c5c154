package directory_test

import (
	"strings"
	"testing"

	"surgicase/domain/directory"
	"surgicase/domain/npi"
)

func TestCompletion(t *testing.T) {
	record := npi.Record{
		NPI: 1234567893, Kind: npi.Individual, First: "ROWENA", Last: "MCTESTWELL", Address: npi.Address{Line: "1 NE SAMPLE ST", City: "TESTVILLE", State: "or", ZIP: "970010001"},
	}
	s := directory.Surgeon{NPI: record.NPI, First: "Ro", Address: directory.Address{ZIP: "97201"}}
	if got := strings.Join(s.Missing(), " "); got != "last_name surgeon_addr surgeon_city surgeon_state" {
		t.Errorf("missing %q", got)
	}
	s.Complete(record)
	equal(t, "surgeon", s, directory.Surgeon{NPI: record.NPI, First: "Ro", Last: "McTestwell", Address: directory.Address{Line: "1 NE Sample St", City: "Testville", State: "OR", ZIP: "97201"}})
	f := directory.Facility{NPI: record.NPI}
	f.Complete(record)
	equal(t, "facility from a person", f, directory.Facility{NPI: record.NPI})
	company := npi.Record{NPI: record.NPI, Kind: npi.Organization, Organization: "EXAMPLE CENTER, LLC", Address: npi.Address{Line: "X", City: "Y", State: "BC", ZIP: "V5K 0A1"}}
	f.Complete(company)
	if got := strings.Join(f.Missing(), " "); f.Name != "Example Center, LLC" || got != "facility_state facility_zip" {
		t.Errorf("%+v lacks %q", f, got)
	}
	for name, spoil := range map[string]func(*npi.Record){
		"another NPI": func(r *npi.Record) { r.NPI = 1245319599 },
		"deactivated": func(r *npi.Record) { r.Deactivated.Year, r.Deactivated.Month, r.Deactivated.Day = 2026, 1, 1 },
	} {
		other, s := record, directory.Surgeon{NPI: record.NPI}
		spoil(&other)
		s.Complete(other)
		if s.First != "" {
			t.Errorf("%s: %+v", name, s)
		}
	}
}
