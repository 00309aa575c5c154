package nppes

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"

	"surgicase/domain/fault"
)

// longestRow is more than any row of the layout can have, in bytes; what is longer is rejected up to the next row.
const longestRow = 1 << 20

// scanner parts a data file into rows. encoding/csv spends most of its time on the columns nobody
// reads: a row whose quotes just suffice to enclose every column is cut by hand up to the last column
// that is read, and every other one is left to encoding/csv.
type scanner struct {
	in     *bufio.Reader
	layout layout
	long   []byte // a row that does not fit the reader's buffer, or goes on in the next line
	quoted bool   // the header is
	read   int64  // bytes
	fields [columnsRead][]byte
}

// bufferSize of the reader; a row of the layout has about 1,200 bytes.
const bufferSize = 256 << 10

// errRow is a row that is no row of the layout; the next one may be.
var errRow = errors.New("bad row")

func newScanner(content io.Reader) (*scanner, error) {
	s := &scanner{in: bufio.NewReaderSize(content, bufferSize)}
	line, whole, err := s.row()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	line = bytes.TrimPrefix(line, []byte("\ufeff"))
	s.quoted = bytes.HasPrefix(line, quote)
	header, err := csv.NewReader(bytes.NewReader(line)).Read()
	if err != nil || !whole {
		return nil, fault.New(fault.Invalid, "nppes_header", "the file does not begin with a header")
	}
	s.layout, err = layoutOf(header)
	return s, err
}

// row returns the next row without its line end. A row whose last quote is open goes on in the next line, unless
// the next row begins there: then a stray quote stands in it, which must not cost the rows behind it, and the error
// is errRow. The row is whole if its line ends.
func (s *scanner) row() (row []byte, whole bool, err error) {
	s.long = s.long[:0]
	quotes, overlong := 0, false
	for {
		part, err := s.in.ReadSlice('\n')
		s.read += int64(len(part))
		switch {
		case err == nil && len(s.long) == 0 && bytes.Count(part, quote)%2 == 0:
			return bytes.TrimRight(part, "\r\n"), true, nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF):
			return nil, false, err
		}
		quotes += bytes.Count(part, quote)
		if overlong = overlong || len(s.long)+len(part) > longestRow; !overlong {
			s.long = append(s.long, part...)
		}
		ended := errors.Is(err, io.EOF)
		switch {
		case ended && overlong:
			return nil, false, fault.New(fault.Invalid, "nppes_not_csv", "the file has a line of more than a million characters: it is not CSV")
		case ended && len(s.long) == 0:
			return nil, false, io.EOF
		case ended && (s.hasAllColumns(quotes) || bytes.HasSuffix(s.long, []byte{'\n'})):
			return nil, false, errRow
		case ended:
			return s.long, false, nil
		case err == nil && !overlong && quotes%2 == 0:
			return bytes.TrimRight(s.long, "\r\n"), true, nil
		case err == nil && s.rowBegins():
			return nil, false, errRow
		}
	}
}

// hasAllColumns reports whether the last row of a file holds as many quotes as a whole row, and one too many: it was
// not cut off. Nor was a row whose line ends.
func (s *scanner) hasAllColumns(quotes int) bool {
	return s.layout.width > 0 && quotes > 2*s.layout.width && quotes%2 == 1
}

// rowBegins reports whether the next line begins as a row does: with an NPI. Within a value a quote comes twice, so a
// quoted NPI is never part of one; digits without quotes may be, and count only where the header has no quotes either.
func (s *scanner) rowBegins() bool {
	if s.layout.width == 0 || s.layout.at[colNPI] != 0 {
		return false
	}
	return s.nextIs(`"dddddddddd",`) || (!s.quoted && s.nextIs("dddddddddd,"))
}

// nextIs reports whether the next bytes have a form in which d is any digit.
func (s *scanner) nextIs(form string) bool {
	next, _ := s.in.Peek(len(form)) // fewer bytes at the end of the file
	if len(next) < len(form) {
		return false
	}
	for i, c := range next {
		if isDigit := '0' <= c && c <= '9'; isDigit != (form[i] == 'd') || (!isDigit && c != form[i]) {
			return false
		}
	}
	return true
}

var quote = []byte{'"'}

// next reads the columns of the next row into fields, which hold until the row after. It returns
// io.EOF at the end, errRow for a row that is none, and a fault if the file ends within a row.
func (s *scanner) next() error {
	row, whole, err := s.row()
	if err != nil {
		return err
	}
	if whole && bytes.Count(row, quote) == 2*s.layout.width && s.cut(row) {
		return nil
	}
	return s.parse(row, whole)
}

// skip passes over a row.
func (s *scanner) skip() error {
	if _, _, err := s.row(); !errors.Is(err, errRow) {
		return err
	}
	return nil
}

// cut finds the columns by hand; false if the row is not made of quoted columns.
func (s *scanner) cut(row []byte) bool {
	l := &s.layout
	want := 0
	for column := 0; column <= l.last; column++ {
		if len(row) < 2 || row[0] != '"' {
			return false
		}
		end := bytes.IndexByte(row[1:], '"') + 1
		if end == 0 || (end+1 < len(row) && row[end+1] != ',') {
			return false
		}
		for want = range l.at {
			if l.at[want] == column {
				s.fields[want] = row[1:end]
			}
		}
		row = row[min(end+2, len(row)):]
	}
	return true
}

// parse leaves the row to encoding/csv.
func (s *scanner) parse(row []byte, whole bool) error {
	r := csv.NewReader(bytes.NewReader(row))
	r.FieldsPerRecord = -1
	columns, err := r.Read()
	switch {
	case !whole && (err != nil || len(columns) != s.layout.width):
		return fault.New(fault.Invalid, "nppes_cut", "the file ends in the middle of a row: it is cut off")
	case err != nil || len(columns) != s.layout.width:
		return errRow
	}
	for i, position := range s.layout.at {
		s.fields[i] = []byte(columns[position])
	}
	return nil
}
