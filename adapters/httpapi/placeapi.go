package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
)

const (
	tagSurgeons   = "Surgeons"
	tagFacilities = "Facilities"
)

func (a *API) placeRoutes() {
	creating := []int{http.StatusForbidden, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType}
	changing := []int{
		http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusPreconditionFailed,
		http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
	}
	deleting := []int{http.StatusForbidden, http.StatusNotFound, http.StatusPreconditionFailed}
	register(a, route{
		method: http.MethodPost, path: "/surgeon", id: "create-surgeon", dryRun: true, tag: tagSurgeons, status: http.StatusCreated, owner: true, faults: creating,
		summary: "Add a surgeon", description: "Somebody the owner works with; for the owner's cases only. The NPI alone is enough if the provider directory has the rest.",
	}, a.createSurgeon)
	register(a, route{
		method: http.MethodPatch, path: "/surgeon", id: "change-surgeon", dryRun: true, tag: tagSurgeons, faults: changing,
		summary: "Change a surgeon", description: "A JSON merge patch. Cases that name the surgeon show the new name.",
	}, a.changeSurgeon)
	register(a, route{
		method: http.MethodDelete, path: "/surgeon", id: "delete-surgeon", dryRun: true, tag: tagSurgeons, faults: deleting,
		summary: "Delete a surgeon", description: "Soft: old cases keep the name, new ones cannot use it.",
	}, a.deleteSurgeon)
	register(a, route{
		method: http.MethodGet, path: "/surgeons", id: "list-surgeons", tag: tagSurgeons, owner: true, faults: []int{http.StatusForbidden},
		summary: "List a provider's surgeons", description: "In order of id.",
	}, a.listSurgeons)
	register(a, route{
		method: http.MethodPost, path: "/facility", id: "create-facility", dryRun: true, tag: tagFacilities, status: http.StatusCreated, owner: true, faults: creating,
		summary: "Add a facility", description: "A place the owner works at; for the owner's cases only. The NPI alone is enough if the provider directory has the rest.",
	}, a.createFacility)
	register(a, route{
		method: http.MethodPatch, path: "/facility", id: "change-facility", dryRun: true, tag: tagFacilities, faults: changing,
		summary: "Change a facility", description: "A JSON merge patch. Cases that name the facility show the new name.",
	}, a.changeFacility)
	register(a, route{
		method: http.MethodDelete, path: "/facility", id: "delete-facility", dryRun: true, tag: tagFacilities, faults: deleting,
		summary: "Delete a facility", description: "Soft: old cases keep the name, new ones cannot use it.",
	}, a.deleteFacility)
	register(a, route{
		method: http.MethodGet, path: "/facilities", id: "list-facilities", tag: tagFacilities, owner: true, faults: []int{http.StatusForbidden},
		summary: "List a provider's facilities", description: "In order of id.",
	}, a.listFacilities)
}

// ownerOf is whose a new thing becomes: the body says, else the parameter, else it is the caller.
func (r *reader) ownerOf(ctx context.Context, body, parameter string) ident.UserID {
	switch {
	case body != "":
		return r.user("body.user_id", body)
	case parameter != "":
		return r.user("query.user_id", parameter)
	}
	return actorOf(ctx).User
}

// versionIn reads the version that If-Match asks for; 0 means any. The ETag of places is made of the
// version alone: everybody who sees one sees all of it.
func versionIn(ifMatch string) (int64, error) {
	if ifMatch = strings.TrimSpace(ifMatch); ifMatch == "" || ifMatch == "*" {
		return 0, nil
	}
	version, err := strconv.ParseInt(strings.Trim(ifMatch, `"`), 10, 64)
	if err != nil || version < 1 || versionTag(version) != ifMatch {
		return 0, fault.New(fault.Stale, "version_mismatch", "It has changed since you read it.")
	}
	return version, nil
}

func versionTag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// address reads the parts of an address, whose names differ between surgeons and facilities. What is not
// given comes from the provider directory.
func (r *reader) address(prefix, line, city, state, zip string) directory.Address {
	at := "body." + prefix
	return directory.Address{
		Line: r.line(at+"_addr", line, maxPlaceLine, false), City: r.line(at+"_city", city, maxCity, false),
		State: r.state(at+"_state", state), ZIP: r.zip(at+"_zip", zip),
	}
}

func (r *reader) addressChanges(prefix string, line, city, state, zip Optional[string]) directory.AddressChanges {
	return directory.AddressChanges{
		Line: clearable(line, prefix+"_addr", r.lineOf(maxPlaceLine)), City: clearable(city, prefix+"_city", r.lineOf(maxCity)),
		State: clearable(state, prefix+"_state", r.state), ZIP: clearable(zip, prefix+"_zip", r.zip),
	}
}

// placesInput asks for a page of an owner's surgeons or facilities.
type placesInput struct {
	PageInput
	OwnerInput
}

type deletedBody struct {
	Message    string `json:"message" example:"Surgeon deleted successfully"`
	SurgeonID  int64  `json:"surgeon_id,omitempty" example:"100001"`
	FacilityID int64  `json:"facility_id,omitempty" example:"1000001"`
}

type deletedAnswer struct{ Body deletedBody }

// idPage is a page of a list that is ordered by row numbers.
type idPage[T any] struct {
	headers   PageHeaders
	rows      []T
	truncated bool
}

// pageByID reads a page of rows in order of their numbers: one more than asked for tells whether
// there are more.
func pageByID[T any](in PageInput, list string, query url.Values, id func(T) int64, read func(after int64, limit int) ([]T, error)) (idPage[T], error) {
	var page idPage[T]
	after, err := readCursor[int64](list, in.Cursor)
	if err != nil {
		return page, err
	}
	from := int64(0)
	if after != nil {
		from = *after
	}
	if page.rows, err = read(from, in.limit()+1); err != nil {
		return page, err
	}
	if len(page.rows) > in.limit() {
		page.rows = page.rows[:in.limit()]
		query.Set("limit", strconv.Itoa(in.limit()))
		page.headers.Link = nextLink("/"+list, query, writeCursor(list, id(page.rows[len(page.rows)-1])))
		page.truncated = in.Limit == 0
	}
	if in.Count {
		all, err := read(0, mostCounted)
		page.headers.Total = strconv.Itoa(len(all))
		return page, err
	}
	return page, nil
}

// mostCounted is as far as count=true counts lists that people enter by hand.
const mostCounted = 100_000
