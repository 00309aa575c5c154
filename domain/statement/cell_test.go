package statement_test

import (
	"testing"

	"surgicase/domain/statement"
)

func TestGuardCell(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "Ann": "Ann", "Ann-Lee": "Ann-Lee", "a+b": "a+b", "'x": "'x", "李": "李", "Salem; OR": "Salem; OR",
		"=1+1": "'=1+1", "+1": "'+1", "-2": "'-2", "@SUM": "'@SUM", "\tx": "'\tx", "\rx": "'\rx", "\nx": "'\nx",
		"＝1+1": "'＝1+1", "＋1": "'＋1", "－2": "'－2", "＠SUM": "'＠SUM", "﹦1": "'﹦1", "﹣1": "'﹣1", "−1": "'−1", "⁼1": "'⁼1",
		" =1": "' =1", "\u00a0=1": "'\u00a0=1", "\u200b=1": "'\u200b=1", "\ufeff@x": "'\ufeff@x",
		";=1": "';'=1", ";x": "';x", "a;=1": "a;'=1", "a; ＋1;b": "a;' ＋1;b", "=1;@2": "'=1;'@2", ";": "';",
	} {
		if got := statement.GuardCell(text); got != want {
			t.Errorf("%q is written %q, want %q", text, got, want)
		}
	}
}
