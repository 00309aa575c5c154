package httpapi

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"surgicase/application/documents"
	"surgicase/domain/document"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
)

func (a *API) imageRoutes() {
	register(a, route{
		method: http.MethodPost, path: "/get_case_images", id: "get-case-images", noDryRun: "this changes nothing", tag: tagFiles, slow: true,
		faults:  []int{http.StatusBadRequest, http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		summary: "Download the documents of many cases as a ZIP",
		description: "Demo, note and misc files, made while it is sent: counts are in manifest.json and in trailers, what could not be read is in download_errors.txt. " +
			"Large images come as smaller JPEGs. Entries are called after human_case_id and kind; names=true calls them after the patient and the file.",
	}, a.getCaseImages)
	describeDocument(a.huma.OpenAPI().Paths["/get_case_images"].Post.Responses, "application/zip")
}

type caseImagesInput struct {
	UserID string `query:"user_id" maxLength:"255" doc:"May only repeat the caller."`
	Names  bool   `query:"names" doc:"Call folders after patients, and files by their names. It is noted on the audit trail."`
	Body   struct {
		CaseIDs []string `json:"case_ids" nullable:"false" minItems:"1" maxItems:"1000" doc:"At least one; those that do not exist are left out." example:"[\"demo-case-001\"]"`
	}
}

func (a *API) getCaseImages(ctx context.Context, in *caseImagesInput) (*huma.StreamResponse, error) {
	var r reader
	ids := make([]ident.CaseID, len(in.Body.CaseIDs))
	for i, id := range in.Body.CaseIDs {
		ids[i] = r.caseID(indexed("body.case_ids", i), id)
	}
	if err := r.bad.Err(); err != nil {
		return nil, err
	}
	found, err := a.Archive.Collect(ctx, actorOf(ctx), ids, in.Names)
	if err != nil {
		return nil, err
	}
	next, stop := iter.Pull(found.Pieces)
	first, more := next()
	if more && errors.Is(first.Err, fault.Unavailable) && !document.IsDamaged(first.Err) { // it can still be said in the status
		stop()
		return nil, first.Err
	}
	stamp := a.settings.Now().UTC().Format("20060102_150405")
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer stop()
		gc := humagin.Unwrap(hc)
		h := gc.Writer.Header()
		h.Set("Content-Type", "application/zip")
		h.Set("Content-Disposition", `attachment; filename="case_images_`+stamp+`.zip"`)
		h.Set("Trailer", strings.Join(imageTrailers, ", "))
		z := &imageZip{zip: zip.NewWriter(gc.Writer), names: in.Names, shrink: newArchiveShrinker(gc.Request.Context(), a.settings.Shrink)}
		z.counts.Cases = len(found.Cases)
		for piece := first; more && z.err == nil; piece, more = next() {
			z.add(piece)
			if z.err == nil {
				z.err = confirmBetween(ctx)
			}
		}
		z.finish()
		if z.err != nil {
			callOf(gc.Request.Context()).err = z.err // the ZIP has no end, which every reader notices
			return
		}
		for i, n := range []int{z.counts.Downloaded, z.counts.Errors, z.counts.Cases, z.counts.Compressed, 0, 0} {
			h.Set(imageTrailers[i], strconv.Itoa(n))
		}
	}}, nil
}

// imageTrailers are the counts that the old product sent as headers.
var imageTrailers = []string{
	"X-Downloaded-Files", "X-Download-Errors", "X-Cases-Processed", "X-Images-Compressed", "X-PDFs-Compressed", "X-Compression-Errors",
}

// imageZip is a ZIP that is sent while it is made. At most one document is in memory, and only if it is
// an image.
type imageZip struct {
	zip    *zip.Writer
	names  bool
	shrink func([]byte) ([]byte, bool)
	counts struct {
		Downloaded int             `json:"downloaded_files"`
		Errors     int             `json:"download_errors"`
		Cases      int             `json:"cases_processed"`
		Compressed int             `json:"images_compressed"`
		Files      []manifestEntry `json:"files"`
	}
	problems []string
	used     map[string]bool
	err      error // of the connection: nobody receives it any more
}

type manifestEntry struct {
	Entry       string `json:"entry"`
	HumanCaseID int64  `json:"human_case_id"`
	Kind        string `json:"kind"`
	Stored      int64  `json:"stored_bytes"`
	Sent        int64  `json:"sent_bytes"`
	Compressed  bool   `json:"compressed"`
}

// shrinkable is how large an image may be to be made smaller.
const shrinkable = 24 << 20

func (z *imageZip) add(p documents.Piece) {
	if p.Err != nil {
		z.failed(p)
		return
	}
	defer func() { _ = p.Body.Close() }()
	e := manifestEntry{HumanCaseID: p.Folder.Number, Kind: string(p.Kind), Stored: p.File.Size}
	var content io.Reader = p.Body
	image := strings.HasPrefix(p.File.Type, "image/") && p.File.Type != "image/heic"
	if image && p.File.Size <= shrinkable {
		whole := make([]byte, p.File.Size)
		if _, err := io.ReadFull(p.Body, whole); err != nil {
			z.failed(p)
			return
		}
		smaller, ok := z.shrink(whole)
		if e.Compressed = ok; ok {
			whole = smaller
			z.counts.Compressed++
		}
		content = bytes.NewReader(whole)
	}
	e.Entry = z.entry(p, e.Compressed)
	method := zip.Deflate
	if strings.HasPrefix(p.File.Type, "image/") && p.File.Type != "image/tiff" || e.Compressed {
		method = zip.Store // it is compressed
	}
	w, err := z.zip.CreateHeader(&zip.FileHeader{Name: e.Entry, Method: method})
	if err != nil {
		z.err = err
		return
	}
	source := &told{from: content}
	e.Sent, err = io.Copy(w, source)
	switch {
	case source.err != nil:
		z.failed(p)
	case err != nil:
		z.err = err
	default:
		z.counts.Downloaded++
		z.counts.Files = append(z.counts.Files, e)
	}
}

// told tells errors of the store from those of the connection.
type told struct {
	from io.Reader
	err  error
}

func (t *told) Read(p []byte) (int, error) {
	n, err := t.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		t.err = err
	}
	return n, err
}

func (z *imageZip) failed(p documents.Piece) {
	z.counts.Errors++
	z.problems = append(z.problems, "case "+strconv.FormatInt(p.Folder.Number, 10)+", "+string(p.Kind)+": could not be read")
}

// How long the parts of the path of an entry are at most, in bytes: Windows takes 260 characters, those of its folder included.
const (
	maxFolderName = 80
	maxEntryName  = 100
)

// entry names a document: by numbers, or as people asked by names. Every system unpacks the names, also one that takes capital and
// small letters for the same.
func (z *imageZip) entry(p documents.Piece, compressed bool) string {
	number, media := strconv.FormatInt(p.Folder.Number, 10), p.File.Type
	if compressed {
		media = "image/jpeg"
	}
	folder, file := number, document.DownloadName(string(p.Kind), media)
	if z.names {
		folder = document.Segment(number+"_"+p.Folder.Patient.First.Reveal()+"_"+p.Folder.Patient.Last.Reveal(), maxFolderName)
		file = document.Segment(document.DownloadName(p.File.Name.Reveal(), media), maxEntryName)
	}
	if z.used == nil {
		z.used = map[string]bool{}
	}
	name := folder + "/" + file
	for z.used[strings.ToLower(name)] {
		file = string(p.Kind) + "_" + file
		name = folder + "/" + file
	}
	z.used[strings.ToLower(name)] = true
	return name
}

func (z *imageZip) finish() {
	put := func(name, content string) {
		w, err := z.zip.Create(name)
		if err == nil {
			_, err = io.WriteString(w, content)
		}
		z.err = errors.Join(z.err, err)
	}
	if len(z.problems) > 0 {
		put("download_errors.txt", strings.Join(z.problems, "\n")+"\n")
	}
	manifest, err := json.MarshalIndent(z.counts, "", "  ")
	z.err = errors.Join(z.err, err)
	put("manifest.json", string(manifest)+"\n")
	z.err = errors.Join(z.err, z.zip.Close())
}

// What an archive may spend on images beyond what an ordinary one takes: ten hostile ones must not hold it for a minute.
const (
	ordinaryImage   = 1500 * time.Millisecond
	archivePatience = 12 * time.Second
)

// newArchiveShrinker returns what makes the images of one archive smaller. Once they have taken too much time, the rest come as
// they are.
func newArchiveShrinker(ctx context.Context, shrink func(context.Context, string, []byte) ([]byte, bool)) func([]byte) ([]byte, bool) {
	caller := string(actorOf(ctx).User)
	var excess time.Duration
	return func(content []byte) ([]byte, bool) {
		if excess > archivePatience {
			return nil, false
		}
		start := time.Now() //nolint:forbidigo // real seconds of decoding; no rule depends on them
		smaller, ok := shrink(ctx, caller, content)
		excess += max(0, time.Since(start)-ordinaryImage) //nolint:forbidigo // as above
		return smaller, ok
	}
}
