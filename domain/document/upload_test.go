package document_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"surgicase/domain/document"
	"surgicase/domain/fault"
)

func TestTheContentTellsTheTypeNotTheName(t *testing.T) {
	for head, want := range map[string]string{
		"%PDF-1.7\n": "application/pdf", "\xff\xd8\xff\xe0": "image/jpeg", "\x89PNG\r\n\x1a\n": "image/png", "II*\x00": "image/tiff", "MM\x00*": "image/tiff",
		"\x00\x00\x00\x18ftypheic": "image/heic", "\x00\x00\x00\x18ftypmif1": "image/heic",
		"\x7fELF": "", "MZ\x90\x00": "", "#!/bin/sh": "", "<html>": "", "PK\x03\x04": "", "GIF89a": "", "\x00\x00\x00\x18ftypisom": "", "%PD": "", "\xff\xd8": "",
		" %PDF-": "application/pdf", "\xef\xbb\xbf%PDF-1.4": "application/pdf", strings.Repeat("x", 1019) + "%PDF-": "application/pdf", "<junk>\r\n%PDF-": "application/pdf",
		strings.Repeat("x", 1024) + "%PDF-": "", "GIF89a" + strings.Repeat("x", 5000) + "%PDF-": "", "\xff\xd8\xff%PDF-": "image/jpeg",
	} {
		got, err := document.Sniff([]byte(head))
		if got.Media != want || (err == nil) != (want != "") || err != nil && fault.CodeOf(err) != "document_type_unknown" {
			t.Errorf("%q: %v, %v", head, got, err)
		}
		if byMedia, err := document.TypeOf(want); (err == nil) != (want != "") || byMedia.Media != want {
			t.Errorf("%q: %v, %v", want, byMedia, err)
		}
	}
}

func TestOpeningADocument(t *testing.T) {
	pdf := func(n int) []byte { return append([]byte("%PDF-"), make([]byte, n-5)...) }
	for _, size := range []int{5, 511, 512, 513, 1000, 1027, 1028, 1029, 3000} {
		for _, most := range []int64{5, 512, 999, 1000, 5000} {
			for how, from := range map[string]io.Reader{"at once": bytes.NewReader(pdf(size)), "byte by byte": iotest.OneByteReader(bytes.NewReader(pdf(size)))} {
				kind, whole, err := document.Open(from, most)
				if err != nil || kind.Ext != "pdf" {
					t.Fatalf("%d %s: %v", size, how, err)
				}
				got, err := io.ReadAll(whole)
				switch fits := int64(size) <= most; {
				case fits && (err != nil || !bytes.Equal(got, pdf(size))):
					t.Errorf("%d of %d %s: %d bytes, %v", size, most, how, len(got), err)
				case !fits && !errors.Is(err, fault.TooLarge):
					t.Errorf("%d of %d %s: %v", size, most, how, err)
				}
			}
		}
	}
	for text, code := range map[string]string{"": "document_empty", "MZ program": "document_type_unknown"} {
		if _, _, err := document.Open(strings.NewReader(text), 1000); fault.CodeOf(err) != code {
			t.Errorf("%q: %v", text, err)
		}
	}
	broken := errors.New("broken")
	if _, _, err := document.Open(iotest.ErrReader(broken), 1000); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestKeysSayWhereObjectsBelong(t *testing.T) {
	pdf := document.Types[0]
	for key, want := range map[string]document.Place{
		document.CaseKey("dr.a", "c:1", "demo", "0190", pdf): {Case: "c:1", Kind: "demo", Ext: "pdf"},
		document.UserKey("dr.a", "0190", pdf):                {User: "dr.a", Ext: "pdf"},
		"private/case-documents/dr.a/name.pdf":               {},
		"private/user-documents/dr.a/name.pdf":               {},
		"private/case-documents/dr.a/../demo/x.pdf":          {},
		"private/case-documents/a/b/c/d/e.pdf":               {},
		"reports/a":                                          {}, "": {},
	} {
		got, ok := document.PlaceOf(key)
		if got != want || ok != (want != document.Place{}) {
			t.Errorf("%s: %+v, %v", key, got, ok)
		}
		if ok && document.CheckKey(key) != nil {
			t.Errorf("%s is no key", key)
		}
	}
}
