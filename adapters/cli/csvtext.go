package cli

import (
	"bytes"
	"encoding/csv"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"surgicase/domain/fault"
)

// readText reads a file as text, whatever encoding a spreadsheet has saved it in: UTF-8, UTF-16 ("Unicode
// text"), or Windows-1252, which is what is neither.
func readText(file io.Reader) (string, error) {
	content, err := io.ReadAll(file)
	if err != nil {
		return "", err
	}
	if bytes.HasPrefix(content, []byte("PK\x03\x04")) || bytes.HasPrefix(content, []byte{0xd0, 0xcf, 0x11, 0xe0}) {
		return "", fault.InvalidField("line 1", "belongs to a workbook; save the sheet as CSV (UTF-8)")
	}
	if from := encodingOf(content); from != nil {
		if content, err = from.NewDecoder().Bytes(content); err != nil {
			return "", err
		}
	}
	text := strings.TrimPrefix(string(content), "\ufeff")
	if !strings.Contains(text, "\n") { // "CSV (Macintosh)"
		text = strings.ReplaceAll(text, "\r", "\n")
	}
	return text, nil
}

// encodingOf returns the encoding of a file that is not UTF-8, and nil of one that is.
func encodingOf(content []byte) encoding.Encoding {
	switch {
	case bytes.HasPrefix(content, []byte{0xff, 0xfe}), len(content) > 1 && content[0] != 0 && content[1] == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case bytes.HasPrefix(content, []byte{0xfe, 0xff}), len(content) > 1 && content[0] == 0 && content[1] != 0:
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case !utf8.Valid(content):
		return charmap.Windows1252
	}
	return nil
}

// newCSVReader reads values parted by what parts most of the header line. A first line "sep=;" says it.
func newCSVReader(text string) *csv.Reader {
	header, rest, _ := strings.Cut(strings.ReplaceAll(strings.TrimLeft(text, "\r\n"), "\r\n", "\n"), "\n")
	lineEnds := strings.Count(text, "\n") - strings.Count(rest, "\n")
	separator := ','
	if declared, found := strings.CutPrefix(strings.ToLower(strings.Trim(header, "\"")), "sep="); found && len(declared) == 1 {
		separator = rune(declared[0])
		text = strings.Repeat("\n", lineEnds) + rest // line numbers stay
	} else {
		for _, other := range ";\t" {
			if strings.Count(header, string(other)) > strings.Count(header, string(separator)) {
				separator = other
			}
		}
	}
	reader := csv.NewReader(strings.NewReader(text))
	reader.FieldsPerRecord = -1
	if strings.ContainsRune(",;\t|", separator) {
		reader.Comma = separator
	}
	return reader
}
