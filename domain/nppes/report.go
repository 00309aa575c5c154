package nppes

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"

	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/npi"
)

// Where a workbook keeps its texts and its sheets.
const (
	workbookStrings = "xl/sharedStrings.xml"
	workbookSheets  = "xl/worksheets/"
)

// sheetOf opens the first sheet of a workbook as a report of deactivated NPIs: a title, a header, then
// NPI and date in the first two columns.
func sheetOf(workbook *zip.Reader) (*File, error) {
	var sheet *zip.File
	var texts []string
	for _, entry := range workbook.File {
		switch {
		case entry.Name == workbookStrings:
			var err error
			if texts, err = sharedTexts(entry); err != nil {
				return nil, err
			}
		case strings.HasPrefix(entry.Name, workbookSheets) && strings.HasSuffix(entry.Name, ".xml") && (sheet == nil || entry.Name < sheet.Name):
			sheet = entry
		}
	}
	if sheet == nil {
		return nil, fault.New(fault.Invalid, "nppes_content", "the workbook has no sheet")
	}
	return &File{
		Name: "report of deactivated NPIs", Size: int64(sheet.UncompressedSize64), open: sheet.Open, //nolint:gosec // a size
		rows: func(content io.Reader) (Rows, error) { return newReport(content, texts) },
	}, nil
}

// sharedTexts reads the texts that cells refer to by number.
func sharedTexts(entry *zip.File) ([]string, error) {
	if entry.UncompressedSize64 > largestReport {
		return nil, fault.New(fault.Invalid, "nppes_content", "the report of deactivated NPIs is larger than any")
	}
	content, err := entry.Open()
	if err != nil {
		return nil, brokenZIP(err)
	}
	defer content.Close()
	texts := []string{}
	in := xml.NewDecoder(content)
	for {
		token, err := in.Token()
		if errors.Is(err, io.EOF) {
			return texts, nil
		}
		if err != nil {
			return nil, brokenZIP(err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "si" {
			var text richText
			if err := in.DecodeElement(&text, &start); err != nil {
				return nil, brokenZIP(err)
			}
			texts = append(texts, text.String())
		}
	}
}

// richText is a text in one piece or in runs of different looks.
type richText struct {
	Plain string `xml:"t"`
	Runs  []struct {
		Text string `xml:"t"`
	} `xml:"r"`
}

// String gives the text without its looks.
func (r richText) String() string {
	text := r.Plain
	for _, run := range r.Runs {
		text += run.Text
	}
	return text
}

// report reads the rows of a sheet below its header.
type report struct {
	in    *xml.Decoder
	texts []string
}

type sheetRow struct {
	Cells []struct {
		At     string   `xml:"r,attr"`
		Type   string   `xml:"t,attr"`
		Value  string   `xml:"v"`
		Inline richText `xml:"is"`
	} `xml:"c"`
}

func newReport(content io.Reader, texts []string) (*report, error) {
	r := &report{xml.NewDecoder(content), texts}
	for {
		number, _, err := r.row()
		if errors.Is(err, io.EOF) {
			return nil, fault.New(fault.Invalid, "nppes_header", "the report of deactivated NPIs has no column NPI")
		}
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(strings.TrimSpace(number), "NPI") {
			return r, nil
		}
	}
}

// row gives the first two columns of the next row.
func (r *report) row() (first, second string, err error) {
	for {
		token, err := r.in.Token()
		if err != nil {
			return "", "", readingFault(err)
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "row" {
			continue
		}
		var row sheetRow
		if err := r.in.DecodeElement(&row, &start); err != nil {
			return "", "", brokenZIP(err)
		}
		var columns [2]string
		for i, cell := range row.Cells {
			column := i
			if cell.At != "" {
				column = int(cell.At[0] - 'A')
				if len(cell.At) > 1 && cell.At[1] >= 'A' {
					column = len(columns) // AA and beyond
				}
			}
			text := r.textOf(cell.Type, cell.Value, cell.Inline.String())
			switch column {
			case 0:
				columns[0] = text
			case 1:
				columns[1] = text
			}
		}
		return columns[0], columns[1], nil
	}
}

func (r *report) textOf(kind, value, inline string) string {
	switch kind {
	case "s":
		if n, err := strconv.Atoi(value); err == nil && n >= 0 && n < len(r.texts) {
			return r.texts[n]
		}
		return ""
	case "inlineStr":
		return inline
	}
	return value
}

// Next implements Rows.
func (r *report) Next() (npi.Record, error) {
	number, day, err := r.row()
	if err != nil {
		return npi.Record{}, err
	}
	var record npi.Record
	if record.NPI, err = parseNPI(strings.TrimSpace(number)); err != nil {
		return record, err
	}
	if record.Deactivated, err = reportDay(strings.TrimSpace(day)); err != nil || record.Deactivated.IsZero() {
		return record, Rejected("the date is not one as MM/DD/YYYY")
	}
	return record, nil
}

// reportDay reads a date as text or as Excel counts days.
func reportDay(text string) (civil.Date, error) {
	if days, err := strconv.ParseFloat(text, 64); err == nil && days >= 1 && days < 100_000 {
		return civil.Date{Year: 1899, Month: 12, Day: 30}.AddDays(int(math.Floor(days))), nil
	}
	return parseDay([]byte(text))
}

// Skip implements Rows.
func (r *report) Skip() error {
	_, _, err := r.row()
	return err
}

// Done implements Rows.
func (r *report) Done() int64 { return r.in.InputOffset() }
