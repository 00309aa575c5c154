package httpapi

import (
	"context"
	"net/http"

	"surgicase/domain/accounting"
	"surgicase/domain/ident"
)

func (a *API) vendorRoutes() {
	register(a, route{
		method: http.MethodPut, path: "/quickbooks_vendor_names/{user_id}", id: "rename-vendor", dryRun: true, tag: tagAccounting,
		faults:  []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		summary: "Give a provider another name in QuickBooks", description: "For Global Admins. For a provider whose name a customer or employee has there already. It stands in files that are " +
			"made from now on; the file of a run that was made before is served as it was: change the name there by hand.",
	}, a.renameVendor)
}

type renameVendorInput struct {
	OnlyCaller
	User string `path:"user_id" maxLength:"255" doc:"The provider." example:"demo-provider"`
	Body struct {
		VendorName string `json:"vendor_name" minLength:"1" maxLength:"41" doc:"ASCII, unique whatever the letter case." example:"Robin Provider MD"`
	}
}

type renameVendorAnswer struct {
	Body struct {
		UserID     string  `json:"user_id" example:"demo-provider"`
		VendorName string  `json:"vendor_name" example:"Robin Provider MD"`
		FormerName *string `json:"former_name" nullable:"true" doc:"Null if no file has named the provider yet." example:"Robin Provider"`
	}
}

func (a *API) renameVendor(ctx context.Context, in *renameVendorInput) (*renameVendorAnswer, error) {
	var r reader
	provider, err := ident.ParseUserID(in.User)
	r.bad.Check("path.user_id", err)
	name, err := accounting.ParseVendorName(in.Body.VendorName)
	r.bad.Check("body.vendor_name", err)
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	former, err := a.Reports.RenameVendor(ctx, actorOf(ctx), provider, name)
	if err != nil {
		return nil, err
	}
	out := &renameVendorAnswer{}
	out.Body.UserID, out.Body.VendorName, out.Body.FormerName = string(provider), name, nullable(former)
	return out, nil
}
