package pay

import (
	"time"

	"surgicase/domain/ident"
)

// LoadedTable is a version of the price table as it was loaded.
type LoadedTable struct {
	Version TableVersion
	Source  string // where the prices come from, for people
	By      ident.UserID
	At      time.Time
}

// ToConfirm splits tables into those that somebody may confirm and their own: a price must not make the cases of
// whoever loaded it payable on their word alone. Source: spec/decisions.md 11.3.
func ToConfirm(tables []LoadedTable, by ident.UserID) (others, own []LoadedTable) {
	for _, t := range tables {
		if t.By == by {
			own = append(own, t)
		} else {
			others = append(others, t)
		}
	}
	return others, own
}
