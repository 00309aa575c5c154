package bootstrap

import (
	"time"

	"go.uber.org/fx"

	"surgicase/application/cases"
	"surgicase/ports"
)

// searchPause is how often an instance looks for cases whose digests the program before has made.
const searchPause = time.Minute

// runDuplicateSearch makes digests anew while the app runs. It needs no scheduler: until it is done, runs hold the cases
// that it has not come to.
func runDuplicateSearch(life fx.Lifecycle, search *cases.DuplicateSearch, events ports.Events) {
	loop{name: "duplicates", pause: searchPause, work: search.Work}.run(life, events)
}
