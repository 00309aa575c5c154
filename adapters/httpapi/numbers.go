package httpapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
)

// For JSON Schema 1.0 and 1e2 are whole numbers, for the decoder they are none. Bodies are decoded as they
// are, and only what fails is looked at again.

// notHeld begins what is said of a member whose value its type does not hold.
const notHeld = "cannot hold the value of "

// decode decodes a body, if need be with its whole numbers written as such. What fails still is told with
// the name of the member.
func decode(body []byte, v any) error {
	failure := json.Unmarshal(body, v)
	var wrong *json.UnmarshalTypeError
	if !errors.As(failure, &wrong) {
		return failure
	}
	if failure = json.Unmarshal(wholeNumbers(body), v); errors.As(failure, &wrong) && wrong.Field != "" {
		return errors.New(notHeld + memberPath(wrong.Field))
	}
	return failure
}

// memberPath leaves out of a decoder's path the types that are embedded, which no client knows: their names
// begin with a capital, those of members never do.
func memberPath(field string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(field, "."), func(name string) bool { return name != "" && name[0] >= 'A' && name[0] <= 'Z' }), ".")
}

// notHeldMember finds the name in the words of decode.
func notHeldMember(message string) (string, bool) { return strings.CutPrefix(message, notHeld) }

// wholeNumbers writes the whole numbers of a JSON text without fraction and exponent.
func wholeNumbers(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		end := 1
		switch b := text[0]; {
		case b == '"':
			end = stringEnd(text)
			out = append(out, text[:end]...)
		case b == '-' || b >= '0' && b <= '9':
			if end = bytes.IndexFunc(text, func(r rune) bool { return !strings.ContainsRune("0123456789+-.eE", r) }); end < 0 {
				end = len(text)
			}
			out = append(out, wholeNumber(text[:end])...)
		default:
			out = append(out, b)
		}
		text = text[end:]
	}
	return out
}

// stringEnd is where the string at the beginning of a JSON text ends.
func stringEnd(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// wholeNumber writes a number without fraction and exponent if it is whole, and else as it is.
func wholeNumber(text []byte) []byte {
	if !bytes.ContainsAny(text, ".eE") {
		return text
	}
	if whole, fraction, _ := bytes.Cut(text, []byte(".")); len(fraction) > 0 && len(bytes.Trim(fraction, "0")) == 0 {
		return whole // to the last digit, however many there are
	}
	if n, err := strconv.ParseFloat(string(text), 64); err == nil && n == math.Trunc(n) && math.Abs(n) < 1<<53 {
		return strconv.AppendInt(nil, int64(n), 10)
	}
	return text
}

// maxExponent bounds the digits that plainNumber writes; no amount comes near it.
const maxExponent = 30

// plainNumber writes a JSON number without exponent and without zeros that say nothing: 1.25e1 is 12.5, and
// 1.250 is 1.25. It is exact. What is no number, or one far beyond any amount, stays as it is.
func plainNumber(text []byte) []byte {
	mantissa, exponent, scaled := strings.Cut(strings.ToLower(string(text)), "e")
	shift := 0
	if scaled {
		var err error
		if shift, err = strconv.Atoi(exponent); err != nil || shift > maxExponent || shift < -maxExponent {
			return text
		}
	}
	digits, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	if digits = whole + fraction; digits == "" || strings.Trim(digits, "0123456789") != "" {
		return text
	}
	point := len(whole) + shift
	if point < 0 {
		digits, point = strings.Repeat("0", -point)+digits, 0
	}
	if point > len(digits) {
		digits += strings.Repeat("0", point-len(digits))
	}
	whole, fraction = strings.TrimLeft(digits[:point], "0"), strings.TrimRight(digits[point:], "0")
	out := cmp.Or(whole, "0")
	if fraction != "" {
		out += "." + fraction
	}
	if negative {
		out = "-" + out
	}
	return []byte(out)
}
