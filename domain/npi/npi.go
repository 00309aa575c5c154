// Package npi holds the National Provider Identifier and its check digit.
package npi

import (
	"strconv"

	"surgicase/domain/fault"
)

// NPI is a valid ten-digit identifier; the zero value means "none".
type NPI uint64

// Length is the number of digits of an NPI.
const Length = 10

// luhnOfPrefix is the sum that the prefix 80840 of health applications adds to the Luhn sum.
// Source: spec/formats.md c, from the CMS check digit document.
const luhnOfPrefix = 24

// Parse reads exactly ten ASCII digits with a right check digit. It does not trim, and it accepts
// any first digit but ten zeros. The Luhn formula misses the swap of 09 and 90: only a look-up in
// the registry tells those apart.
func Parse(s string) (NPI, error) {
	if len(s) != Length {
		return 0, fault.New(fault.Invalid, "invalid_npi", "must be ten digits")
	}
	for i := range Length {
		if s[i] < '0' || s[i] > '9' {
			return 0, fault.New(fault.Invalid, "invalid_npi", "must be ten digits")
		}
	}
	if s == "0000000000" || s[Length-1] != checkDigit(s[:Length-1]) {
		return 0, fault.New(fault.Invalid, "invalid_npi", "has a wrong check digit")
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, fault.New(fault.Invalid, "invalid_npi", "must be ten digits").Because(err)
	}
	return NPI(n), nil
}

// Make gives the NPI that begins with nine digits, for demonstration and test data.
func Make(first9 string) (NPI, error) {
	if len(first9) != Length-1 {
		return 0, fault.New(fault.Invalid, "invalid_npi", "must begin with nine digits")
	}
	return Parse(first9 + string(checkDigit(first9)))
}

// String writes the ten digits, or nothing for none.
func (n NPI) String() string {
	if n == 0 {
		return ""
	}
	s := strconv.FormatUint(uint64(n), 10)
	for len(s) < Length {
		s = "0" + s
	}
	return s
}

func checkDigit(first9 string) byte {
	sum := luhnOfPrefix
	for i := range len(first9) {
		d := int(first9[i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return byte('0' + (10-sum%10)%10)
}
