// Package nppes reads the files in which CMS publishes its provider registry: what their names say,
// the data files in the V2 layout, and the report of deactivated NPIs. It reads; it opens nothing.
package nppes

import (
	"fmt"
	"strings"

	"surgicase/domain/fault"
)

// The columns that are read, by their names in the header. Source: spec/formats.md b.
const (
	colNPI = iota
	colEntity
	colOrganization
	colLast
	colFirst
	colLine
	colCity
	colState
	colZIP
	colUpdated
	colDeactivated
	colReactivated
	columnsRead
)

var readNames = [columnsRead]string{
	"NPI", "Entity Type Code", "Provider Organization Name (Legal Business Name)", "Provider Last Name (Legal Name)", "Provider First Name",
	"Provider First Line Business Practice Location Address", "Provider Business Practice Location Address City Name",
	"Provider Business Practice Location Address State Name", "Provider Business Practice Location Address Postal Code",
	"Last Update Date", "NPI Deactivation Date", "NPI Reactivation Date",
}

// Columns are the 330 columns of the V2 layout in order.
var Columns = func() []string {
	names := []string{
		"NPI", "Entity Type Code", "Replacement NPI", "Employer Identification Number (EIN)", "Provider Organization Name (Legal Business Name)",
		"Provider Last Name (Legal Name)", "Provider First Name", "Provider Middle Name", "Provider Name Prefix Text", "Provider Name Suffix Text",
		"Provider Credential Text", "Provider Other Organization Name", "Provider Other Organization Name Type Code", "Provider Other Last Name",
		"Provider Other First Name", "Provider Other Middle Name", "Provider Other Name Prefix Text", "Provider Other Name Suffix Text",
		"Provider Other Credential Text", "Provider Other Last Name Type Code",
	}
	for _, place := range []string{"Mailing Address", "Practice Location Address"} {
		names = append(names, "Provider First Line Business "+place, "Provider Second Line Business "+place)
		for _, part := range []string{"City Name", "State Name", "Postal Code", "Country Code (If outside U.S.)", "Telephone Number", "Fax Number"} {
			names = append(names, "Provider Business "+place+" "+part)
		}
	}
	names = append(names, "Provider Enumeration Date", "Last Update Date", "NPI Deactivation Reason Code", "NPI Deactivation Date", "NPI Reactivation Date",
		"Provider Sex Code", "Authorized Official Last Name", "Authorized Official First Name", "Authorized Official Middle Name",
		"Authorized Official Title or Position", "Authorized Official Telephone Number")
	names = append(names, numbered(15, "Healthcare Provider Taxonomy Code", "Provider License Number", "Provider License Number State Code", "Healthcare Provider Primary Taxonomy Switch")...)
	names = append(names, numbered(50, "Other Provider Identifier", "Other Provider Identifier Type Code", "Other Provider Identifier State", "Other Provider Identifier Issuer")...)
	names = append(names, "Is Sole Proprietor", "Is Organization Subpart", "Parent Organization LBN", "Parent Organization TIN",
		"Authorized Official Name Prefix Text", "Authorized Official Name Suffix Text", "Authorized Official Credential Text")
	names = append(names, numbered(15, "Healthcare Provider Taxonomy Group")...)
	return append(names, "Certification Date")
}()

func numbered(n int, names ...string) []string {
	var out []string
	for i := 1; i <= n; i++ {
		for _, name := range names {
			out = append(out, fmt.Sprintf("%s_%d", name, i))
		}
	}
	return out
}

// v1Column was renamed in the V2 layout.
const v1Column = "Provider Gender Code"

// layout says where in a row the columns stand that are read.
type layout struct {
	width int
	at    [columnsRead]int
	last  int // the last one that is read
}

// layoutOf reads a header. Every name must be one of the layout and every name that is read must be
// there; the order is free.
//
// Faults: Invalid "nppes_v1", "nppes_header".
func layoutOf(header []string) (layout, error) {
	known := make(map[string]bool, len(Columns))
	for _, name := range Columns {
		known[name] = true
	}
	at := make(map[string]int, len(header))
	for i, name := range header {
		name = strings.TrimSpace(name)
		_, twice := at[name]
		switch {
		case strings.EqualFold(name, v1Column):
			return layout{}, fault.New(fault.Invalid, "nppes_v1", "the file has the V1 layout, which CMS ended in March 2026: take the file whose name ends in _V2")
		case !known[name] || twice:
			return layout{}, fault.New(fault.Invalid, "nppes_header", "column %d of the header is none of the V2 layout. Load a file of NPPES as CMS publishes it, whose name ends in _V2: the ZIP, or the npidata_pfile in it", i+1)
		}
		at[name] = i
	}
	l := layout{width: len(header)}
	for i, name := range readNames {
		position, found := at[name]
		if !found {
			return layout{}, fault.New(fault.Invalid, "nppes_header", "the header has no column %q", name)
		}
		l.at[i] = position
		l.last = max(l.last, position)
	}
	return l, nil
}
