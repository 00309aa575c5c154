package pay

import (
	"fmt"
	"maps"
	"strconv"
	"unicode/utf8"

	"surgicase/domain/fault"
)

// MaxCategory is the longest pay category, in characters.
const MaxCategory = 20

// With gives the table as it will stand when rows are loaded: they replace those of their tier and
// code, and with whole the entire tiers they name.
func (t Table) With(rows []Row, whole bool) Table {
	next := Table{Version: t.Version + 1, rows: maps.Clone(t.rows)}
	if next.rows == nil {
		next.rows = map[rowKey]Row{}
	}
	if whole {
		named := map[Tier]bool{}
		for _, r := range rows {
			named[r.Tier] = true
		}
		maps.DeleteFunc(next.rows, func(k rowKey, _ Row) bool { return named[k.tier] })
	}
	for _, r := range rows {
		next.rows[rowKey{r.Tier, r.Code}] = r
	}
	return next
}

// CheckRows checks rows that are to be loaded together; location names their list, such as
// "body.rows". Two rows for one tier and code are refused: nobody could say which was meant.
func CheckRows(location string, rows []Row) error {
	var bad fault.Collector
	seen := make(map[rowKey]bool, len(rows))
	for i, r := range rows {
		at := fmt.Sprintf("%s[%d]", location, i)
		if r.Tier < 1 || r.Tier > MaxTier {
			bad.Add(at+".user_tier", "must lie between 1 and %d", MaxTier)
		}
		if r.Amount < 0 || r.Amount > MaxAmount {
			bad.Add(at+".code_pay_amount", "must lie between 0.00 and %s", MaxAmount)
		}
		if utf8.RuneCountInString(r.Category) > MaxCategory {
			bad.Add(at+".code_category", "must be at most %d characters long", MaxCategory)
		}
		if key := (rowKey{r.Tier, r.Code}); seen[key] {
			bad.Add(at, "repeats the tier and code of an earlier row")
		} else {
			seen[key] = true
		}
	}
	if len(rows) == 0 {
		bad.Add(location, "must not be empty")
	}
	return bad.Err()
}

// ParseTier reads the number of a pay tier.
func ParseTier(s string) (Tier, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n < 1 || Tier(n) > MaxTier {
		return 0, fault.New(fault.Invalid, "invalid_user_tier", "must be a number between 1 and %d", MaxTier)
	}
	return Tier(n), nil
}
