package document

import (
	"strings"
	"unicode/utf8"

	"surgicase/domain/fault"
)

// The longest key and the longest segment of one, in bytes: what S3 and file systems can hold.
const (
	maxKey     = 1024
	maxSegment = 255
)

// SumLength is the length of the checksum of an object, a SHA-256.
const SumLength = 32

// CheckKey accepts the key of an object: a path of plain segments with "/" between them. No first
// segment begins with a full stop: those are the store's own.
//
// Faults: Invalid "object_key_invalid".
func CheckKey(key string) error {
	fine := len(key) <= maxKey && utf8.ValidString(key) && !strings.HasPrefix(key, ".") && !strings.ContainsFunc(key, unprintable)
	for segment := range strings.SplitSeq(key, "/") {
		fine = fine && segment != "" && segment != "." && segment != ".." && len(segment) <= maxSegment
	}
	if !fine {
		return fault.New(fault.Invalid, "object_key_invalid", "this is not the key of an object")
	}
	return nil
}

func unprintable(r rune) bool {
	return r < 0x20 || (r >= 0x7f && r < 0xa0) || r == utf8.RuneError || r == '\\'
}
