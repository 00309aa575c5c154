package stored

import (
	"encoding/hex"
	"testing"
)

// answersFile holds what comes of fixed keys and inputs wherever a text is hashed, signed, MACed or digested. A line
// that does not hold any more means that what is stored cannot be verified, found or opened: the text has changed.
const answersFile = "testdata/answers.txt"

// Left out, because a new program may make other sums of the same: ETags and the keys of the throttle of credentials
// (they are never stored), the share of documents that is read in a week, and checksums of contents.
func TestAnswersStay(t *testing.T) {
	found := map[string]bool{}
	note := func(what string, sum []byte) {
		t.Helper()
		if len(sum) == 0 {
			t.Errorf("%s: there is no answer", what)
		}
		found[what+"\t"+hex.EncodeToString(sum)] = true
	}
	noteChain(t, note)
	noteContents(t, note)
	noteTexts(t, note)
	noteKeySet(t, note)
	noteDigestColumns(t, note)
	noteProgram(t, note)
	holdGolden(t, answersFile, found)
}
