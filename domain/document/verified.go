package document

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"io"

	"surgicase/domain/fault"
)

// Expected is what is recorded of a stored document. A size of zero or less and a nil checksum are not known.
type Expected struct {
	Size   int64
	SHA256 []byte
}

// Expect returns what is recorded of the object under a key. Nothing is expected of objects that clients have put into the store
// under names of their own: they may have changed them since.
func Expect(key string, isStored bool, size int64, sum []byte) Expected {
	if _, ours := PlaceOf(key); !ours || !isStored {
		return Expected{}
	}
	return Expected{Size: size, SHA256: sum}
}

// IsSize reports whether an object of this size can be the document.
func (e Expected) IsSize(size int64) bool { return e.Size <= 0 || e.Size == size }

// Damaged is the fault for a stored document that is not what was uploaded.
func Damaged() *fault.Error {
	return fault.New(fault.Unavailable, codeDamaged, "The stored file is not the one that was uploaded. Please tell the people who run this installation.")
}

// IsDamaged reports whether an error says that a document is damaged, and not that its store is away.
func IsDamaged(err error) bool { return fault.CodeOf(err) == codeDamaged }

const codeDamaged = "document_damaged"

// Verified reads a stored document from its beginning. It keeps the end back until size and checksum are those that were recorded:
// whoever has all bytes has the right ones.
type Verified struct {
	from io.ReadCloser
	want Expected
	size int64 // of the object
	read int64
	sum  hash.Hash
	tell func()
	err  error
}

// NewVerified reads an object of this size, and calls tell once if it is not what is expected.
func NewVerified(from io.ReadCloser, size int64, want Expected, tell func()) *Verified {
	return &Verified{from: from, want: want, size: size, sum: sha256.New(), tell: tell}
}

// Read implements io.Reader.
func (v *Verified) Read(p []byte) (int, error) {
	if v.err != nil {
		return 0, v.err
	}
	n, err := v.from.Read(p)
	v.read += int64(n)
	v.sum.Write(p[:n])     // never fails, by its contract
	isEnd := err == io.EOF // a wrapped EOF is no end
	switch {
	case err != nil && !isEnd:
		v.err = err
		return n, err
	case v.read > v.size, isEnd && v.read < v.size, v.read == v.size && !v.isRight():
		v.err = Damaged()
		v.tell()
		return 0, v.err
	}
	return n, err
}

func (v *Verified) isRight() bool {
	return v.want.IsSize(v.size) && (len(v.want.SHA256) == 0 || bytes.Equal(v.sum.Sum(nil), v.want.SHA256))
}

// Close implements io.Closer.
func (v *Verified) Close() error { return v.from.Close() }
