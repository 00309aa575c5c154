package httpapi

import (
	"surgicase/application/cases"
	"surgicase/application/documents"
	"surgicase/application/npidirectory"
	"surgicase/application/operations"
	"surgicase/application/payments"
	"surgicase/application/people"
	"surgicase/application/statements"
	"surgicase/application/support"
)

// People are the use cases about users, what belongs to them, and the providers of the registry.
type People struct {
	Users      *people.Users
	Surgeons   *people.Surgeons
	Facilities *people.Facilities
	Groups     *people.Groups
	Tokens     *people.Tokens
	Lookup     *npidirectory.Lookup
}

// House are the use cases about repeated requests, the lists that everybody uses, prices,
// payment runs, and the audit trail.
type House struct {
	Requests *operations.Requests
	Lists    *operations.Lists
	Codes    *operations.Codes
	Prices   *payments.Prices
	Runs     *payments.Runs
	Jobs     *operations.Jobs
	Purging  *operations.Purging
	Trail    *operations.Trail
}

// Office are the use cases about what goes out to people: mail, and bug reports.
type Office struct {
	Mail     *operations.Mail
	Mailings *statements.Mailings
	Support  *support.Service
}

// Papers are the use cases about documents.
type Papers struct {
	Files     *cases.Files
	Documents *people.Documents
	Links     *documents.Links
	Archive   *documents.Archive
}

func (a *API) paperRoutes() {
	a.fileRoutes()
	a.versionRoutes()
	a.userFileRoutes()
	a.linkRoutes()
	a.imageRoutes()
}

// peopleRoutes and houseRoutes add the endpoints of these use cases.
func (a *API) peopleRoutes() {
	a.userRoutes()
	a.placeRoutes()
	a.groupRoutes()
	a.permissionRoutes()
	a.tokenRoutes()
	a.npiRoutes()
	a.npiSearchRoutes()
}

func (a *API) houseRoutes() {
	a.listRoutes()
	a.listEditRoutes()
	a.priceRoutes()
	a.runRoutes()
	a.jobRoutes()
	a.dashboardRoutes()
	a.auditRoutes()
}

func (a *API) officeRoutes() {
	a.mailRoutes()
	a.mailingRoutes()
	a.supportRoutes()
}

// alsoOK documents that a POST that creates answers 200 where nothing new came of it.
func (a *API) alsoOK(path, when string) {
	op := a.huma.OpenAPI().Paths[path].Post
	same := *op.Responses["201"]
	same.Description = when + " Also the answer of a dry run."
	op.Responses["200"] = &same
}
