package document

import (
	"crypto/sha256"
	"errors"
	"hash"
	"io"

	"surgicase/domain/fault"
)

// Content reads what is to be stored. It counts and sums up on the way, and gives the last bytes of a
// known size only when the source has properly ended with them: whoever stores what it reads never
// stores a piece, however his client takes errors.
type Content struct {
	from io.Reader
	size int64 // -1: not known
	read int64
	sum  hash.Hash
	done bool
	err  error
}

// NewContent reads from a source that should hold size bytes, or any number if size is -1.
func NewContent(from io.Reader, size int64) *Content {
	return &Content{from: from, size: size, sum: sha256.New()}
}

// errSource stands for every failure: some clients take io.ErrUnexpectedEOF for an end.
var errSource = errors.New("the source of an object failed")

// Read reads from the source. It never gives bytes and the end at once: some clients drop one of
// them. Err says why it fails.
func (c *Content) Read(p []byte) (int, error) {
	switch {
	case c.err != nil:
		return 0, errSource
	case c.done:
		return 0, io.EOF
	}
	n, err := c.from.Read(p)
	c.read += int64(n)
	if c.size >= 0 && err == nil && c.read == c.size {
		err = c.end()
	}
	c.done = err == io.EOF //nolint:errorlint // a wrapped EOF is no end
	switch {
	case err != nil && !c.done:
		c.err = err
	case c.size >= 0 && (c.read > c.size || c.done && c.read < c.size):
		c.err = WrongSize()
	}
	if c.err != nil {
		return 0, errSource
	}
	c.sum.Write(p[:n]) // never fails, by its contract
	if n == 0 && c.done {
		return 0, io.EOF
	}
	return n, nil
}

// end looks for the end of the source.
func (c *Content) end() error {
	var beyond [1]byte
	n, err := io.ReadFull(c.from, beyond[:])
	c.read += int64(n)
	if n > 0 {
		return nil
	}
	return err
}

// Err is the failure of the source as it came, if there was one.
func (c *Content) Err() error { return c.err }

// Size is the number of bytes read so far.
func (c *Content) Size() int64 { return c.read }

// SHA256 is the checksum of what was read so far.
func (c *Content) SHA256() []byte { return c.sum.Sum(nil) }

// WrongSize is the fault for content that is shorter or longer than was said.
func WrongSize() *fault.Error {
	return fault.New(fault.Invalid, "object_size_wrong", "The content is not as long as was said.")
}
