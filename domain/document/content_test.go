package document_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"surgicase/domain/document"
	"surgicase/domain/fault"
)

var errBroken = errors.New("broken")

// sources give n bytes and then end, in the ways that readers have.
func sources(n int, end error) map[string]io.Reader {
	all := func() io.Reader {
		if end == io.EOF { //nolint:errorlint // as it is
			return bytes.NewReader(make([]byte, n))
		}
		return io.MultiReader(bytes.NewReader(make([]byte, n)), iotest.ErrReader(end))
	}
	return map[string]io.Reader{
		"at once": all(), "byte by byte": iotest.OneByteReader(all()), "end with the last byte": iotest.DataErrReader(all()), "halves": iotest.HalfReader(all()),
	}
}

func TestContentIsWholeOrFails(t *testing.T) {
	for _, size := range []int64{-1, 0, 1, 1000} {
		for _, length := range []int{0, 1, 999, 1000, 1001, 5000} {
			for _, end := range []error{io.EOF, errBroken, io.ErrUnexpectedEOF, fmt.Errorf("wrapped: %w", io.EOF)} {
				for how, source := range sources(length, end) {
					c := document.NewContent(source, size)
					got, err := io.ReadAll(c)
					whole := end == io.EOF && (size < 0 || size == int64(length)) //nolint:errorlint // as it is
					sum := sha256.Sum256(make([]byte, length))
					switch {
					case whole && (err != nil || c.Err() != nil || len(got) != length || c.Size() != int64(length) || !bytes.Equal(c.SHA256(), sum[:])):
						t.Errorf("%d of %d %s: got %d bytes, %v, %v", length, size, how, len(got), err, c.Err())
					case !whole && (err == nil || errors.Is(err, io.ErrUnexpectedEOF)):
						t.Errorf("%d of %d, %v, %s: got %v", length, size, end, how, err)
					case !whole && size >= 0 && int64(len(got)) >= size && size > 0:
						t.Errorf("%d of %d, %v, %s: the last bytes were given away", length, size, end, how)
					case !whole && !errors.Is(c.Err(), end) && fault.CodeOf(c.Err()) != "object_size_wrong":
						t.Errorf("%d of %d, %v, %s: the reason is %v", length, size, end, how, c.Err())
					}
				}
			}
		}
	}
}
