package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/npi"
)

const tagNPI = "NPI registry"

func (a *API) npiRoutes() {
	register(a, route{
		method: http.MethodGet, path: "/check_npi", id: "check-npi", tag: tagNPI, faults: []int{http.StatusNotFound, http.StatusBadGateway},
		summary: "Look an NPI up in the registry", description: "Returns the name that the registry holds for an active NPI of a person, with facility=true of an organization. " +
			"A number with a wrong check digit is refused without asking. 502 when the registry fails and has not answered before.",
	}, a.checkNPI)
}

type checkNPIInput struct {
	OnlyCaller
	NPI      string `query:"npi" required:"true" pattern:"^[0-9]{10}$" doc:"The NPI." example:"1555123458"`
	Facility bool   `query:"facility" doc:"It is that of an organization, whose name comes as first_name."`
}

type checkedNPI struct {
	Age  string `header:"Age" doc:"How old the answer is in seconds, if it was not asked for just now."`
	Body struct {
		NPI       string `json:"npi" example:"1555123458"`
		FirstName string `json:"first_name" example:"Rowena"`
		LastName  string `json:"last_name" example:"Testwell"`
	}
}

func (a *API) checkNPI(ctx context.Context, in *checkNPIInput) (*checkedNPI, error) {
	number, err := npi.Parse(in.NPI)
	if err != nil {
		return nil, at("query.npi", err)
	}
	kind := npi.Individual
	if in.Facility {
		kind = npi.Organization
	}
	record, age, err := a.Lookup.Check(ctx, actorOf(ctx), number, kind)
	if err != nil {
		return nil, err
	}
	out := &checkedNPI{}
	if age >= time.Second {
		out.Age = strconv.Itoa(int(age / time.Second))
	}
	out.Body.NPI = number.String()
	out.Body.FirstName, out.Body.LastName = directory.ProperPerson(record.First, record.Last)
	if in.Facility {
		out.Body.FirstName = directory.ProperFacility(record.Organization)
	}
	return out, nil
}
