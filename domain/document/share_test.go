package document_test

import (
	"fmt"
	"testing"
	"time"

	"surgicase/domain/document"
)

func TestShare_Includes(t *testing.T) {
	start := time.Date(2026, 11, 29, 6, 0, 0, 0, time.UTC)
	for _, c := range []struct{ total, budget, weeks int64 }{{100, 0, 1}, {100, 100, 1}, {0, 100, 1}, {101, 100, 2}, {1000, 100, 10}} {
		turns, most := map[string]int{}, 0
		for week := range c.weeks {
			share, inWeek := document.ShareOf(c.total, c.budget, start.AddDate(0, 0, int(7*week))), 0
			for i := range 1000 {
				if key := fmt.Sprint("private/", i); share.Includes(key) {
					turns[key]++
					inWeek++
				}
			}
			most = max(most, inWeek)
		}
		for key, n := range turns {
			if n != 1 {
				t.Errorf("%+v: %s has its turn %d times", c, key, n)
			}
		}
		if len(turns) != 1000 || int64(most) > 1300/c.weeks && c.weeks > 1 {
			t.Errorf("%+v: %d have their turn, at most %d in a week", c, len(turns), most)
		}
	}
}
