package nppes

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"surgicase/domain/civil"
	"surgicase/domain/npi"
)

// Rejected says why a row cannot be loaded. The rows after it can be.
type Rejected string

// Error makes a Rejected an error.
func (r Rejected) Error() string { return string(r) }

// lengths are the widths of the V2 layout, in characters. Source: spec/formats.md b.
var lengths = [columnsRead]int{
	colOrganization: 100, colLast: 35, colFirst: 35, colLine: 55, colCity: 40, colState: 40, colZIP: 20,
}

// record makes a record of the columns of a row.
func (s *scanner) record() (npi.Record, error) {
	for i, longest := range lengths {
		field := s.fields[i]
		if !utf8.Valid(field) {
			var known bool
			if field, known = fromWindows1252(field); !known {
				return npi.Record{}, Rejected("column " + readNames[i] + " is neither UTF-8 nor Windows-1252")
			}
			s.fields[i] = field
		}
		if longest > 0 && len(field) > longest && utf8.RuneCount(field) > longest {
			return npi.Record{}, Rejected("column " + readNames[i] + " is longer than " + strconv.Itoa(longest) + " characters")
		}
	}
	r := npi.Record{Organization: s.text(colOrganization), Last: s.text(colLast), First: s.text(colFirst)}
	var err error
	if r.NPI, err = parseNPI(string(s.fields[colNPI])); err != nil {
		return r, err
	}
	for _, d := range []struct {
		column int
		into   *civil.Date
	}{{colUpdated, &r.Updated}, {colDeactivated, &r.Deactivated}, {colReactivated, &r.Reactivated}} {
		if *d.into, err = parseDay(s.fields[d.column]); err != nil {
			return r, Rejected("column " + readNames[d.column] + " is not a date as MM/DD/YYYY")
		}
	}
	r.Address = npi.Address{Line: s.text(colLine), City: s.text(colCity), State: s.text(colState), ZIP: s.text(colZIP)}
	return s.kinded(r)
}

// fromWindows1252 reads a value that a program without UTF-8 has written. Five bytes have no meaning there.
func fromWindows1252(value []byte) (decoded []byte, known bool) {
	decoded, err := charmap.Windows1252.NewDecoder().Bytes(value)
	return decoded, err == nil && !bytes.ContainsRune(decoded, utf8.RuneError)
}

// kinded completes a record by its entity type. A deactivated NPI may come without one, and then
// without a name.
func (s *scanner) kinded(r npi.Record) (npi.Record, error) {
	switch kind := string(s.fields[colEntity]); {
	case kind == "1" && (r.Last != "" || r.First != ""):
		r.Kind, r.Organization = npi.Individual, ""
	case kind == "2" && r.Organization != "":
		r.Kind, r.Last, r.First = npi.Organization, "", ""
	case (kind == "" || kind == "1" || kind == "2") && !r.Active():
		return npi.Record{NPI: r.NPI, Updated: r.Updated, Deactivated: r.Deactivated, Reactivated: r.Reactivated}, nil
	case kind == "1" || kind == "2":
		return r, Rejected("there is no name")
	default:
		return r, Rejected("column Entity Type Code is neither 1 nor 2")
	}
	if r.Updated.IsZero() {
		return r, Rejected("column Last Update Date is empty")
	}
	return r, nil
}

func (s *scanner) text(column int) string { return strings.TrimSpace(string(s.fields[column])) }

func parseNPI(text string) (npi.NPI, error) {
	if strings.TrimSpace(text) == "" {
		return 0, Rejected("there is no NPI")
	}
	number, err := npi.Parse(text)
	if err != nil {
		return 0, Rejected("column NPI is no valid NPI")
	}
	return number, nil
}

// parseDay reads MM/DD/YYYY; empty is no date.
func parseDay(text []byte) (civil.Date, error) {
	if len(text) == 0 {
		return civil.Date{}, nil
	}
	if len(text) != 10 || text[2] != '/' || text[5] != '/' {
		return civil.Date{}, Rejected("is no date")
	}
	month, ok1 := digits(text[0:2])
	day, ok2 := digits(text[3:5])
	year, ok3 := digits(text[6:10])
	if !ok1 || !ok2 || !ok3 || month < 1 || month > 12 || year < 1 || day < 1 || day > daysIn(year, time.Month(month)) {
		return civil.Date{}, Rejected("is no date")
	}
	return civil.Date{Year: year, Month: time.Month(month), Day: day}, nil
}

func digits(text []byte) (n int, ok bool) {
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}

func daysIn(year int, month time.Month) int {
	switch month {
	case time.April, time.June, time.September, time.November:
		return 30
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	default:
		return 31
	}
}
