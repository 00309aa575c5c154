package httpapi

import (
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"surgicase/domain/document"
)

// serveDocument answers with a document: whole or in ranges, for saving and not for showing.
func (a *API) serveDocument(d document.Opened) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		gc := humagin.Unwrap(hc)
		h := gc.Writer.Header()
		h.Set("Content-Type", d.Media)
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": document.DownloadName(d.Name.Reveal(), d.Media)}))
		h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
		if len(d.SHA256) > 0 {
			h.Set("ETag", `"`+hex.EncodeToString(d.SHA256)+`"`)
		}
		content := &seeker{of: d}
		defer content.close()
		outside := func() *Problem {
			return newProblem(callOf(gc.Request.Context()), http.StatusRequestedRangeNotSatisfiable, "range_outside", "The document has no such part.")
		}
		answer := &refusing{ResponseWriter: gc.Writer, status: http.StatusRequestedRangeNotSatisfiable, problem: outside}
		a.limitRanges(gc.Request)
		http.ServeContent(answer, gc.Request, "", d.UploadedAt, content)
		if content.err != nil {
			callOf(gc.Request.Context()).err = content.err
		}
	}}
}

// limitRanges ignores a Range header that names more than a handful of ranges, as RFC 9110 14.2 allows: each would open the object
// once more.
func (a *API) limitRanges(r *http.Request) {
	if named := strings.Count(strings.Join(r.Header.Values("Range"), ","), ",") + 1; named > a.settings.Ranges {
		r.Header.Del("Range")
	}
}

// refusing answers with a problem where a handler that is not ours would refuse in its own words.
type refusing struct {
	http.ResponseWriter
	status  int // of the refusal
	problem func() *Problem
	refused bool
}

// WriteHeader implements http.ResponseWriter.
func (w *refusing) WriteHeader(status int) {
	if status != w.status {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.refused = true
	w.Header().Del("Content-Disposition")
	writeProblem(w.ResponseWriter, w.problem())
}

// Write implements http.ResponseWriter.
func (w *refusing) Write(p []byte) (int, error) {
	if w.refused {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// seeker reads a document from the place where it stands; it asks for the object only when it is read.
type seeker struct {
	of   document.Opened
	at   int64
	body io.ReadCloser
	err  error
}

// Seek implements io.Seeker.
func (s *seeker) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.at
	case io.SeekEnd:
		offset += s.of.Size
	}
	if offset < 0 {
		return 0, errors.New("a place before the beginning")
	}
	if offset != s.at {
		s.close()
	}
	s.at = offset
	return offset, nil
}

// Read implements io.Reader.
func (s *seeker) Read(p []byte) (int, error) {
	if s.at >= s.of.Size {
		return 0, io.EOF
	}
	if s.body == nil {
		if s.body, s.err = s.of.Read(s.at); s.err != nil {
			return 0, s.err
		}
	}
	n, err := s.body.Read(p)
	s.at += int64(n)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

func (s *seeker) close() {
	if s.body != nil {
		_ = s.body.Close()
		s.body = nil
	}
}

// describeDocument tells of an endpoint that it answers with a document.
func describeDocument(responses map[string]*huma.Response, media ...string) {
	content := rawContent(media)
	header := func(what string) *huma.Param {
		return &huma.Param{Description: what, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	responses["304"] = &huma.Response{Description: "It is the one named in If-None-Match."}
	responses["206"] = &huma.Response{Description: "The part that Range names, or the parts.", Content: rawContent(append([]string{"multipart/byteranges"}, media...))}
	responses["200"] = &huma.Response{Description: "The document.", Content: content, Headers: map[string]*huma.Param{
		"ETag": header("The document's SHA-256."), "Content-Disposition": header("Its file name."), "Accept-Ranges": header("bytes"),
	}}
}

func documentMedia() []string {
	media := make([]string, len(document.Types))
	for i, t := range document.Types {
		media[i] = t.Media
	}
	return media
}

// linkBody is a signed link.
type linkBody struct {
	URL     string            `json:"url" format:"uri-reference" doc:"Relative links lead to this API." example:"/file_links/AAECAwQ"`
	Method  string            `json:"method" enum:"GET,PUT" example:"PUT"`
	Headers map[string]string `json:"headers" nullable:"false" doc:"Must be sent with it, as they are."`
	Expires string            `json:"expires_at" format:"date-time" example:"2026-11-02T15:04:05Z"`
}
