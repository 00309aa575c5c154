package httpapi

import (
	"maps"
	"mime"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"surgicase/domain/fault"
)

const dryRun = "dry_run"

// carefully refuses what a request may be misspelled as. Where dry_run can be said, a parameter that is not
// known, one that is repeated and a dry_run without a value would otherwise move money; anywhere, a number
// without a value would count as not asked for, and the preview pass for the report of a run.
func (a *API) carefully(hc huma.Context, next func(huma.Context)) {
	if err := misspelled(hc); err != nil {
		_ = huma.WriteErr(a.huma, hc, http.StatusInternalServerError, unexpected, err)
		return
	}
	next(hc)
}

func misspelled(hc huma.Context) error {
	known := []string{"user_id", "requesting_user_id", "calling_user_id"}
	address := hc.URL()
	given := address.Query()
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
	if !slices.Contains(known, dryRun) {
		return bad.Err()
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		switch {
		case !slices.Contains(known, name):
			bad.Add("query."+name, "is not a parameter of this path")
		case len(given[name]) > 1:
			bad.Add("query."+name, "must be given once")
		case name == dryRun && given[name][0] == "":
			bad.Add("query."+name, "must be true or false")
		}
	}
	return bad.Err()
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
