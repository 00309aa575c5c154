package document

import (
	"time"

	"surgicase/domain/fault"
)

// Quota bounds what the documents of one case may hold. Source: spec/decisions.md 11.11.
type Quota struct {
	Versions  int   // of a document, the present one included
	CaseBytes int64 // of all documents of a case and their versions
	UserBytes int64 // of all documents of a user: what goes beyond is told, not refused
}

// PassesUserBytes reports whether a change of a user's documents takes them beyond the size that is told of; once, not with each
// document that follows.
func (q Quota) PassesUserBytes(before, after int64) bool {
	return q.UserBytes > 0 && before <= q.UserBytes && after > q.UserBytes
}

// Held is what is stored for a case before another document comes.
type Held struct {
	Versions int   // of the document that is replaced
	Present  int64 // bytes of its present version
	Bytes    int64 // of all documents of the case
}

// Check refuses a document of this size (0 where nobody knows yet) beyond a quota. What was above a quota before there was one can
// still be replaced by something smaller.
//
// Faults: Conflict "versions_quota", "case_quota".
func (q Quota) Check(h Held, size int64) error {
	isSmaller := size < h.Present
	switch {
	case q.Versions > 0 && h.Versions >= q.Versions && (h.Versions == q.Versions || !isSmaller):
		return fault.New(fault.Conflict, "versions_quota", "This document has %d versions, and DOCUMENT_VERSIONS allows %d. Please ask an administrator.", h.Versions, q.Versions)
	case q.CaseBytes > 0 && h.Bytes+size > q.CaseBytes && (h.Bytes <= q.CaseBytes || !isSmaller):
		return fault.New(fault.Conflict, "case_quota", "The documents of this case hold %d MB, and with this one they would exceed the %d MB that CASE_QUOTA_MB allows.", h.Bytes>>20, q.CaseBytes>>20)
	}
	return nil
}

// Reserve is the room on a disk, and what of it must stay free for everything but documents.
type Reserve struct {
	Bytes       int64 // 0 for none
	Total, Free int64
}

// isFull is how many bytes are no room at all: the store says of such a disk that it is full.
const isFull = 64 << 10

// spaceRetry is what a client is asked to wait: space comes back when somebody makes room.
const spaceRetry = time.Minute

// Check refuses to store so many bytes where less than the reserve is left, or than a twentieth of the disk where that is less.
//
// Faults: Unavailable "disk_reserve".
func (r Reserve) Check(size int64) error {
	reserve := min(r.Bytes, r.Total/20)
	if r.Free < isFull || r.Free-max(size, 0) >= reserve {
		return nil
	}
	f := fault.New(fault.Unavailable, "disk_reserve", "The disk of the documents has %d MB left, and DISK_RESERVE_MB keeps %d MB of it. Nothing can be stored until there is room; everything else goes on.", r.Free>>20, reserve>>20)
	f.RetryAfter = spaceRetry
	return f
}
