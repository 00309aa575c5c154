package nppes

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// ZIP writes files under their names.
func ZIP(out io.Writer, content map[string]string) error {
	archive := zip.NewWriter(out)
	for _, name := range slices.Sorted(maps.Keys(content)) {
		w, err := archive.Create(name)
		if err == nil {
			_, err = io.WriteString(w, content[name])
		}
		if err != nil {
			return err
		}
	}
	return archive.Close()
}

// WriteReport writes a report of deactivated NPIs as the workbook that CMS makes of it: a title, a header,
// and a row for each with its texts shared or, as other programs have it, inline. A date that is a number
// is written as one.
func WriteReport(out io.Writer, rows [][2]string, inline bool) error {
	var sheet, texts strings.Builder
	shared := 0
	cell := func(at, text string) {
		switch {
		case text == "":
		case strings.Trim(text, "0123456789") == "" && len(text) < 10:
			fmt.Fprintf(&sheet, `<c r="%s" s="1"><v>%s</v></c>`, at, text)
		case inline:
			fmt.Fprintf(&sheet, `<c r="%s" t="inlineStr"><is><t>%s</t></is></c>`, at, text)
		default:
			fmt.Fprintf(&sheet, `<c r="%s" t="s"><v>%d</v></c>`, at, shared)
			fmt.Fprintf(&texts, `<si><t xml:space="preserve">%s</t></si>`, text)
			shared++
		}
	}
	all := append([][2]string{{"NPPES Deactivated NPI Report as of Sep 14 2026", ""}, {"NPI", "NPPES Deactivation Date"}}, rows...)
	for i, row := range all {
		fmt.Fprintf(&sheet, `<row r="%d">`, i+1)
		cell(fmt.Sprintf("A%d", i+1), row[0])
		cell(fmt.Sprintf("B%d", i+1), row[1])
		cell(fmt.Sprintf("AA%d", i+1), "9")
		sheet.WriteString("</row>")
	}
	const namespace = ` xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	return ZIP(out, map[string]string{
		"[Content_Types].xml":      "<Types/>",
		"xl/sharedStrings.xml":     "<sst" + namespace + ">" + texts.String() + "</sst>",
		"xl/worksheets/sheet1.xml": "<worksheet" + namespace + "><sheetData>" + sheet.String() + "</sheetData></worksheet>",
	})
}

// WriteReportZIP writes the report in a ZIP, as it is published.
func WriteReportZIP(out io.Writer, rows [][2]string, inline bool) error {
	var workbook bytes.Buffer
	if err := WriteReport(&workbook, rows, inline); err != nil {
		return err
	}
	return ZIP(out, map[string]string{"NPPES Deactivated NPI Report 20260914.xlsx": workbook.String()})
}
