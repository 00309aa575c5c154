package accounting

import (
	"strconv"

	"surgicase/domain/pay"
)

// DocNum is the number by which QuickBooks knows the bill of an entry: human_case_id, from the second
// generation on human_case_id-2. A refund has the number of the bill that it takes back.
func DocNum(e pay.Entry) string {
	number := strconv.FormatInt(e.CaseNumber, 10)
	if e.Generation > 1 {
		number += "-" + strconv.Itoa(e.Generation)
	}
	return number
}
