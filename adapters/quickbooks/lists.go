package quickbooks

import "bytes"

// WithoutLists returns an IIF file without its accounts and vendors, for who keeps those in QuickBooks. The
// bills are the same to the byte.
func WithoutLists(file []byte) []byte {
	out := make([]byte, 0, len(file))
	for line := range bytes.SplitAfterSeq(file, []byte(endOfLine)) {
		keyword, _, _ := bytes.Cut(bytes.TrimPrefix(line, []byte("!")), []byte("\t"))
		if !bytes.Equal(keyword, []byte("ACCNT")) && !bytes.Equal(keyword, []byte("VEND")) {
			out = append(out, line...)
		}
	}
	return out
}
