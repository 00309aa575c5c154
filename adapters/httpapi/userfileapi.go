package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"surgicase/application/people"
	"surgicase/domain/directory"
	"surgicase/domain/ident"
)

func (a *API) userFileRoutes() {
	register(a, route{
		method: http.MethodPost, path: "/user_files", id: "upload-user-file", noDryRun: "a document is either stored or not", tag: tagFiles, status: http.StatusCreated, faults: uploadFaults, slow: true, owner: true,
		body: uploadBody("user_id", "document_type"), summary: "Upload a document of a user, such as a licence",
		description: "A form with user_id, document_type and file in this order, or the document as the body with the others as parameters. " +
			"It takes the place of one of the same type and name.",
	}, a.uploadUserFile)
	register(a, route{
		method: http.MethodGet, path: "/user_files", id: "list-user-files", tag: tagFiles, faults: []int{http.StatusNotFound}, owner: true,
		summary: "List the documents of a user",
	}, a.listUserFiles)
	register(a, route{
		method: http.MethodGet, path: "/user_file", id: "get-user-file", tag: tagFiles, faults: fileFaults, slow: true, owner: true,
		summary: "Download a document of a user", description: "Whole, or in ranges (RFC 9110).",
	}, a.getUserFile)
	register(a, route{
		method: http.MethodDelete, path: "/user_file", id: "delete-user-file", dryRun: true, tag: tagFiles, faults: []int{http.StatusNotFound, http.StatusConflict}, owner: true,
		summary: "Take a document away from a user", description: "A file that was uploaded through this API is removed, too.",
	}, a.deleteUserFile)
	register(a, route{
		method: http.MethodPost, path: "/user_files/presign", id: "presign-user-file", noDryRun: "the link alone changes nothing", tag: tagFiles, faults: jsonUploadFaults,
		summary:     "Get a link to upload or download a document of a user without this API",
		description: "For five minutes. An upload takes effect only with /user_files/complete. Size, type and checksum are signed. " + noNamesInLinks,
	}, a.presignUserFile)
	register(a, route{
		method: http.MethodPost, path: "/user_files/complete", id: "complete-user-file", noDryRun: "a document is either stored or not", tag: tagFiles, status: http.StatusCreated, faults: jsonUploadFaults, slow: true,
		summary: "Complete an upload by link", description: "Looks at the object and adds it to the user's documents, as an upload does.",
	}, a.completeUserFile)
	describeDocument(a.huma.OpenAPI().Paths["/user_file"].Get.Responses, documentMedia()...)
}

// OneUserFile names a document of a user.
type OneUserFile struct {
	UserID     string `query:"user_id" maxLength:"255" doc:"The user; default: the caller."`
	DocumentID int64  `query:"document_id" required:"true" minimum:"1" doc:"As the list has it." example:"1"`
}

type uploadUserFileInput struct {
	Incoming
	UserID       string `query:"user_id" maxLength:"255" doc:"The user, unless a form says it; default: the caller."`
	DocumentType string `query:"document_type" maxLength:"100" doc:"One of /user_doc_types, unless a form says it." example:"Medical License"`
	FileName     string `query:"file_name" maxLength:"200" doc:"Name of a document that is the body itself."`
}

type uploadedUserFile struct {
	Location string `header:"Location" doc:"Where the document can be read."`
	Body     uploadedUserFileBody
}

type uploadedUserFileBody struct {
	Message string       `json:"message" example:"Document stored successfully"`
	UserID  string       `json:"user_id" example:"demo-provider"`
	File    userFileBody `json:"file"`
}

type userFileBody struct {
	DocumentID   int64  `json:"document_id" example:"1"`
	DocumentType string `json:"document_type" example:"Medical License"`
	FileName     string `json:"file_name" example:"license.pdf"`
	StoredDocument
}

func userFileOf(d directory.UserDocument) userFileBody {
	return userFileBody{
		DocumentID: d.ID, DocumentType: d.Type, FileName: d.Name.Reveal(),
		StoredDocument: storedDocument(d.Stored, d.Size, d.Media, d.SHA256, d.UploadedBy, d.UploadedAt),
	}
}

// paper reads which document of which user is meant; by default it is the caller's.
func paper(ctx context.Context, from, id, kind string) (people.Paper, error) {
	var r reader
	to := people.Paper{User: actorOf(ctx).User, Type: r.line(from+".document_type", kind, maxDocType, true)}
	if id != "" {
		to.User = r.user(from+".user_id", id)
	}
	return to, r.bad.Err()
}

func subject(ctx context.Context, id string) (ident.UserID, error) {
	if id == "" {
		return actorOf(ctx).User, nil
	}
	user, err := ident.ParseUserID(id)
	return user, at("query.user_id", err)
}

func (a *API) uploadUserFile(ctx context.Context, in *uploadUserFileInput) (*uploadedUserFile, error) {
	release, err := a.beginUpload(ctx, in.request(), string(actorOf(ctx).User))
	if err != nil {
		return nil, err
	}
	defer release()
	is, err := a.receive(in.request(), "user_id", "document_type")
	if err != nil {
		return nil, err
	}
	var r reader
	id, kind, name := is.said(&r.bad, "user_id", in.UserID), is.said(&r.bad, "document_type", in.DocumentType), is.named(&r.bad, in.FileName)
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	to, err := paper(ctx, is.from(), id, kind)
	if err != nil {
		return nil, err
	}
	to.Name = name
	stored, err := a.Documents.Upload(ctx, actorOf(ctx), to, is.size, is.content)
	if err != nil {
		return nil, err
	}
	return uploadedUserAnswer(to.User, stored), nil
}

func uploadedUserAnswer(user ident.UserID, d directory.UserDocument) *uploadedUserFile {
	return &uploadedUserFile{
		Location: fmt.Sprintf("/user_file?user_id=%s&document_id=%d", url.QueryEscape(string(user)), d.ID),
		Body:     uploadedUserFileBody{Message: "Document stored successfully", UserID: string(user), File: userFileOf(d)},
	}
}

type userFilesInput struct {
	UserID string `query:"user_id" maxLength:"255" doc:"The user; default: the caller."`
}

type userFilesAnswer struct {
	Body struct {
		UserID string         `json:"user_id" example:"demo-provider"`
		Files  []userFileBody `json:"files" nullable:"false"`
	}
}

func (a *API) listUserFiles(ctx context.Context, in *userFilesInput) (*userFilesAnswer, error) {
	id, err := subject(ctx, in.UserID)
	if err != nil {
		return nil, err
	}
	held, err := a.Documents.List(ctx, actorOf(ctx), id)
	if err != nil {
		return nil, err
	}
	out := &userFilesAnswer{}
	out.Body.UserID, out.Body.Files = string(id), make([]userFileBody, len(held))
	for i, d := range held {
		out.Body.Files[i] = userFileOf(d)
	}
	return out, nil
}

func (a *API) getUserFile(ctx context.Context, in *OneUserFile) (*huma.StreamResponse, error) {
	id, err := subject(ctx, in.UserID)
	if err != nil {
		return nil, err
	}
	opened, err := a.Documents.Open(ctx, actorOf(ctx), id, in.DocumentID)
	if err != nil {
		return nil, err
	}
	return a.serveDocument(opened), nil
}

type deletedUserFile struct {
	Body struct {
		Message    string `json:"message" example:"Document removed successfully"`
		UserID     string `json:"user_id" example:"demo-provider"`
		DocumentID int64  `json:"document_id" example:"1"`
	}
}

func (a *API) deleteUserFile(ctx context.Context, in *OneUserFile) (*deletedUserFile, error) {
	id, err := subject(ctx, in.UserID)
	if err == nil {
		err = a.Documents.Remove(ctx, actorOf(ctx), id, in.DocumentID)
	}
	if err != nil {
		return nil, err
	}
	out := &deletedUserFile{}
	out.Body.Message, out.Body.UserID, out.Body.DocumentID = "Document removed successfully", string(id), in.DocumentID
	return out, nil
}

type presignUserFileInput struct {
	Body struct {
		UserID     string `json:"user_id,omitempty" maxLength:"255" doc:"Default: the caller." example:"demo-provider"`
		DocumentID int64  `json:"document_id,omitempty" minimum:"1" doc:"Of a document to download." example:"1"`
		PlannedRequest
	}
}

func (a *API) presignUserFile(ctx context.Context, in *presignUserFileInput) (*presigned, error) {
	id, err := subject(ctx, in.Body.UserID)
	if err != nil {
		return nil, at("body.user_id", err)
	}
	if in.Body.Use == "download" {
		link, err := a.Documents.Link(ctx, actorOf(ctx), id, in.Body.DocumentID)
		return presignedAnswer("", http.MethodGet, link.URL, link.Headers, link.Expires), err
	}
	is, err := in.Body.planned()
	if err != nil {
		return nil, err
	}
	key, link, err := a.Documents.Presign(ctx, actorOf(ctx), id, is)
	return presignedAnswer(key, http.MethodPut, link.URL, link.Headers, link.Expires), err
}

type completeUserFileInput struct {
	Body struct {
		UserID       string `json:"user_id,omitempty" maxLength:"255" doc:"Default: the caller." example:"demo-provider"`
		DocumentType string `json:"document_type" minLength:"1" maxLength:"100" example:"Medical License"`
		Key          string `json:"key" minLength:"1" maxLength:"1024" doc:"As presign gave it."`
		FileName     string `json:"file_name,omitempty" maxLength:"200" example:"license.pdf"`
	}
}

func (a *API) completeUserFile(ctx context.Context, in *completeUserFileInput) (*uploadedUserFile, error) {
	to, err := paper(ctx, "body", in.Body.UserID, in.Body.DocumentType)
	if err != nil {
		return nil, err
	}
	if to.Name, err = fileName("body.file_name", in.Body.FileName); err != nil {
		return nil, err
	}
	stored, err := a.Documents.Complete(ctx, actorOf(ctx), to, in.Body.Key)
	if err != nil {
		return nil, err
	}
	return uploadedUserAnswer(to.User, stored), nil
}
