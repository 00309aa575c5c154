package httpapi

import (
	"bytes"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"surgicase/domain/fault"
)

// carefully refuses what a writing request may be misspelled as: a query parameter that the route does not know, one
// that is repeated, a query that cannot be read whole, a body where none is taken, and a dry run asked for in a header.
// Passed over, each of them would change something that the caller meant to try, or to change for another case.
// Anywhere, a number without a value would count as not asked for, and the preview pass for the report of a run.
func (a *API) carefully(hc huma.Context, next func(huma.Context)) {
	dry, err := readQuery(hc)
	if err == nil && writes(hc.Operation().Method) {
		err = refuseDryRunHeader(hc)
	}
	if err == nil && writes(hc.Operation().Method) && hc.Operation().RequestBody == nil {
		err = refuseBody(hc)
	}
	if err != nil {
		_ = huma.WriteErr(a.huma, hc, http.StatusInternalServerError, unexpected, err)
		return
	}
	if dry {
		hc = startDryRun(hc)
	}
	next(hc)
}

// readQuery checks the names of the query parameters and reports whether a dry run is asked for.
func readQuery(hc huma.Context) (dry bool, err error) {
	known := []string{"user_id", "requesting_user_id", "calling_user_id"}
	address := hc.URL()
	given, unreadable := url.ParseQuery(address.RawQuery)
	var bad fault.Collector
	for _, p := range hc.Operation().Parameters {
		if p.In != "query" {
			continue
		}
		known = append(known, p.Name)
		if given.Has(p.Name) && given.Get(p.Name) == "" && p.Schema.Type == huma.TypeInteger {
			bad.Add("query."+p.Name, "must be a number")
		}
	}
	if !writes(hc.Operation().Method) {
		return false, bad.Err()
	}
	if unreadable != nil { // the pair in question would be left out without a word
		bad.Add("query", "cannot be read: separate parameters by &, and encode what is no letter or digit")
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		switch {
		case !slices.Contains(known, name):
			bad.Add("query."+name, "%s", unknownParameter(hc, name))
		case len(given[name]) > 1:
			bad.Add("query."+name, "must be given once")
		case name == paramDryRun:
			if dry, err = strconv.ParseBool(given.Get(name)); err != nil {
				bad.Add("query."+name, "must be true or false")
			}
		}
	}
	return dry, bad.Err()
}

func unknownParameter(hc huma.Context, name string) string {
	if why, _ := hc.Operation().Metadata[metaNoDryRun].(string); why != "" && name == paramDryRun {
		return "is not possible here: " + why
	}
	return "is not a parameter of this path"
}

// refuseDryRunHeader refuses a dry run that is asked for in a header.
func refuseDryRunHeader(hc huma.Context) error {
	var bad fault.Collector
	hc.EachHeader(func(name, _ string) {
		letters := strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name))
		if strings.TrimPrefix(letters, "x") == "dryrun" {
			bad.Add("header."+name, "is not known: a dry run is asked for with the query parameter dry_run=true")
		}
	})
	return bad.Err()
}

// refuseBody refuses a body on a route that takes none. An empty object says nothing and may come.
func refuseBody(hc huma.Context) error {
	if body := humagin.Unwrap(hc).Request.Body; body == nil || body == http.NoBody {
		return nil
	}
	_ = hc.SetReadDeadline(time.Now().Add(bodyReadTimeout)) //nolint:forbidigo // a deadline of the network; no rule depends on it
	sent, err := io.ReadAll(io.LimitReader(hc.BodyReader(), maxEmptyBody))
	if err != nil {
		return fault.InvalidField("body", "cannot be read")
	}
	if text := string(bytes.TrimSpace(sent)); text != "" && text != "{}" && text != "null" {
		return fault.InvalidField("body", "is not taken by this path: say it with query parameters")
	}
	return nil
}

// maxEmptyBody is as much as is read of a body that is to say nothing.
const maxEmptyBody = 64

// countedOnce are the headers that say what a request is or does: of two of them nobody knows which one counts,
// and what stands before us may read the other. Those that say who calls are refused where callers are identified.
var countedOnce = []string{
	"Content-Type", "Content-Encoding", "Idempotency-Key", "If-Match", "Origin", "Referer", "Sec-Fetch-Site", "X-Api-Compatibility",
}

// singly refuses a request that repeats a header which counts once.
func (a *API) singly(hc huma.Context, next func(huma.Context)) {
	var bad fault.Collector
	header := humagin.Unwrap(hc).Request.Header
	for _, name := range countedOnce {
		if len(header[name]) > 1 {
			bad.Add("header."+name, "must be sent once")
		}
	}
	if err := bad.Err(); err != nil {
		_ = huma.WriteErr(a.huma, hc, http.StatusInternalServerError, unexpected, err)
		return
	}
	next(hc)
}

// asSpelled writes the media type of a body in small letters and without blanks, as the framework compares
// it. Source: RFC 9110 8.3.1.
func asSpelled(hc huma.Context, next func(huma.Context)) {
	if sent := hc.Header("Content-Type"); sent != "" && sent != jsonType {
		if kind, parameters, err := mime.ParseMediaType(sent); err == nil {
			humagin.Unwrap(hc).Request.Header.Set("Content-Type", mime.FormatMediaType(kind, parameters))
		}
	}
	next(hc)
}

// plainly refuses compressed bodies: read as they are, they would only look like broken JSON.
func (a *API) plainly(hc huma.Context, next func(huma.Context)) {
	coding := hc.Header("Content-Encoding")
	if coding == "" || coding == "identity" || !slices.Contains(hc.Operation().Errors, http.StatusUnsupportedMediaType) {
		next(hc)
		return
	}
	hc.SetHeader("Accept-Encoding", "identity") // RFC 9110 12.5.3
	_ = huma.WriteErr(a.huma, hc, http.StatusUnsupportedMediaType, "")
}
