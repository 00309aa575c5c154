package document_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"surgicase/domain/document"
	"surgicase/domain/fault"
)

func TestVerified(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), 1000)
	sum := sha256.Sum256(content)
	flipped := bytes.Clone(content)
	flipped[5000] ^= 1
	right := document.Expected{Size: int64(len(content)), SHA256: sum[:]}
	for what, c := range map[string]struct {
		stored []byte
		size   int64 // as the store says
		want   document.Expected
		fine   bool
	}{
		"what was stored": {content, 10000, right, true}, "a bit flipped": {flipped, 10000, right, false}, "cut off": {content[:9999], 10000, right, false},
		"shorter": {content[:9999], 9999, right, false}, "longer": {append(bytes.Clone(content), 'x'), 10001, right, false}, "longer than the store says": {append(bytes.Clone(flipped), 'x'), 10000, right, false},
		"no checksum is known": {flipped, 10000, document.Expected{Size: 10000}, true}, "nothing is known": {content, 10000, document.Expected{}, true},
	} {
		for how, from := range map[string]io.Reader{
			"at once": bytes.NewReader(c.stored), "byte by byte": iotest.OneByteReader(bytes.NewReader(c.stored)), "with the end": iotest.DataErrReader(bytes.NewReader(c.stored)),
		} {
			told := 0
			got, err := io.ReadAll(document.NewVerified(io.NopCloser(from), c.size, c.want, func() { told++ }))
			if c.fine && (err != nil || told != 0 || !bytes.Equal(got, c.stored)) {
				t.Errorf("%s, %s: %d bytes, %v", what, how, len(got), err)
			}
			if !c.fine && (fault.CodeOf(err) != "document_damaged" || told != 1 || int64(len(got)) >= c.size) {
				t.Errorf("%s, %s: %d of %d bytes were given out, %v, told %d times", what, how, len(got), c.size, err, told)
			}
		}
	}
	broken := errors.New("broken")
	if _, err := io.ReadAll(document.NewVerified(io.NopCloser(iotest.ErrReader(broken)), 5, right, func() { t.Error("told of a failing store") })); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
