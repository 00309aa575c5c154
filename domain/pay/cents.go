// Package pay works out what a provider is paid for a case and keeps the ledger of what was paid.
// Amounts are whole cents; there is no floating point in it.
package pay

import (
	"strconv"
	"strings"

	"surgicase/domain/fault"
)

// Cents is an amount of US dollars in whole cents.
type Cents int64

// MaxAmount is the highest amount that one price row may hold: $99,999,999.99, the old product's
// decimal(10,2).
const MaxAmount Cents = 9_999_999_999

// ParseCents reads a plain amount such as "1250", "1250.5" or "1250.00": digits, at most two
// decimals, no sign, no thousands separator, at most MaxAmount.
func ParseCents(s string) (Cents, error) {
	whole, fraction, hasPoint := strings.Cut(s, ".")
	if whole == "" || len(whole) > 8 || len(fraction) > 2 || (hasPoint && fraction == "") {
		return 0, errAmount()
	}
	for len(fraction) < 2 {
		fraction += "0"
	}
	n, err := strconv.ParseUint(whole+fraction, 10, 63)
	if err != nil || strings.ContainsAny(s, "+-_") {
		return 0, errAmount()
	}
	return Cents(n), nil
}

func errAmount() error {
	return fault.New(fault.Invalid, "invalid_amount", "must be an amount such as 1250.00, with at most two decimals")
}

// String writes the amount with exactly two decimals and no separators: "1250.00", "-0.05".
func (c Cents) String() string {
	s, sign := strconv.FormatInt(int64(c), 10), ""
	if c < 0 {
		s, sign = s[1:], "-"
	}
	for len(s) < 3 {
		s = "0" + s
	}
	return sign + s[:len(s)-2] + "." + s[len(s)-2:]
}
