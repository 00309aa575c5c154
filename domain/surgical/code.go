package surgical

import (
	"slices"
	"strings"

	"surgicase/domain/fault"
	"surgicase/domain/pay"
)

// Code is a procedure code of a case with its modifiers, such as Z9001-50. Modifiers are kept apart
// and do not price. Source: spec/decisions.md 1.5 and 4.1.
type Code struct {
	Procedure pay.Code
	Modifiers []string // two letters or digits each, upper case
}

// maxModifiers is how many a claim line holds (CMS-1500 box 24D).
const maxModifiers = 4

// MaxCodes is how many procedure codes a case may hold.
const MaxCodes = 100

// ParseCode reads five letters or digits and up to four modifiers, each after a hyphen.
func ParseCode(s string) (Code, error) {
	parts := strings.Split(s, "-")
	procedure, err := pay.ParseCode(parts[0])
	if err != nil {
		return Code{}, err
	}
	if len(parts)-1 > maxModifiers {
		return Code{}, fault.New(fault.Invalid, "invalid_procedure_code", "may have at most %d modifiers", maxModifiers)
	}
	code := Code{Procedure: procedure}
	for _, m := range parts[1:] {
		if len(m) != 2 || !isAlphanumeric(m) {
			return Code{}, fault.New(fault.Invalid, "invalid_procedure_code", "has a modifier that is not two letters or digits")
		}
		code.Modifiers = append(code.Modifiers, strings.ToUpper(m))
	}
	return code, nil
}

// String writes the code with its modifiers.
func (c Code) String() string {
	return strings.Join(append([]string{string(c.Procedure)}, c.Modifiers...), "-")
}

// UniqueCodes drops repeated codes (same procedure and modifiers), keeping the first of each.
func UniqueCodes(codes []Code) []Code {
	var unique []Code
	for _, c := range codes {
		if !slices.ContainsFunc(unique, func(u Code) bool { return u.String() == c.String() }) {
			unique = append(unique, c)
		}
	}
	return unique
}

// Procedures gives the procedure codes alone, as prices know them.
func Procedures(codes []Code) []pay.Code {
	out := make([]pay.Code, len(codes))
	for i, c := range codes {
		out[i] = c.Procedure
	}
	return out
}

// Billed writes the codes as bills do. It is never nil: a case without codes was paid for none.
func Billed(codes []Code) pay.BilledCodes {
	out := make(pay.BilledCodes, len(codes))
	for i, c := range codes {
		out[i] = c.String()
	}
	return out
}

func isAlphanumeric(s string) bool {
	for i := range len(s) {
		b := s[i] | 0x20
		if (b < 'a' || b > 'z') && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return true
}
