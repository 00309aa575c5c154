package bootstrap

import (
	"errors"
	"strings"
	"testing"
)

// Accounts are kept whole or refused, their type is configured, and terms can be left out.
func TestAccountingIsConfiguredWhole(t *testing.T) {
	path := "Cost of Goods Sold:Provider Payments"
	c, err := LoadConfig(map[string]string{"QUICKBOOKS_EXPENSE_ACCOUNT": path, "QUICKBOOKS_EXPENSE_ACCOUNT_TYPE": "cogs", "QUICKBOOKS_TERMS": ""}, false)
	if err != nil {
		t.Fatal(err)
	}
	press, err := newPress(c)
	if s := press.Accounting; err != nil || s.ExpenseAccount != path || s.ExpenseType != "COGS" || s.Terms != "" || s.PayableAccount != "Accounts Payable" {
		t.Errorf("%+v, %v", s, err)
	}
	if c, err = LoadConfig(map[string]string{}, false); err != nil || c.Terms != "Net 30" || c.ExpenseType != "EXP" {
		t.Errorf("defaults: %q, %q, %v", c.Terms, c.ExpenseType, err)
	}
	for _, x := range []struct{ variable, value string }{
		{"QUICKBOOKS_PAYABLE_ACCOUNT", "Accounts Payable - Surgical Providers LLC"},
		{"QUICKBOOKS_EXPENSE_ACCOUNT", "Costs:" + strings.Repeat("x", 32)},
		{"QUICKBOOKS_EXPENSE_ACCOUNT", "Dépenses"},
		{"QUICKBOOKS_EXPENSE_ACCOUNT_TYPE", "AP"},
		{"QUICKBOOKS_TERMS", "Net; 30"},
		{"QUICKBOOKS_PAYABLE_ACCOUNT", "medical expenses"},
	} {
		_, err := LoadConfig(map[string]string{x.variable: x.value}, false)
		var faults ConfigFaults
		if !errors.As(err, &faults) || len(faults) != 1 || !strings.HasPrefix(faults[0], x.variable+" holds ") {
			t.Errorf("%s=%s: %v", x.variable, x.value, err)
		}
	}
}
