package surgical

import (
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/pay"
)

// PaymentEntry is the ledger entry that pays the case what it is worth now.
func (s Standing) PaymentEntry(day civil.Date, at time.Time) pay.Entry {
	return pay.Entry{
		Kind: pay.Payment, CaseNumber: s.Number, Generation: s.Generation, Provider: s.Owner,
		CaseDate: day, Category: s.Pay.Category, Amount: s.Pay.Amount, Table: s.Pay.Table, At: at,
	}
}
