package httpapi

import (
	"context"
	"encoding/hex"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"surgicase/application/cases"
	"surgicase/domain/document"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/surgical"
)

const (
	tagFiles       = "Documents"
	noNamesInLinks = "On S3 and MinIO there is no link to download a file that its client has named (409 link_shows_name): the link would show the name."
)

var (
	uploadFaults = []int{
		http.StatusBadRequest, http.StatusNotFound, http.StatusRequestTimeout, http.StatusConflict, http.StatusRequestEntityTooLarge,
	}
	jsonUploadFaults = append([]int{http.StatusUnsupportedMediaType}, uploadFaults...)
	fileFaults       = []int{http.StatusNotFound, http.StatusRequestedRangeNotSatisfiable}
)

func (a *API) fileRoutes() {
	register(a, route{
		method: http.MethodPost, path: "/case_files", id: "upload-case-file", noDryRun: "a document is either stored or not", tag: tagFiles, status: http.StatusCreated, faults: uploadFaults, slow: true,
		body: uploadBody("case_id", "kind"), summary: "Upload a document of a case",
		description: "A form with case_id, kind and file in this order, or the document as the body with case_id and kind as parameters. PDF, JPEG, PNG, TIFF and HEIC, " +
			"told by their content. A document of this kind that the case has is replaced. The case is submitted if that completes it.",
	}, a.uploadCaseFile)
	register(a, route{
		method: http.MethodGet, path: "/case_files", id: "list-case-files", tag: tagFiles, faults: []int{http.StatusNotFound},
		summary: "List the documents of a case", description: "With what is known of them. Those of clients that upload elsewhere are pending until their file is there.",
	}, a.listCaseFiles)
	register(a, route{
		method: http.MethodGet, path: "/case_file", id: "get-case-file", tag: tagFiles, faults: fileFaults, slow: true,
		summary: "Download a document of a case", description: "Whole, or in ranges (RFC 9110).",
	}, a.getCaseFile)
	register(a, route{
		method: http.MethodDelete, path: "/case_file", id: "delete-case-file", dryRun: true, tag: tagFiles,
		faults:  []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed},
		summary: "Take a document away from a case", description: "The file stays stored among the versions of the document, until it is removed there or the case is purged.",
	}, a.deleteCaseFile)
	register(a, route{
		method: http.MethodPost, path: "/case_files/presign", id: "presign-case-file", noDryRun: "the link alone changes nothing", tag: tagFiles, faults: jsonUploadFaults,
		summary:     "Get a link to upload or download a document of a case without this API",
		description: "For five minutes. An upload takes effect only with /case_files/complete. Size, type and checksum are signed. " + noNamesInLinks,
	}, a.presignCaseFile)
	register(a, route{
		method: http.MethodPost, path: "/case_files/complete", id: "complete-case-file", noDryRun: "a document is either stored or not", tag: tagFiles, status: http.StatusCreated, faults: jsonUploadFaults, slow: true,
		summary: "Complete an upload by link", description: "Looks at the object and gives it to the case, as an upload does.",
	}, a.completeCaseFile)
	describeDocument(a.huma.OpenAPI().Paths["/case_file"].Get.Responses, documentMedia()...)
}

// OneCaseFile names a document of a case.
type OneCaseFile struct {
	OneCase
	Kind string `query:"kind" required:"true" enum:"demo,note,misc,admin" doc:"Which document of the case." example:"demo"`
}

type uploadCaseFileInput struct {
	Incoming
	CaseID   string `query:"case_id" maxLength:"100" doc:"The case, unless a form says it." example:"demo-case-001"`
	Kind     string `query:"kind" enum:"demo,note,misc,admin" doc:"Which document of the case, unless a form says it." example:"demo"`
	FileName string `query:"file_name" maxLength:"200" doc:"Name of a document that is the body itself. Names are patients' data: a form keeps them out of URLs."`
	UserID   string `query:"user_id" maxLength:"255" doc:"May only repeat the caller; in trusted mode without a header it names him."`
}

type uploadedCaseFile struct {
	Location string `header:"Location" doc:"Where the document can be read."`
	Body     uploadedCaseFileBody
}

type uploadedCaseFileBody struct {
	Message      string         `json:"message" example:"Document stored successfully"`
	CaseID       string         `json:"case_id" example:"demo-case-001"`
	File         CaseFileBody   `json:"file"`
	StatusUpdate submissionBody `json:"status_update"`
	Version      int64          `json:"version" example:"4"`
}

// CaseFileBody is what is known of a document of a case.
type CaseFileBody struct {
	Kind     string `json:"kind" enum:"demo,note,misc,admin" example:"demo"`
	FileName string `json:"file_name" example:"demographics.pdf"`
	StoredDocument
}

// StoredDocument is what is known of the file behind a document.
type StoredDocument struct {
	Pending     bool       `json:"pending" doc:"The name is known, the file is not there yet."`
	SizeBytes   *int64     `json:"size_bytes" nullable:"true" example:"20480"`
	ContentType *string    `json:"content_type" nullable:"true" example:"application/pdf"`
	SHA256      *string    `json:"sha256" nullable:"true" doc:"Of documents that came through this API."`
	UploadedBy  *string    `json:"uploaded_by" nullable:"true" example:"demo-provider"`
	UploadedAt  *time.Time `json:"uploaded_at" nullable:"true"`
}

func storedDocument(stored bool, size int64, media string, sum []byte, by ident.UserID, at time.Time) StoredDocument {
	return StoredDocument{
		Pending: !stored, SizeBytes: nullable(size), ContentType: nullable(media), SHA256: nullable(hex.EncodeToString(sum)),
		UploadedBy: nullable(string(by)), UploadedAt: nullableTime(at),
	}
}

func caseFileOf(kind surgical.FileKind, f surgical.File) CaseFileBody {
	return CaseFileBody{
		Kind: string(kind), FileName: f.Name.Reveal(),
		StoredDocument: storedDocument(f.Stored, f.Size, f.Type, f.SHA256, f.UploadedBy, f.UploadedAt),
	}
}

// target reads which document of which case is meant. Locations begin with where the members came from.
func target(from, id, kind string) (cases.Target, error) {
	var r reader
	to := cases.Target{Case: r.caseID(from+".case_id", id), Kind: surgical.FileKind(kind)}
	known := false
	for _, k := range surgical.FileKinds {
		known = known || k == to.Kind
	}
	if !known {
		r.bad.Add(from+".kind", "must be demo, note, misc or admin")
	}
	return to, r.bad.Err()
}

func (a *API) uploadCaseFile(ctx context.Context, in *uploadCaseFileInput) (*uploadedCaseFile, error) {
	release, err := a.beginUpload(ctx, in.request(), string(actorOf(ctx).User))
	if err != nil {
		return nil, err
	}
	defer release()
	is, err := a.receive(in.request(), "case_id", "kind")
	if err != nil {
		return nil, err
	}
	var r reader
	id, kind, name := is.said(&r.bad, "case_id", in.CaseID), is.said(&r.bad, "kind", in.Kind), is.named(&r.bad, in.FileName)
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	to, err := target(is.from(), id, kind)
	if err != nil {
		return nil, err
	}
	to.Name = name
	done, err := a.Files.Upload(ctx, actorOf(ctx), to, is.size, is.content)
	if err != nil {
		return nil, err
	}
	return uploadedAnswer(ctx, done, to.Kind), nil
}

func uploadedAnswer(ctx context.Context, done cases.Recorded, kind surgical.FileKind) *uploadedCaseFile {
	c := done.Case
	return &uploadedCaseFile{
		Location: "/case_file?case_id=" + url.QueryEscape(string(c.ID)) + "&kind=" + string(kind),
		Body: uploadedCaseFileBody{
			Message: "Document stored successfully", CaseID: string(c.ID), File: caseFileOf(kind, c.Files[kind]),
			StatusUpdate: submissionOf(c, done.Submitted, actorOf(ctx)), Version: c.Version,
		},
	}
}

type caseFilesAnswer struct {
	Body struct {
		CaseID string         `json:"case_id" example:"demo-case-001"`
		Files  []CaseFileBody `json:"files" nullable:"false"`
	}
}

func (a *API) listCaseFiles(ctx context.Context, in *OneCase) (*caseFilesAnswer, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	c, err := a.Files.List(ctx, actorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	out := &caseFilesAnswer{}
	out.Body.CaseID, out.Body.Files = string(id), []CaseFileBody{}
	for _, kind := range surgical.FileKinds {
		if f, ok := c.Files[kind]; ok {
			out.Body.Files = append(out.Body.Files, caseFileOf(kind, f))
		}
	}
	return out, nil
}

func (a *API) getCaseFile(ctx context.Context, in *OneCaseFile) (*huma.StreamResponse, error) {
	to, err := target("query", in.CaseID, in.Kind)
	if err != nil {
		return nil, err
	}
	opened, err := a.Files.Open(ctx, actorOf(ctx), to.Case, to.Kind)
	if err != nil {
		return nil, err
	}
	return a.serveDocument(opened), nil
}

type deleteCaseFileInput struct {
	OneCaseFile
	IfMatch string `header:"If-Match" doc:"The ETag of the case last read; another one means 412."`
}

func (a *API) deleteCaseFile(ctx context.Context, in *deleteCaseFileInput) (*changedCase, error) {
	to, err := target("query", in.CaseID, in.Kind)
	if err != nil {
		return nil, err
	}
	change := cases.Change{ID: to.Case, Changes: surgical.Changes{Files: map[surgical.FileKind]surgical.PHI{to.Kind: {}}}}
	if change.IfVersion, err = a.matchCase(ctx, to.Case, in.IfMatch); err != nil {
		return nil, err
	}
	done, err := a.Cases.Change(ctx, actorOf(ctx), change)
	if err == nil && len(done.Fields) == 0 {
		err = fault.New(fault.NotFound, "document_not_found", "The case has no such document.").Naming("case_id", string(to.Case))
	}
	if err != nil {
		return nil, err
	}
	return &changedCase{ETag: a.tagAfter(ctx, done.Case), Body: changedCaseBody{
		Message: "Document removed successfully", CaseID: string(to.Case), UpdatedFields: done.Fields,
		StatusUpdate: submissionOf(done.Case, false, actorOf(ctx)), Version: done.Case.Version,
	}}, nil
}

type presignCaseFileInput struct {
	UserID string `query:"user_id" maxLength:"255" doc:"May only repeat the caller."`
	Body   struct {
		CaseID string `json:"case_id" minLength:"1" maxLength:"100" example:"demo-case-001"`
		Kind   string `json:"kind" enum:"demo,note,misc,admin" example:"demo"`
		PlannedRequest
	}
}

// PlannedRequest is what a client says of a document that it uploads by a link.
type PlannedRequest struct {
	Use         string `json:"use,omitempty" enum:"upload,download" doc:"Default: upload. For a download nothing more is needed."`
	SizeBytes   int64  `json:"size_bytes,omitempty" minimum:"0" maximum:"1099511627776" doc:"Of a document to upload." example:"20480"`
	ContentType string `json:"content_type,omitempty" maxLength:"100" example:"application/pdf"`
	SHA256      string `json:"sha256,omitempty" maxLength:"64" doc:"64 hexadecimal digits." example:"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`
}

func (b *PlannedRequest) planned() (document.Planned, error) {
	var r reader
	is := document.Planned{Size: b.SizeBytes, Media: b.ContentType}
	var err error
	if is.SHA256, err = hex.DecodeString(b.SHA256); err != nil || len(is.SHA256) != document.SumLength {
		r.bad.Add("body.sha256", "must be 64 hexadecimal digits")
	}
	if is.Size < 1 {
		r.bad.Add("body.size_bytes", "must be the size of the document")
	}
	if _, err := document.TypeOf(b.ContentType); err != nil {
		r.bad.Add("body.content_type", "must be the type of a PDF, JPEG, PNG, TIFF or HEIC")
	}
	return is, r.bad.Err()
}

type presigned struct {
	Body presignedBody
}

type presignedBody struct {
	Key  *string  `json:"key" nullable:"true" doc:"To be named when the upload is complete." example:"private/case-documents/demo-provider/demo-case-001/demo/0199f0a2-7f2e-7c3a-9a52-3b3b1c7c1b11.pdf"`
	Link linkBody `json:"link"`
}

func (a *API) presignCaseFile(ctx context.Context, in *presignCaseFileInput) (*presigned, error) {
	to, err := target("body", in.Body.CaseID, in.Body.Kind)
	if err != nil {
		return nil, err
	}
	if in.Body.Use == "download" {
		link, err := a.Files.Link(ctx, actorOf(ctx), to.Case, to.Kind)
		return presignedAnswer("", http.MethodGet, link.URL, link.Headers, link.Expires), err
	}
	is, err := in.Body.planned()
	if err != nil {
		return nil, err
	}
	key, link, err := a.Files.Presign(ctx, actorOf(ctx), to, is)
	return presignedAnswer(key, http.MethodPut, link.URL, link.Headers, link.Expires), err
}

func presignedAnswer(key, method, address string, headers map[string]string, expires time.Time) *presigned {
	return &presigned{Body: presignedBody{
		Key: nullable(key), Link: linkBody{URL: address, Method: method, Headers: headers, Expires: expires.UTC().Format(time.RFC3339)},
	}}
}

type completeCaseFileInput struct {
	UserID string `query:"user_id" maxLength:"255" doc:"May only repeat the caller."`
	Body   struct {
		CaseID   string `json:"case_id" minLength:"1" maxLength:"100" example:"demo-case-001"`
		Kind     string `json:"kind" enum:"demo,note,misc,admin" example:"demo"`
		Key      string `json:"key" minLength:"1" maxLength:"1024" doc:"As presign gave it."`
		FileName string `json:"file_name,omitempty" maxLength:"200" example:"demographics.pdf"`
	}
}

func (a *API) completeCaseFile(ctx context.Context, in *completeCaseFileInput) (*uploadedCaseFile, error) {
	to, err := target("body", in.Body.CaseID, in.Body.Kind)
	if err != nil {
		return nil, err
	}
	if to.Name, err = fileName("body.file_name", in.Body.FileName); err != nil {
		return nil, err
	}
	done, err := a.Files.Complete(ctx, actorOf(ctx), to, in.Body.Key)
	if err != nil {
		return nil, err
	}
	return uploadedAnswer(ctx, done, to.Kind), nil
}
