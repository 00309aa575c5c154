package audit

import (
	"time"

	"surgicase/domain/ident"
	"surgicase/domain/permission"
)

// Query asks for a page of the trail, newest first. What is empty does not filter.
type Query struct {
	Actor    ident.UserID
	Action   permission.Action
	Entity   string
	EntityID string
	Outcome  Outcome
	Case     ident.CaseID // entries about this case, and lists that showed it
	Number   int64        // the same by its human_case_id
	From, To time.Time    // from From on, before To

	After *Position
	Limit int
	Count bool // also count all matches; not together with Case or Number
}

// OfCase says whether the query follows one case through the trail.
func (q Query) OfCase() bool { return q.Case != "" || q.Number != 0 }

// Position is a place in the trail: by time, then by id.
type Position struct {
	At time.Time
	ID int64
}

// Page is a page of the trail. Next is nil at the end; a page of a query for a case may be short and
// still have one.
type Page struct {
	Entries []Listed
	Next    *Position
	Total   int
}

// Listed is an entry with the number of its seal, 0 if it waits for one.
type Listed struct {
	Stored
	Seq int64
}
