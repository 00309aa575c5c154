package pay

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"surgicase/domain/fault"
)

// Code is a procedure code as price tables know it: five letters or digits, upper case, without
// modifiers.
type Code string

// CodeLength is the number of characters of a procedure code.
const CodeLength = 5

// ParseCode reads a procedure code without modifiers. Letters are folded to upper case.
// Source: spec/decisions.md 1.5.
func ParseCode(s string) (Code, error) {
	up := strings.ToUpper(s)
	if len(s) != CodeLength || len(up) != CodeLength { // some letters shrink in upper case
		return "", errCode()
	}
	for i := range CodeLength {
		if b := up[i]; (b < 'A' || b > 'Z') && (b < '0' || b > '9') {
			return "", errCode()
		}
	}
	return Code(up), nil
}

func errCode() error {
	return fault.New(fault.Invalid, "invalid_procedure_code", "must be a procedure code of five letters or digits")
}

// Tier is the pay tier of a provider: which column of the price table holds for him.
type Tier int

// MaxTier is the highest tier that can be named.
const MaxTier Tier = 999

// Status says whether the amount of a case stands.
type Status string

// The pay statuses of a case. Source: spec/decisions.md 4.
const (
	NoCodes      Status = "no_codes"      // no procedure codes yet: 0.00, nothing to pay
	Priced       Status = "priced"        // a price row won
	Unpriced     Status = "unpriced"      // codes, but no price row for any of them
	ZeroApproved Status = "zero_approved" // unpriced, and approved to be paid at 0.00
	Waived       Status = "waived"        // it left the road to payment: never paid as it stands
)

// Payable says whether a payment run may take a case of this status.
func (s Status) Payable() bool { return s == Priced || s == ZeroApproved }

// Row is one price: what a provider of a tier is paid for a code.
type Row struct {
	Tier     Tier
	Code     Code
	Category string
	Amount   Cents
}

// TableVersion counts the price tables that were loaded, from 1; 0 is the empty table.
type TableVersion int64

// Table is the price table as it stood at a version, or the part of it that a question needs.
type Table struct {
	Version TableVersion
	rows    map[rowKey]Row
}

type rowKey struct {
	tier Tier
	code Code
}

// NewTable makes a table. Of two rows for one tier and code the later wins.
func NewTable(version TableVersion, rows []Row) Table {
	t := Table{Version: version, rows: make(map[rowKey]Row, len(rows))}
	for _, r := range rows {
		t.rows[rowKey{r.Tier, r.Code}] = r
	}
	return t
}

// Considered is one code of a case and the price row found for it, if any.
type Considered struct {
	Code  Code
	Row   Row
	Found bool
}

// Explanation says what a case is worth and why.
type Explanation struct {
	Tier         Tier
	TableVersion TableVersion
	Considered   []Considered
	Amount       Cents
	Category     string
	Winner       Code
	Status       Status
	At           time.Time // when the stored amount was computed; zero in a fresh computation
	TakenOver    bool      // the stored amount was moved in and is frozen: no table here gives it
}

// Price finds what a provider of the given tier is paid for the codes: the highest amount among
// their price rows, never the sum; ties go to the lowest code. Order and duplicates do not matter.
// Source: spec/decisions.md 4.1 and 4.2.
func (t Table) Price(tier Tier, codes []Code) Explanation {
	x := Explanation{Tier: tier, TableVersion: t.Version, Status: Unpriced}
	for _, code := range sortedUnique(codes) {
		row, ok := t.rows[rowKey{tier, code}]
		x.Considered = append(x.Considered, Considered{Code: code, Row: row, Found: ok})
		if ok && (x.Status == Unpriced || row.Amount > x.Amount) {
			x.Amount, x.Category, x.Winner, x.Status = row.Amount, row.Category, code, Priced
		}
	}
	if len(codes) == 0 {
		x.Status = NoCodes
	}
	return x
}

// Recompute gives the amount that follows from the rows the explanation shows. It equals Amount, or
// the explanation is wrong.
func (x Explanation) Recompute() Explanation {
	var rows []Row
	var codes []Code
	for _, c := range x.Considered {
		codes = append(codes, c.Code)
		if c.Found {
			rows = append(rows, c.Row)
		}
	}
	return NewTable(x.TableVersion, rows).Price(x.Tier, codes)
}

// Found is how many of the codes have a price.
func (x Explanation) Found() int {
	n := 0
	for _, c := range x.Considered {
		if c.Found {
			n++
		}
	}
	return n
}

// Why says in a sentence how the amount came about.
func (x Explanation) Why() string {
	switch {
	case x.TakenOver:
		return "The amount was taken over from the service before: no price table here gives it."
	case len(x.Considered) == 0:
		return "The case has no procedure codes."
	case x.Winner == "":
		return fmt.Sprintf("None of the codes has a price in tier %d.", x.Tier)
	}
	return fmt.Sprintf("%s has the highest price among the codes in tier %d.", x.Winner, x.Tier)
}

func sortedUnique(codes []Code) []Code {
	sorted := slices.Clone(codes)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
