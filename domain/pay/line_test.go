package pay_test

import (
	"testing"
	"time"

	"surgicase/domain/pay"
)

// TestWhatBecameOfAPayment: a payment that was settled and then reversed was reversed.
func TestWhatBecameOfAPayment(t *testing.T) {
	at := time.Date(2026, time.March, 5, 8, 0, 0, 0, time.UTC)
	for _, x := range []struct {
		line pay.Line
		want pay.Outcome
	}{
		{pay.Line{Entry: pay.Entry{Kind: pay.Payment}}, pay.StillOpen},
		{pay.Line{Entry: pay.Entry{Kind: pay.Payment, SettledAt: at}}, pay.WasSettled},
		{pay.Line{Entry: pay.Entry{Kind: pay.Payment, SettledAt: at}, ReversedAt: at}, pay.WasReversed},
		{pay.Line{Entry: pay.Entry{Kind: pay.Payment}, CancelledAt: at}, pay.WasCancelled},
		{pay.Line{Entry: pay.Entry{Kind: pay.Reversal}}, ""},
		{pay.Line{Entry: pay.Entry{Kind: pay.Cancellation}}, ""},
	} {
		equal(t, "outcome", x.line.Outcome(), x.want)
	}
}

// TestBillNumbers: the case's number, from the second payment on with the generation.
// Source: spec/decisions.md 7.5.
func TestBillNumbers(t *testing.T) {
	for generation, want := range map[int]string{1: "1042", 2: "1042-2", 11: "1042-11"} {
		equal(t, "number", pay.Entry{CaseNumber: 1042, Generation: generation}.DocNumber(), want)
	}
}
