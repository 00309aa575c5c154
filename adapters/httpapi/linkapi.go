package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func (a *API) linkRoutes() {
	register(a, route{
		method: http.MethodGet, path: "/file_links/{token}", id: "follow-link", tag: tagFiles, open: true, slow: true,
		faults:  []int{http.StatusNotFound, http.StatusRequestedRangeNotSatisfiable, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
		summary: "Download a document by a signed link", description: "The links of installations that keep their documents in files lead here. They need no caller.",
	}, a.followLink)
	register(a, route{
		method: http.MethodPut, path: "/file_links/{token}", id: "upload-by-link", noDryRun: "a document is either stored or not", tag: tagFiles, open: true, slow: true, body: uploadBody(),
		faults:  []int{http.StatusBadRequest, http.StatusNotFound, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
		summary: "Upload a document by a signed link", description: "Exactly the one for which the link was made: of that size, type and SHA-256.",
	}, a.uploadByLink)
	describeDocument(a.huma.OpenAPI().Paths["/file_links/{token}"].Get.Responses, documentMedia()...)
}

// OneLink is the token of a link.
type OneLink struct {
	Token string `path:"token" maxLength:"4096" doc:"As the link has it."`
}

func (a *API) followLink(ctx context.Context, in *OneLink) (*huma.StreamResponse, error) {
	opened, err := a.Links.Read(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	return a.serveDocument(opened), nil
}

type uploadByLinkInput struct {
	Incoming
	OneLink
}

type uploadedByLink struct {
	Body struct {
		Message string `json:"message" example:"Document uploaded; complete it now"`
	}
}

func (a *API) uploadByLink(ctx context.Context, in *uploadByLinkInput) (*uploadedByLink, error) {
	owner, err := a.Links.Owner(in.Token)
	if err != nil {
		return nil, err
	}
	r := in.request()
	release, err := a.beginUpload(ctx, r, owner)
	if err != nil {
		return nil, err
	}
	defer release()
	content := &arriving{ctx, http.MaxBytesReader(nil, r.Body, a.settings.MaxUpload), a.settings.MaxUpload}
	if err := a.Links.Write(ctx, in.Token, r.Header.Get("Content-Type"), r.ContentLength, content); err != nil {
		return nil, err
	}
	out := &uploadedByLink{}
	out.Body.Message = "Document uploaded; complete it now"
	return out, nil
}
