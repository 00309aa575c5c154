package httpapi

import "testing"

func TestASCIIAddress(t *testing.T) {
	for typed, want := range map[string]string{
		"dr@münchen.example": "dr@xn--mnchen-3ya.example", "dr@MÜNCHEN.example": "dr@xn--mnchen-3ya.example",
		"dr@xn--mnchen-3ya.example": "dr@xn--mnchen-3ya.example", "Ada@Example.ORG": "Ada@Example.ORG", "nobody": "nobody", "a@": "a@",
	} {
		if got := ASCIIAddress(typed); got != want {
			t.Errorf("%s becomes %s, want %s", typed, got, want)
		}
	}
}
