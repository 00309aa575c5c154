package surgical

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
)

// StatusFilter picks cases by the status that is shown. The zero value picks all.
type StatusFilter struct {
	Asked   []Status // as the client asked, for the echo
	Any     bool     // the word "all"
	In      []Status // true statuses that match
	AtLeast Status   // and all from here up, if not 0
	active  bool
}

// Filters says whether anything is left out.
func (f StatusFilter) Filters() bool { return f.active }

// ParseFilter reads "all" or a comma list of status numbers; pieces that are no numbers are
// dropped, and nothing valid means no filter. A number too large for
// any status is still one, and matches nothing. Source: spec/reference-rules.md 1.4.
func ParseFilter(text string, a permission.Actor) StatusFilter {
	if strings.EqualFold(strings.TrimSpace(text), "all") {
		return StatusFilter{Any: true}
	}
	f := StatusFilter{Asked: []Status{}}
	for piece := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseUint(strings.TrimSpace(piece), 10, 31)
		if (err == nil || errors.Is(err, strconv.ErrRange)) && !slices.Contains(f.Asked, Status(n)) {
			f.Asked = append(f.Asked, Status(n))
		}
	}
	f.matchShown(a)
	return f
}

// matchShown turns shown statuses into true ones: what lies above the cap is shown as the cap, so
// only asking for the cap finds it, and asking for more finds nothing.
func (f *StatusFilter) matchShown(a permission.Actor) {
	f.active = len(f.Asked) > 0
	top := Status(a.HighestShown())
	for _, s := range f.Asked {
		switch {
		case top != 0 && s == top:
			f.AtLeast = top
		case top == 0 || s < top:
			f.In = append(f.In, s)
		}
	}
}

// Order is how a list is sorted.
type Order int

// The orders of case lists; both end with the case id.
const (
	ByIDDescending Order = iota
	ByStatusAndDate
	ByID
)

// Position is where a page ended: the keys of its last case.
type Position struct {
	Status Status
	Date   civil.Date
	ID     ident.CaseID
}

// Query asks for a page of cases that are not deleted.
type Query struct {
	Owner      ident.UserID   // only this owner's, unless empty
	IDs        []ident.CaseID // only these, unless empty; at most 1,000
	Statuses   StatusFilter
	Duplicates bool       // only cases that are marked, or have another beside them
	From, To   civil.Date // case dates, inclusive; zero is open
	Order      Order
	After      *Position
	Limit      int
	Count      bool // count all matches, too
}

// Sheet is a case as it is read: with the names its ids stand for.
type Sheet struct {
	Case
	SurgeonName  string
	FacilityName string
	OwnerFirst   string
	OwnerLast    string
	OwnerActive  bool
	RunID        int64 // the run of its present payment, 0 if none
	Duplicates   Duplicates
	Descriptions map[string]string

	// Unreadable names the fields whose stored values cannot be decrypted: they are empty here. Such a case is not saved.
	Unreadable []string
}

// Page is part of a list.
type Page struct {
	Cases []Sheet
	More  bool
	Total int // only when counted
}

// HistoryEntry is one move as recorded.
type HistoryEntry struct {
	From, To Status
	At       time.Time
	By       ident.UserID
	Reason   string
	RunID    int64
}

// StatusTotal is how many cases stand at a status and what they are worth together.
type StatusTotal struct {
	Status Status
	Cases  int
	Cents  int64
}
