package nppes

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"

	"surgicase/domain/fault"
	"surgicase/domain/npi"
)

// File is a file of NPPES: a data file or the report of deactivated NPIs, in a ZIP or bare.
type File struct {
	Name string // of what is read
	Size int64  // bytes that are read
	open func() (io.ReadCloser, error)
	rows func(io.Reader) (Rows, error)
}

// Rows reads a file row by row.
type Rows interface {
	// Next gives the next row. Rejected if it cannot be loaded, io.EOF after the last one, a fault if
	// nothing more can be read.
	Next() (npi.Record, error)

	// Skip passes over a row as Next would.
	Skip() error

	// Done is how many bytes of the file have been read.
	Done() int64
}

// largestReport is more than a report of deactivated NPIs ever had, in bytes of the workbook: it is
// held in memory, since it may be a ZIP in a ZIP.
const largestReport = 128 << 20

// Open finds out what a file is.
//
// Faults: Invalid "nppes_zip" if it is a ZIP that cannot be read, "nppes_content" if nothing of NPPES is in it.
func Open(content io.ReaderAt, size int64, name string) (*File, error) {
	start := make([]byte, 4)
	if n, err := content.ReadAt(start, 0); n < len(start) || (err != nil && !errors.Is(err, io.EOF)) {
		return nil, fault.New(fault.Invalid, "nppes_content", "the file is empty")
	}
	if string(start[:2]) != "PK" {
		return &File{Name: name, Size: size, rows: dataRows, open: func() (io.ReadCloser, error) {
			return io.NopCloser(io.NewSectionReader(content, 0, size)), nil
		}}, nil
	}
	archive, err := zip.NewReader(content, size)
	if err != nil {
		return nil, brokenZIP(err)
	}
	return inZIP(archive)
}

func brokenZIP(err error) error {
	return fault.New(fault.Invalid, "nppes_zip", "the ZIP file is damaged or cut off").Because(err)
}

func inZIP(archive *zip.Reader) (*File, error) {
	var header bool
	for _, entry := range archive.File {
		base := strings.ToLower(baseOf(entry))
		switch {
		case strings.Contains(base, "fileheader"):
			header = true
		case strings.HasPrefix(base, "npidata_pfile") && strings.HasSuffix(base, ".csv"):
			return &File{Name: baseOf(entry), Size: int64(entry.UncompressedSize64), open: entry.Open, rows: dataRows}, nil //nolint:gosec // a size
		case strings.HasSuffix(base, ".xlsx"):
			return reportIn(entry)
		case entry.Name == workbookStrings || strings.HasPrefix(entry.Name, workbookSheets):
			return sheetOf(archive)
		}
	}
	if header {
		return nil, fault.New(fault.Invalid, "nppes_content", "the ZIP file holds a header and no data")
	}
	return nil, fault.New(fault.Invalid, "nppes_content", "the ZIP file holds neither a file npidata_pfile…csv nor a report of deactivated NPIs")
}

func baseOf(entry *zip.File) string { return entry.Name[strings.LastIndexByte(entry.Name, '/')+1:] }

// reportIn opens the workbook of a report that lies in a ZIP.
func reportIn(entry *zip.File) (*File, error) {
	if entry.UncompressedSize64 > largestReport {
		return nil, fault.New(fault.Invalid, "nppes_content", "the report of deactivated NPIs is larger than any")
	}
	content, err := entry.Open()
	if err != nil {
		return nil, brokenZIP(err)
	}
	defer content.Close()
	whole, err := io.ReadAll(io.LimitReader(content, largestReport))
	if err != nil {
		return nil, brokenZIP(err)
	}
	workbook, err := zip.NewReader(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		return nil, brokenZIP(err)
	}
	return sheetOf(workbook)
}

// Read reads the file from its first row on.
//
// Faults: Invalid "nppes_zip", "nppes_v1", "nppes_header".
func (f *File) Read() (Rows, io.Closer, error) {
	content, err := f.open()
	if err != nil {
		return nil, nil, brokenZIP(err)
	}
	rows, err := f.rows(content)
	if err != nil {
		_ = content.Close() // nothing is lost
		return nil, nil, readingFault(err)
	}
	return rows, content, nil
}

// readingFault turns what a reader said into a sentence.
func readingFault(err error) error {
	var f *fault.Error
	switch {
	case err == nil, errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &f):
		return err
	}
	return brokenZIP(err)
}

type dataFile struct{ *scanner }

func dataRows(content io.Reader) (Rows, error) {
	s, err := newScanner(content)
	return dataFile{s}, err
}

// Next implements Rows.
func (f dataFile) Next() (npi.Record, error) {
	err := f.next()
	switch {
	case errors.Is(err, errRow):
		return npi.Record{}, Rejected("it is not a row of the layout")
	case err != nil:
		return npi.Record{}, readingFault(err)
	}
	return f.record()
}

// Skip implements Rows.
func (f dataFile) Skip() error { return readingFault(f.skip()) }

// Done implements Rows.
func (f dataFile) Done() int64 { return f.read }
