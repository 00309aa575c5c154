package accounting

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The longest names of accounts that QuickBooks takes: of each level of a path such as
// Cost of Goods Sold:Providers, and of the whole. Source: docs/DECISIONS.md, 2026-11-30.
const (
	maxAccountLevel = 31
	maxAccountPath  = 209
	maxTerms        = 31
)

// AccountTypes are the types that the account of the bills' expenses may have, as QuickBooks calls them.
var AccountTypes = []string{"EXP", "COGS", "EXEXP", "OCASSET", "OASSET", "FIXASSET", "OCLIAB", "LTLIAB", "EQUITY", "INC", "EXINC"}

// ParseAccountType reads the type of an account in any letter case. OEXP is what people call EXEXP, other
// expenses.
func ParseAccountType(text string) (string, error) {
	text = strings.ToUpper(strings.TrimSpace(text))
	if text == "OEXP" {
		return "EXEXP", nil
	}
	if !slices.Contains(AccountTypes, text) {
		return "", errors.New(strings.Join(AccountTypes, ", "))
	}
	return text, nil
}

// CheckAccount reports why a file cannot carry the name of an account as it is. A name that were cut or
// spelled otherwise would make QuickBooks open another account. Colons part an account from its
// sub-accounts.
func CheckAccount(name string) error {
	if len(name) > maxAccountPath {
		return fmt.Errorf("a path of at most %d characters", maxAccountPath)
	}
	for level := range strings.SplitSeq(name, ":") {
		if level == "" || len(level) > maxAccountLevel || Clean(level) != level {
			return fmt.Errorf("levels parted by colons, each of 1 to %d plain ASCII characters without quotes, semicolons or blanks at its ends; %q is none", maxAccountLevel, level)
		}
	}
	return nil
}

// CheckTerms reports why a file cannot carry the terms as they are. Empty ones are left out.
func CheckTerms(terms string) error {
	if len(terms) > maxTerms || CleanName(terms) != terms {
		return fmt.Errorf("at most %d plain ASCII characters without quotes, semicolons, colons or blanks at its ends, or nothing", maxTerms)
	}
	return nil
}
