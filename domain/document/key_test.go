package document_test

import (
	"errors"
	"strings"
	"testing"

	"surgicase/domain/document"
	"surgicase/domain/fault"
)

func TestAKeyIsAPathOfPlainSegments(t *testing.T) {
	for key, fine := range map[string]bool{
		"private/case-documents/dr.a/c:1/demo/0190.pdf": true, "a": true, "reports/.x": true, "a/b c/ö…👍": true, "a/..b": true,
		strings.Repeat("a", 255): true, strings.Repeat("a", 256): false, strings.Repeat("a/", 511) + "ab": true, strings.Repeat("a/", 512) + "a": false,
		"": false, "/": false, "/a": false, "a/": false, "a//b": false, ".": false, "..": false, "../a": false, "a/../b": false, "a/.": false, "a/..": false,
		".keys/a": false, `a\b`: false, "a\x00": false, "a\nb": false, "a\u0085": false, "a\xff": false,
	} {
		err := document.CheckKey(key)
		if (err == nil) != fine {
			t.Errorf("%.20q: %v", key, err)
		}
		if err != nil && (!errors.Is(err, fault.Invalid) || fault.CodeOf(err) != "object_key_invalid") {
			t.Errorf("%.20q: %v", key, err)
		}
	}
}
