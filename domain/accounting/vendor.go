package accounting

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/statement"
)

// The longest texts that QuickBooks takes. Source: spec/formats.md d.
const (
	MaxVendorName  = 41
	MaxAddressLine = 41
	MaxMemo        = 256
)

// VendorKey is what two vendor names must not share: QuickBooks does not tell letter cases apart.
func VendorKey(name string) string { return strings.ToLower(name) }

// ParseVendorName checks a name that a person gives a vendor: one that QuickBooks takes as it is.
//
// Faults: Invalid "invalid_vendor_name".
func ParseVendorName(name string) (string, error) {
	switch {
	case len(name) > MaxVendorName:
		return "", fault.New(fault.Invalid, "invalid_vendor_name", "must be at most %d characters long", MaxVendorName)
	case name == "" || CleanName(name) != name:
		return "", fault.New(fault.Invalid, "invalid_vendor_name", "must be in ASCII, begin with a letter or digit, and hold no colon, quote, tab or blank at its ends")
	}
	return name, nil
}

// NameVendors returns a vendor name for each provider who has none yet; held are the names that were given
// before, which only a person changes: QuickBooks knows a vendor by nothing else. Names are unique and at
// most 41 characters long. One that had to be cut, that cannot be written whole, or that somebody holds
// already, ends in a digest of the user id. Source: spec/decisions.md 7.5.
func NameVendors(held map[ident.UserID]string, payees []statement.Payee) map[ident.UserID]string {
	taken := map[string]bool{}
	for _, name := range held {
		taken[VendorKey(name)] = true
	}
	given := map[ident.UserID]string{}
	for _, p := range slices.SortedFunc(slices.Values(payees), func(a, b statement.Payee) int { return cmp.Compare(a.ID, b.ID) }) {
		if _, named := held[p.ID]; named || given[p.ID] != "" {
			continue
		}
		legible, whole := legibleName(p)
		name := legible
		if !whole || len(name) > MaxVendorName {
			name = withDigest(legible, p.ID, 1)
		}
		for try := 1; taken[VendorKey(name)]; try++ {
			name = withDigest(legible, p.ID, try)
		}
		given[p.ID], taken[VendorKey(name)] = name, true
	}
	return given
}

// legibleName is what can be written of the provider's name, and "Provider" where that is nothing. A
// question mark stands where another program lost a letter: no name keeps one.
func legibleName(p statement.Payee) (name string, whole bool) {
	folded, whole := fold(p.Name())
	lost := strings.Contains(folded, "?")
	name = nameCell(strings.ReplaceAll(folded, "?", ""))
	return cmp.Or(name, "Provider"), whole && !lost && name != ""
}

const digestLength = 8

func withDigest(name string, id ident.UserID, try int) string {
	digest := fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s/%d", id, try)))[:digestLength]
	return Cut(name, MaxVendorName-digestLength-1) + " " + digest
}
