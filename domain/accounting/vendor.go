package accounting

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"surgicase/domain/ident"
	"surgicase/domain/statement"
)

// The longest texts that QuickBooks takes. Source: spec/formats.md d.
const (
	MaxVendorName  = 41
	MaxAddressLine = 41
	MaxAccountName = 31
	MaxMemo        = 256
)

// VendorKey is what two vendor names must not share: QuickBooks does not tell letter cases apart.
func VendorKey(name string) string { return strings.ToLower(name) }

// NameVendors gives a vendor name to each provider who has none yet; held are the names that were given
// before, which never change: QuickBooks knows a vendor by nothing else. Names are unique and at most 41
// characters long. One that had to be cut, or that somebody holds already, ends in a digest of the
// user id. Source: spec/decisions.md 7.5.
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
		name := vendorName(p)
		for try := 1; taken[VendorKey(name)]; try++ {
			name = marked(legible(p), p.ID, try)
		}
		given[p.ID], taken[VendorKey(name)] = name, true
	}
	return given
}

func vendorName(p statement.Payee) string {
	name := CleanName(p.Name())
	if len(name) > MaxVendorName || name != legible(p) {
		return marked(legible(p), p.ID, 1)
	}
	return name
}

// legible is the provider's name, unless nothing of it can be written in ASCII.
func legible(p statement.Payee) string {
	name := CleanName(p.Name())
	if !strings.ContainsFunc(name, func(r rune) bool { return r != unknown && r != ' ' && r != '-' && r != '.' && r != '\'' }) {
		return "Provider"
	}
	return name
}

const digestLength = 8

func marked(name string, id ident.UserID, try int) string {
	digest := fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s/%d", id, try)))[:digestLength]
	return Cut(name, MaxVendorName-digestLength-1) + " " + digest
}
