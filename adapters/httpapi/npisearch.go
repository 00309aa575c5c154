package httpapi

import (
	"context"
	"fmt"
	"net/http"

	"surgicase/application/npidirectory"
	"surgicase/domain/directory"
	"surgicase/domain/npi"
)

func (a *API) npiSearchRoutes() {
	const how = " Every word must begin a word of the name, in any position; letter case, accents, apostrophes and full stops do not matter, hyphens part words. " +
		"A number of ten digits in place of a name is an NPI. At most 50, those with more whole words first. Deactivated NPIs are not found."
	register(a, route{
		method: http.MethodGet, path: "/search_surgeon", aliases: []string{"/search-surgeon"}, id: "search-surgeon", tag: tagNPI,
		summary: "Search the provider directory for people", description: "By first_name, last_name or both." + how,
	}, a.searchSurgeon)
	register(a, route{
		method: http.MethodGet, path: "/search_facility", aliases: []string{"/search-facility"}, id: "search-facility", tag: tagNPI,
		summary: "Search the provider directory for organizations", description: "By facility_name." + how,
	}, a.searchFacility)
}

type searchSurgeonInput struct {
	OnlyCaller
	FirstName string `query:"first_name" maxLength:"100" doc:"Words of first names, or an NPI." example:"ro"`
	LastName  string `query:"last_name" maxLength:"100" doc:"Words of last names, or an NPI." example:"testwell"`
	State     string `query:"state" maxLength:"2" doc:"Only in this state." example:"OR"`
}

type foundSurgeons struct {
	Body struct {
		Message        string             `json:"message" example:"Found 1 matching surgeon(s)"`
		SearchCriteria surgeonCriteria    `json:"search_criteria"`
		Surgeons       []foundSurgeonBody `json:"surgeons" nullable:"false"`
	}
}

type surgeonCriteria struct {
	FirstName string `json:"first_name" example:"ro"`
	LastName  string `json:"last_name" example:"testwell"`
	State     string `json:"state,omitempty" example:"OR"`
}

type foundSurgeonBody struct {
	NPI       int64  `json:"npi" example:"1555123458"`
	FirstName string `json:"first_name" example:"Rowena"`
	LastName  string `json:"last_name" example:"Testwell"`
	FoundAddress
}

// FoundAddress is an address in the results of a search.
type FoundAddress struct {
	Address string `json:"address" example:"1 Sample Plaza"`
	City    string `json:"city" example:"Testville"`
	State   string `json:"state" example:"OR"`
	Zip     string `json:"zip" doc:"As the registry holds it." example:"970010001"`
}

func foundAddressOf(a npi.Address) FoundAddress {
	return FoundAddress{directory.ProperAddress(a.Line), directory.ProperName(a.City), directory.ProperState(a.State), a.ZIP}
}

func (a *API) searchSurgeon(ctx context.Context, in *searchSurgeonInput) (*foundSurgeons, error) {
	var r reader
	asked := npidirectory.Names{Kind: npi.Individual, First: in.FirstName, Last: in.LastName, State: r.state("query.state", in.State)}
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	found, err := a.Lookup.Search(ctx, actorOf(ctx), asked)
	if err != nil {
		return nil, err
	}
	out := &foundSurgeons{}
	out.Body.Message = fmt.Sprintf("Found %d matching surgeon(s)", len(found))
	out.Body.SearchCriteria = surgeonCriteria{in.FirstName, in.LastName, in.State}
	out.Body.Surgeons = mapped(found, func(f npi.Record) foundSurgeonBody {
		first, last := directory.ProperPerson(f.First, f.Last)
		return foundSurgeonBody{int64(f.NPI), first, last, foundAddressOf(f.Address)} //nolint:gosec // ten digits
	})
	return out, nil
}

type searchFacilityInput struct {
	OnlyCaller
	FacilityName string `query:"facility_name" required:"true" minLength:"1" maxLength:"100" doc:"Words of the name, or an NPI." example:"marys example"`
	State        string `query:"state" maxLength:"2" doc:"Only in this state." example:"OR"`
}

type foundFacilities struct {
	Body struct {
		Message        string              `json:"message" example:"Found 1 matching facility(ies)"`
		SearchCriteria facilityCriteria    `json:"search_criteria"`
		Facilities     []foundFacilityBody `json:"facilities" nullable:"false"`
	}
}

type facilityCriteria struct {
	FacilityName string `json:"facility_name" example:"marys example"`
	State        string `json:"state,omitempty" example:"OR"`
}

type foundFacilityBody struct {
	NPI          int64  `json:"npi" example:"1999999992"`
	FacilityName string `json:"facility_name" example:"St. Mary's Example Hospital (Main)"`
	FoundAddress
}

func (a *API) searchFacility(ctx context.Context, in *searchFacilityInput) (*foundFacilities, error) {
	var r reader
	asked := npidirectory.Names{Kind: npi.Organization, Name: in.FacilityName, State: r.state("query.state", in.State)}
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	found, err := a.Lookup.Search(ctx, actorOf(ctx), asked)
	if err != nil {
		return nil, err
	}
	out := &foundFacilities{}
	out.Body.Message = fmt.Sprintf("Found %d matching facility(ies)", len(found))
	out.Body.SearchCriteria = facilityCriteria{in.FacilityName, in.State}
	out.Body.Facilities = mapped(found, func(f npi.Record) foundFacilityBody {
		return foundFacilityBody{int64(f.NPI), directory.ProperFacility(f.Organization), foundAddressOf(f.Address)} //nolint:gosec // ten digits
	})
	return out, nil
}
