package cli

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"surgicase/domain/civil"
	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/pay"
)

// The columns of the files that can be imported, in any order; the first ones are needed.
var (
	priceColumns = []string{"user_tier", "procedure_code", "code_pay_amount", "code_category"}
	codeColumns  = []string{"code", "description", "kind", "category", "effective", "end"}
)

const (
	neededOfPrices = 3
	neededOfCodes  = 2
	usualKind      = "cpt" // of codes that name none

	// Column widths. Source: reference-wire.md, data model.
	maxDescription = 2500
	maxShort       = 20

	maxLineFaults = 20 // shown; a file of another kind would fail on every line
)

// readPrices reads a price table: a CSV file whose header line names priceColumns.
//
// Faults: Invalid with the lines that are wrong.
func readPrices(file io.Reader) ([]pay.Row, error) {
	return readCSV(file, priceColumns, neededOfPrices, func(l line) pay.Row {
		code, err := pay.ParseCode(l.value("procedure_code"))
		l.check("procedure_code", err)
		amount, err := pay.ParseCents(l.value("code_pay_amount"))
		l.check("code_pay_amount", err)
		return pay.Row{Tier: l.tier("user_tier"), Code: code, Amount: amount, Category: l.text("code_category", pay.MaxCategory, false)}
	})
}

// readCodes reads a code catalogue: a CSV file whose header line names codeColumns.
//
// Faults: Invalid with the lines that are wrong.
func readCodes(file io.Reader) ([]directory.ProcedureCode, error) {
	return readCSV(file, codeColumns, neededOfCodes, func(l line) directory.ProcedureCode {
		code, err := pay.ParseCode(l.value("code"))
		l.check("code", err)
		out := directory.ProcedureCode{
			Code: string(code), Description: l.text("description", maxDescription, true), Kind: strings.ToLower(l.text("kind", maxShort, false)),
			Category: l.text("category", maxShort, false), From: l.day("effective"), Until: l.day("end"),
		}
		if out.Kind == "" {
			out.Kind = usualKind
		}
		if !out.Until.IsZero() && out.Until.Before(out.From) {
			l.bad.Add(l.at("end"), "lies before effective")
		}
		return out
	})
}

// readCSV reads every line of a file by the names in its header line. It takes what spreadsheets save: their
// encodings and separators, empty lines, and empty columns at the end.
func readCSV[T any](file io.Reader, known []string, needed int, parse func(line) T) ([]T, error) {
	text, err := readText(file)
	if err != nil {
		return nil, err
	}
	reader := newCSVReader(text)
	columns, err := readHeader(reader, known, known[:needed])
	if err != nil {
		return nil, err
	}
	width := 0
	for _, i := range columns {
		width = max(width, i+1)
	}
	var out []T
	var bad fault.Collector
	for {
		values, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return out, firstFaults(bad.Err())
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			return nil, fault.InvalidField(fmt.Sprintf("line %d", broken.StartLine), "has a quote that is not one of a quoted value").Because(err)
		}
		if err != nil {
			return nil, err
		}
		number, _ := reader.FieldPos(0)
		switch {
		case isBlank(values): // spreadsheets write rows that were formatted once
		case len(values) < width || !isBlank(values[width:]):
			return nil, fault.InvalidField(fmt.Sprintf("line %d", number), "is not a line of as many values as the header has")
		default:
			out = append(out, parse(line{values: values, columns: columns, number: number, bad: &bad}))
		}
	}
}

func isBlank(values []string) bool {
	return !slices.ContainsFunc(values, func(v string) bool { return strings.TrimSpace(v) != "" })
}

func readHeader(reader *csv.Reader, known, needed []string) (map[string]int, error) {
	header, err := reader.Read()
	for len(header) > 0 && isBlank(header[len(header)-1:]) {
		header = header[:len(header)-1]
	}
	columns := map[string]int{}
	for i, name := range header {
		columns[strings.ToLower(strings.TrimSpace(name))] = i
	}
	for name := range columns {
		if !slices.Contains(known, name) {
			err = errors.New("unknown column")
		}
	}
	for _, name := range needed {
		if _, ok := columns[name]; !ok {
			err = errors.New("missing column")
		}
	}
	if err != nil || len(columns) != len(header) {
		return nil, fault.InvalidField("line 1", "must name the columns %s; may name %s; commas, semicolons or tabs part them", strings.Join(needed, ", "), strings.Join(known[len(needed):], ", ")).Because(err)
	}
	return columns, nil
}

// firstFaults keeps the first faults of a file.
func firstFaults(err error) error {
	var f *fault.Error
	if errors.As(err, &f) && len(f.Fields) > maxLineFaults {
		f.Fields = f.Fields[:maxLineFaults]
	}
	return err
}

// line is one line of a file; what is wrong with its values is collected.
type line struct {
	values  []string
	columns map[string]int
	number  int
	bad     *fault.Collector
}

func (l line) at(column string) string { return fmt.Sprintf("line %d %s", l.number, column) }

func (l line) value(column string) string {
	if i, ok := l.columns[column]; ok {
		return strings.TrimSpace(l.values[i])
	}
	return ""
}

func (l line) check(column string, err error) { l.bad.Check(l.at(column), err) }

func (l line) text(column string, longest int, required bool) string {
	text, err := directory.ParseLine(l.value(column), longest, required)
	l.check(column, err)
	return text
}

func (l line) day(column string) civil.Date {
	if l.value(column) == "" {
		return civil.Date{}
	}
	day, err := civil.ParseDate(l.value(column))
	l.check(column, err)
	return day
}

func (l line) tier(column string) pay.Tier {
	tier, err := pay.ParseTier(l.value(column))
	l.check(column, err)
	return tier
}
