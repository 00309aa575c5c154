package httpapi

import (
	"context"
	"net/url"

	"surgicase/domain/directory"
)

// FacilityBody is a facility in answers.
type FacilityBody struct {
	FacilityID    int64   `json:"facility_id" example:"1000001"`
	FacilityName  string  `json:"facility_name" example:"Example Surgery Center"`
	FacilityNPI   *int64  `json:"facility_npi" nullable:"true" example:"1555123458"`
	FacilityAddr  *string `json:"facility_addr" nullable:"true" example:"1 Sample Plaza"`
	FacilityCity  *string `json:"facility_city" nullable:"true" example:"Portland"`
	FacilityState *string `json:"facility_state" nullable:"true" example:"OR"`
	FacilityZip   *string `json:"facility_zip" nullable:"true" example:"97201"`
	RegistryBody
	Version int64 `json:"version" doc:"Rises with every change." example:"1"`
}

func facilityBodyOf(f directory.Facility) FacilityBody {
	return FacilityBody{
		FacilityID: f.ID, FacilityName: f.Name, FacilityNPI: digitsOf(f.NPI.String()), FacilityAddr: nullable(f.Address.Line),
		FacilityCity: nullable(f.Address.City), FacilityState: nullable(f.Address.State), FacilityZip: nullable(f.Address.ZIP), Version: f.Version,
		RegistryBody: registryBodyOf(f.Registry, f.NPI, f.Name),
	}
}

type createFacilityInput struct {
	OwnerInput
	Body struct {
		UserID        string `json:"user_id,omitempty" maxLength:"255" doc:"The owner. Default: the user_id parameter, else the caller." example:"demo-provider"`
		FacilityName  string `json:"facility_name,omitempty" doc:"Default: what the provider directory holds." minLength:"1" maxLength:"1000" example:"Example Surgery Center"`
		FacilityNPI   Digits `json:"facility_npi" doc:"Ten digits, checked by the check digit."`
		FacilityAddr  string `json:"facility_addr,omitempty" doc:"Default: what the provider directory holds." minLength:"1" maxLength:"100" example:"1 Sample Plaza"`
		FacilityCity  string `json:"facility_city,omitempty" doc:"Default: what the provider directory holds." minLength:"1" maxLength:"50" example:"Portland"`
		FacilityState string `json:"facility_state,omitempty" doc:"Default: what the provider directory holds." minLength:"2" maxLength:"2" example:"OR"`
		FacilityZip   string `json:"facility_zip,omitempty" doc:"Default: what the provider directory holds." minLength:"5" maxLength:"10" example:"97201"`
	}
}

type createdFacility struct {
	Location string `header:"Location" doc:"The list that shows it."`
	ETag     string `header:"ETag" doc:"The version, for If-Match."`
	Body     struct {
		Message string `json:"message" example:"Facility created successfully"`
		UserID  string `json:"user_id" doc:"The owner." example:"demo-provider"`
		FacilityBody
		SameNPI []int64 `json:"same_npi,omitempty" doc:"Others of the owner's facilities with this NPI: it may have been entered before."`
	}
}

func (a *API) createFacility(ctx context.Context, in *createFacilityInput) (*createdFacility, error) {
	var r reader
	b := &in.Body
	f := directory.Facility{
		Owner: r.ownerOf(ctx, b.UserID, in.UserID), Name: r.nameOf("body.facility_name", b.FacilityName, maxFacility, false),
		NPI: r.npi("body.facility_npi", b.FacilityNPI), Address: r.address("facility", b.FacilityAddr, b.FacilityCity, b.FacilityState, b.FacilityZip),
	}
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	made, err := a.Facilities.Add(ctx, actorOf(ctx), f)
	if err != nil {
		return nil, err
	}
	out := &createdFacility{Location: "/facilities?user_id=" + url.QueryEscape(string(made.Place.Owner)), ETag: versionTag(made.Place.Version)}
	out.Body.Message, out.Body.UserID, out.Body.FacilityBody = "Facility created successfully", string(made.Place.Owner), facilityBodyOf(made.Place)
	out.Body.SameNPI = made.SameNPI
	return out, nil
}

type changeFacilityInput struct {
	UserID  string `query:"user_id" maxLength:"255" doc:"May only repeat the caller; in trusted mode without a header it names him."`
	IfMatch string `header:"If-Match" doc:"The version last read, quoted; another one means 412." example:"\"3\""`
	Body    struct {
		FacilityID    Digits           `json:"facility_id" doc:"The facility to change."`
		FacilityName  Optional[string] `json:"facility_name,omitempty" example:"Example Surgery Center"`
		FacilityNPI   Optional[Digits] `json:"facility_npi,omitempty"`
		FacilityAddr  Optional[string] `json:"facility_addr,omitempty" example:"1 Sample Plaza"`
		FacilityCity  Optional[string] `json:"facility_city,omitempty" example:"Portland"`
		FacilityState Optional[string] `json:"facility_state,omitempty" example:"OR"`
		FacilityZip   Optional[string] `json:"facility_zip,omitempty" example:"97201"`
	}
}

type changedFacility struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body struct {
		Message       string   `json:"message" example:"Facility updated successfully"`
		FacilityID    int64    `json:"facility_id" example:"1000001"`
		UpdatedFields []string `json:"updated_fields" nullable:"false" doc:"Empty if every value was equal to the stored one."`
		Version       int64    `json:"version" example:"2"`
	}
}

func (a *API) changeFacility(ctx context.Context, in *changeFacilityInput) (*changedFacility, error) {
	var r reader
	b := &in.Body
	id := r.rowID("body.facility_id", b.FacilityID)
	changes := directory.FacilityChanges{
		Name:    needed(&r, "facility_name", b.FacilityName, r.facility),
		NPI:     needed(&r, "facility_npi", b.FacilityNPI, r.npi),
		Address: r.addressChanges("facility", b.FacilityAddr, b.FacilityCity, b.FacilityState, b.FacilityZip),
	}
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	if !changes.Asks() {
		return nil, noFields()
	}
	version, err := versionIn(in.IfMatch)
	if err != nil {
		return nil, err
	}
	f, fields, err := a.Facilities.Change(ctx, actorOf(ctx), id, version, func(f *directory.Facility) []string { return f.Apply(changes) })
	if err != nil {
		return nil, err
	}
	out := &changedFacility{ETag: versionTag(f.Version)}
	out.Body.Message, out.Body.FacilityID, out.Body.UpdatedFields, out.Body.Version = "Facility updated successfully", id, changed(ctx, fields), f.Version
	return out, nil
}

type oneFacility struct {
	FacilityID int64  `query:"facility_id" required:"true" minimum:"1" doc:"The facility." example:"1000001"`
	UserID     string `query:"user_id" maxLength:"255" doc:"May only repeat the caller; in trusted mode without a header it names him."`
	IfMatch    string `header:"If-Match" doc:"The version last read, quoted; another one means 412." example:"\"3\""`
}

func (a *API) deleteFacility(ctx context.Context, in *oneFacility) (*deletedAnswer, error) {
	version, err := versionIn(in.IfMatch)
	if err != nil {
		return nil, err
	}
	if err := a.Facilities.Delete(ctx, actorOf(ctx), in.FacilityID, version); err != nil {
		return nil, err
	}
	return &deletedAnswer{deletedBody{Message: "Facility deleted successfully", FacilityID: in.FacilityID}}, nil
}

type facilitiesAnswer struct {
	PageHeaders
	Body struct {
		UserID     string         `json:"user_id" example:"demo-provider"`
		Facilities []FacilityBody `json:"facilities" nullable:"false"`
		Truncated  bool           `json:"truncated,omitempty" doc:"There are more; page with limit and cursor."`
	}
}

func (a *API) listFacilities(ctx context.Context, in *placesInput) (*facilitiesAnswer, error) {
	owner, err := in.owner(ctx)
	if err != nil {
		return nil, err
	}
	page, err := pageByID(in.PageInput, "facilities", url.Values{"user_id": {string(owner)}}, func(f directory.Facility) int64 { return f.ID },
		func(after int64, limit int) ([]directory.Facility, error) {
			return a.Facilities.List(ctx, actorOf(ctx), owner, after, limit)
		})
	if err != nil {
		return nil, err
	}
	out := &facilitiesAnswer{PageHeaders: page.headers}
	out.Body.UserID, out.Body.Truncated, out.Body.Facilities = string(owner), page.truncated, make([]FacilityBody, len(page.rows))
	for i, f := range page.rows {
		out.Body.Facilities[i] = facilityBodyOf(f)
	}
	return out, nil
}
