package given

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"surgicase/domain/npi"
)

// CMS plays the NPI registry as spec/formats.md a describes it: validation errors and unknown numbers
// come with status 200.
type CMS struct {
	URL string

	mu      sync.Mutex
	records map[string]npi.Record
	behave  http.HandlerFunc
	asked   []string
}

// StartCMS runs a registry that knows these records until the test ends.
func StartCMS(t testing.TB, records ...npi.Record) *CMS {
	t.Helper()
	c := &CMS{records: map[string]npi.Record{}}
	for _, r := range records {
		c.records[r.NPI.String()] = r
	}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.URL = server.URL + "/api/"
	return c
}

// Behave has the registry answer otherwise; nil ends that.
func (c *CMS) Behave(handler http.HandlerFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.behave = handler
}

// Asked gives the questions so far, as they came.
func (c *CMS) Asked() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string{}, c.asked...)
}

// ServeHTTP implements http.Handler.
func (c *CMS) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	c.mu.Lock()
	c.asked = append(c.asked, req.URL.RequestURI())
	behave := c.behave
	number := req.URL.Query().Get("number")
	record, known := c.records[number]
	c.mu.Unlock()
	if behave != nil {
		behave(w, req)
		return
	}
	var answer any
	switch {
	case req.URL.Query().Get("version") != "2.1":
		answer = CMSRefusal("17", "version")
	case len(number) != 10:
		answer = CMSRefusal("06", "number")
	case !known || !record.Active():
		answer = map[string]any{"result_count": 0, "results": []any{}}
	default:
		answer = map[string]any{"result_count": 1, "results": []any{cmsResult(record)}}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

// CMSRefusal is how the registry refuses a question.
func CMSRefusal(number, field string) map[string]any {
	return map[string]any{"Errors": []any{map[string]any{"description": "Invalid " + field, "field": field, "number": number}}}
}

func cmsResult(r npi.Record) map[string]any {
	basic := map[string]any{
		"first_name": r.First, "last_name": r.Last, "name_prefix": "--", "name_suffix": nil, "sex": "F", "sole_proprietor": "NO", "status": "A",
		"enumeration_date": "2010-01-01", "last_updated": r.Updated.String(), "a_new_field": []any{1},
	}
	kind := "NPI-1"
	if r.Kind == npi.Organization {
		kind = "NPI-2"
		basic = map[string]any{"organization_name": r.Organization, "organizational_subpart": "NO", "status": "A", "last_updated": r.Updated.String()}
	}
	return map[string]any{
		"number": r.NPI.String(), "enumeration_type": kind, "created_epoch": "1262304000000", "last_updated_epoch": 1735689600000, "basic": basic,
		"addresses": []any{
			map[string]any{"address_purpose": "MAILING", "address_1": "PO BOX 1", "city": "ELSEWHERE", "state": "WA", "postal_code": "98001", "country_code": "US"},
			map[string]any{
				"address_purpose": "LOCATION", "address_type": "DOM", "address_1": r.Address.Line, "address_2": nil, "city": r.Address.City,
				"state": r.Address.State, "postal_code": r.Address.ZIP, "country_code": "US", "telephone_number": "503-555-0100",
			},
		},
		"practiceLocations": []any{}, "taxonomies": []any{}, "identifiers": []any{}, "other_names": []any{}, "endpoints": []any{},
	}
}
