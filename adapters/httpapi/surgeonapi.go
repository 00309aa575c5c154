package httpapi

import (
	"context"
	"net/url"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
)

// SurgeonBody is a surgeon in answers.
type SurgeonBody struct {
	SurgeonID    int64   `json:"surgeon_id" example:"100001"`
	FirstName    string  `json:"first_name" example:"Avery"`
	LastName     string  `json:"last_name" example:"Surgeon"`
	SurgeonNPI   *int64  `json:"surgeon_npi" nullable:"true" example:"1555123458"`
	SurgeonAddr  *string `json:"surgeon_addr" nullable:"true" example:"1 Sample Plaza"`
	SurgeonCity  *string `json:"surgeon_city" nullable:"true" example:"Portland"`
	SurgeonState *string `json:"surgeon_state" nullable:"true" example:"OR"`
	SurgeonZip   *string `json:"surgeon_zip" nullable:"true" example:"97201"`
	RegistryBody
	Version int64 `json:"version" doc:"Rises with every change." example:"1"`
}

func surgeonBodyOf(s directory.Surgeon) SurgeonBody {
	return SurgeonBody{
		SurgeonID: s.ID, FirstName: s.First, LastName: s.Last, SurgeonNPI: digitsOf(s.NPI.String()), SurgeonAddr: nullable(s.Address.Line),
		SurgeonCity: nullable(s.Address.City), SurgeonState: nullable(s.Address.State), SurgeonZip: nullable(s.Address.ZIP), Version: s.Version,
		RegistryBody: registryBodyOf(s.Registry, s.NPI, s.First+" "+s.Last),
	}
}

type createSurgeonInput struct {
	OwnerInput
	Body struct {
		UserID       string `json:"user_id,omitempty" maxLength:"255" doc:"The owner. Default: the user_id parameter, else the caller." example:"demo-provider"`
		FirstName    string `json:"first_name,omitempty" doc:"Default: what the provider directory holds." minLength:"1" maxLength:"250" example:"Avery"`
		LastName     string `json:"last_name,omitempty" doc:"Default: what the provider directory holds." minLength:"1" maxLength:"250" example:"Surgeon"`
		SurgeonNPI   Digits `json:"surgeon_npi" doc:"Ten digits, checked by the check digit."`
		SurgeonAddr  string `json:"surgeon_addr,omitempty" doc:"Default: what the provider directory holds." minLength:"1" maxLength:"100" example:"1 Sample Plaza"`
		SurgeonCity  string `json:"surgeon_city,omitempty" doc:"Default: what the provider directory holds." minLength:"1" maxLength:"50" example:"Portland"`
		SurgeonState string `json:"surgeon_state,omitempty" doc:"Default: what the provider directory holds." minLength:"2" maxLength:"2" example:"OR"`
		SurgeonZip   string `json:"surgeon_zip,omitempty" doc:"Default: what the provider directory holds." minLength:"5" maxLength:"10" example:"97201"`
	}
}

type createdSurgeon struct {
	Location string `header:"Location" doc:"The list that shows it."`
	ETag     string `header:"ETag" doc:"The version, for If-Match."`
	Body     struct {
		Message string `json:"message" example:"Surgeon created successfully"`
		UserID  string `json:"user_id" doc:"The owner." example:"demo-provider"`
		SurgeonBody
		SameNPI []int64 `json:"same_npi,omitempty" doc:"Others of the owner's surgeons with this NPI: it may have been entered before."`
	}
}

func (a *API) createSurgeon(ctx context.Context, in *createSurgeonInput) (*createdSurgeon, error) {
	var r reader
	b := &in.Body
	s := directory.Surgeon{
		Owner: r.ownerOf(ctx, b.UserID, in.UserID), First: r.nameOf("body.first_name", b.FirstName, maxName, false), Last: r.nameOf("body.last_name", b.LastName, maxName, false),
		NPI: r.npi("body.surgeon_npi", b.SurgeonNPI), Address: r.address("surgeon", b.SurgeonAddr, b.SurgeonCity, b.SurgeonState, b.SurgeonZip),
	}
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	made, err := a.Surgeons.Add(ctx, actorOf(ctx), s)
	if err != nil {
		return nil, err
	}
	out := &createdSurgeon{Location: "/surgeons?user_id=" + url.QueryEscape(string(made.Place.Owner)), ETag: versionTag(made.Place.Version)}
	out.Body.Message, out.Body.UserID, out.Body.SurgeonBody = "Surgeon created successfully", string(made.Place.Owner), surgeonBodyOf(made.Place)
	out.Body.SameNPI = made.SameNPI
	return out, nil
}

type changeSurgeonInput struct {
	UserID  string `query:"user_id" maxLength:"255" doc:"May only repeat the caller; in trusted mode without a header it names him."`
	IfMatch string `header:"If-Match" doc:"The version last read, quoted; another one means 412." example:"\"3\""`
	Body    struct {
		SurgeonID    Digits           `json:"surgeon_id" doc:"The surgeon to change."`
		FirstName    Optional[string] `json:"first_name,omitempty" example:"Avery"`
		LastName     Optional[string] `json:"last_name,omitempty" example:"Surgeon"`
		SurgeonNPI   Optional[Digits] `json:"surgeon_npi,omitempty"`
		SurgeonAddr  Optional[string] `json:"surgeon_addr,omitempty" example:"1 Sample Plaza"`
		SurgeonCity  Optional[string] `json:"surgeon_city,omitempty" example:"Portland"`
		SurgeonState Optional[string] `json:"surgeon_state,omitempty" example:"OR"`
		SurgeonZip   Optional[string] `json:"surgeon_zip,omitempty" example:"97201"`
	}
}

type changedSurgeon struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body struct {
		Message       string   `json:"message" example:"Surgeon updated successfully"`
		SurgeonID     int64    `json:"surgeon_id" example:"100001"`
		UpdatedFields []string `json:"updated_fields" nullable:"false" doc:"Empty if every value was equal to the stored one."`
		Version       int64    `json:"version" example:"2"`
	}
}

func (a *API) changeSurgeon(ctx context.Context, in *changeSurgeonInput) (*changedSurgeon, error) {
	var r reader
	b := &in.Body
	id := r.rowID("body.surgeon_id", b.SurgeonID)
	changes := directory.SurgeonChanges{
		First: needed(&r, "first_name", b.FirstName, r.name), Last: needed(&r, "last_name", b.LastName, r.name),
		NPI:     needed(&r, "surgeon_npi", b.SurgeonNPI, r.npi),
		Address: r.addressChanges("surgeon", b.SurgeonAddr, b.SurgeonCity, b.SurgeonState, b.SurgeonZip),
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
	s, fields, err := a.Surgeons.Change(ctx, actorOf(ctx), id, version, func(s *directory.Surgeon) []string { return s.Apply(changes) })
	if err != nil {
		return nil, err
	}
	out := &changedSurgeon{ETag: versionTag(s.Version)}
	out.Body.Message, out.Body.SurgeonID, out.Body.UpdatedFields, out.Body.Version = "Surgeon updated successfully", id, changed(ctx, fields), s.Version
	return out, nil
}

type oneSurgeon struct {
	SurgeonID int64  `query:"surgeon_id" required:"true" minimum:"1" doc:"The surgeon." example:"100001"`
	UserID    string `query:"user_id" maxLength:"255" doc:"May only repeat the caller; in trusted mode without a header it names him."`
	IfMatch   string `header:"If-Match" doc:"The version last read, quoted; another one means 412." example:"\"3\""`
}

func (a *API) deleteSurgeon(ctx context.Context, in *oneSurgeon) (*deletedAnswer, error) {
	version, err := versionIn(in.IfMatch)
	if err != nil {
		return nil, err
	}
	if err := a.Surgeons.Delete(ctx, actorOf(ctx), in.SurgeonID, version); err != nil {
		return nil, err
	}
	return &deletedAnswer{deletedBody{Message: "Surgeon deleted successfully", SurgeonID: in.SurgeonID}}, nil
}

type surgeonsAnswer struct {
	PageHeaders
	Body struct {
		UserID    string        `json:"user_id" example:"demo-provider"`
		Surgeons  []SurgeonBody `json:"surgeons" nullable:"false"`
		Truncated bool          `json:"truncated,omitempty" doc:"There are more; page with limit and cursor."`
	}
}

func (a *API) listSurgeons(ctx context.Context, in *placesInput) (*surgeonsAnswer, error) {
	owner, err := in.owner(ctx)
	if err != nil {
		return nil, err
	}
	page, err := pageByID(in.PageInput, "surgeons", url.Values{"user_id": {string(owner)}}, func(s directory.Surgeon) int64 { return s.ID },
		func(after int64, limit int) ([]directory.Surgeon, error) {
			return a.Surgeons.List(ctx, actorOf(ctx), owner, after, limit)
		})
	if err != nil {
		return nil, err
	}
	out := &surgeonsAnswer{PageHeaders: page.headers}
	out.Body.UserID, out.Body.Truncated, out.Body.Surgeons = string(owner), page.truncated, make([]SurgeonBody, len(page.rows))
	for i, s := range page.rows {
		out.Body.Surgeons[i] = surgeonBodyOf(s)
	}
	return out, nil
}

func noFields() error { return fault.New(fault.Senseless, "no_fields", "No fields to update") }
