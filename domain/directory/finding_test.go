package directory_test

import (
	"testing"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/npi"
)

func TestWhatAFindingMeans(t *testing.T) {
	asked := directory.Finding{NPI: 1234567893, At: time.Unix(1, 0), Name: "ADA TESTWELL"}
	unknown := directory.Finding{NPI: 1234567893, At: time.Unix(1, 0)}
	for _, test := range []struct {
		finding directory.Finding
		number  npi.NPI
		name    string
		want    string
	}{
		{directory.Finding{}, 0, "Ada Testwell", ""},
		{asked, 0, "Ada Testwell", ""},
		{directory.Finding{}, 1234567893, "Ada Testwell", directory.NPIPending},
		{asked, 1234567893, "Testwell, Ada", directory.NPIVerified},
		{asked, 1234567893, "Ida Testwell", directory.NPIMismatch},
		{asked, 1245319599, "Ada Testwell", directory.NPIPending},
		{unknown, 1234567893, "Ada Testwell", directory.NPIUnknown},
	} {
		if got := test.finding.Of(test.number, test.name); got != test.want {
			t.Errorf("%+v: %q", test, got)
		}
	}
}
