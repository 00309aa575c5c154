package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"surgicase/domain/surgical"
)

func (a *API) versionRoutes() {
	register(a, route{
		method: http.MethodGet, path: "/case_file_versions", id: "list-case-file-versions", tag: tagFiles,
		faults: []int{http.StatusNotFound}, summary: "List all versions of the documents of a case",
		description: "The documents that the case shows, and those that were replaced or taken away. " +
			"All of them count against the quotas of the case.",
	}, a.listVersions)
	register(a, route{
		method: http.MethodGet, path: "/case_file_version", id: "get-case-file-version", tag: tagFiles, faults: fileFaults, slow: true,
		summary: "Download a version of a document that was replaced or taken away", description: "Whole, or in ranges (RFC 9110).",
	}, a.getVersion)
	register(a, route{
		method: http.MethodDelete, path: "/case_file_version", id: "delete-case-file-version", dryRun: true, tag: tagFiles,
		faults:  []int{http.StatusNotFound, http.StatusConflict},
		summary: "Remove a version of a document that was replaced or taken away",
		description: "The file is removed for good, and counts against no quota any more. " +
			"Whoever may replace the document may do so.",
	}, a.deleteVersion)
	describeDocument(a.huma.OpenAPI().Paths["/case_file_version"].Get.Responses, documentMedia()...)
}

type versionsAnswer struct {
	Body struct {
		CaseID string        `json:"case_id" example:"demo-case-001"`
		Files  []versionBody `json:"files" nullable:"false" doc:"By kind; what the case shows comes first."`
	}
}

type versionBody struct {
	Current    bool   `json:"current" doc:"The case shows it."`
	ReplacedBy *int64 `json:"replaced_by" nullable:"true" doc:"The version of the case that replaced it or took it away: it names the document." example:"4"`
	CaseFileBody
}

func (a *API) listVersions(ctx context.Context, in *OneCase) (*versionsAnswer, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	documents, err := a.Files.Versions(ctx, actorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	out := &versionsAnswer{}
	out.Body.CaseID, out.Body.Files = string(id), []versionBody{}
	for _, d := range documents {
		out.Body.Files = append(out.Body.Files, versionOf(d))
	}
	return out, nil
}

func versionOf(d surgical.Document) versionBody {
	return versionBody{Current: d.Current, ReplacedBy: nullable(d.Replaced), CaseFileBody: caseFileOf(d.Kind, d.File)}
}

// OneVersion names a document of a case that was replaced or taken away.
type OneVersion struct {
	OneCaseFile
	ReplacedBy int64 `query:"replaced_by" required:"true" minimum:"1" doc:"As the list of versions says." example:"4"`
}

func (a *API) getVersion(ctx context.Context, in *OneVersion) (*huma.StreamResponse, error) {
	of, err := target("query", in.CaseID, in.Kind)
	if err != nil {
		return nil, err
	}
	opened, err := a.Files.OpenVersion(ctx, actorOf(ctx), of.Case, of.Kind, in.ReplacedBy)
	if err != nil {
		return nil, err
	}
	return a.serveDocument(opened), nil
}

type removedVersion struct {
	Body struct {
		Message string      `json:"message" example:"Version removed successfully"`
		CaseID  string      `json:"case_id" example:"demo-case-001"`
		File    versionBody `json:"file"`
	}
}

func (a *API) deleteVersion(ctx context.Context, in *OneVersion) (*removedVersion, error) {
	of, err := target("query", in.CaseID, in.Kind)
	if err != nil {
		return nil, err
	}
	gone, err := a.Files.RemoveVersion(ctx, actorOf(ctx), of.Case, of.Kind, in.ReplacedBy)
	if err != nil {
		return nil, err
	}
	out := &removedVersion{}
	out.Body.Message, out.Body.CaseID, out.Body.File = "Version removed successfully", string(of.Case), versionOf(gone)
	return out, nil
}
