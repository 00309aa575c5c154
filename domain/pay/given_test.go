package pay_test

import (
	"reflect"
	"testing"

	"surgicase/domain/fault"
	"surgicase/domain/pay"
)

// wantCode fails unless err is a fault of this code; "" wants no error at all.
func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if got := fault.CodeOf(err); got != code || (err != nil) != (code != "") {
		t.Errorf("got %q (%v), want %q", got, err, code)
	}
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// rows are the invented fixture of spec/reference-rules.md 2.3.
var rows = []pay.Row{
	{Tier: 1, Code: "Z9001", Category: "SPINE", Amount: 100_000},
	{Tier: 2, Code: "Z9001", Category: "SPINE", Amount: 125_000},
	{Tier: 1, Code: "Z9002", Category: "GYN", Amount: 40_000},
	{Tier: 1, Code: "Z9003", Category: "GYN-MAJOR", Amount: 40_000},
	{Tier: 1, Code: "Z9004", Category: "ORTHO", Amount: 75_050},
	{Tier: 1, Code: "Z9005", Category: "EM", Amount: 0},
	{Tier: 2, Code: "Z9006", Category: "GENERAL", Amount: 50_000},
	{Tier: 1, Code: "Z9007", Category: "SPINE", Amount: 90_000},
}
