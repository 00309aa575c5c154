package document

import (
	"hash/fnv"
	"time"
)

// Share is the part of all documents that is read whole in one week. Each document has its turn once in as many weeks as there are parts.
type Share struct{ parts, turn int64 }

// ShareOf returns the share of a week, so that no more than about budget of all bytes are read; all of them where the budget is 0.
func ShareOf(total, budget int64, at time.Time) Share {
	parts := int64(1)
	if budget > 0 && total > budget {
		parts = (total + budget - 1) / budget
	}
	const week = 7 * 24 * 60 * 60
	return Share{parts: parts, turn: at.Unix() / week % parts}
}

// Includes reports whether the object under a key is in the share.
func (s Share) Includes(key string) bool {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(key)) // never fails, by its contract
	return int64(sum.Sum32())%s.parts == s.turn
}
