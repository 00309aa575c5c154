package httpapi

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"surgicase/domain/document"
	"surgicase/domain/fault"
	"surgicase/domain/surgical"
)

// How long documents may take on slow lines, and what a form may hold beside its file.
const (
	transferTimeout = 10 * time.Minute
	maxFormField    = 1 << 10
	formOverhead    = 64 << 10
)

// uploadBody describes the ways to send a document.
func uploadBody(fields ...string) *huma.RequestBody {
	form := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}, Required: []string{"file"}}
	for _, name := range fields {
		form.Properties[name] = &huma.Schema{Type: huma.TypeString, Description: "As the parameter of this name. It comes before the file."}
	}
	form.Properties["file"] = &huma.Schema{Type: huma.TypeString, Format: "binary", Description: "The document, with its file name. It comes last."}
	content := map[string]*huma.MediaType{"multipart/form-data": {Schema: form}}
	for _, t := range document.Types {
		content[t.Media] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
	return &huma.RequestBody{Required: true, Content: content, Description: "The document itself, or a form with it. What it is is told by its content."}
}

// Incoming gives a handler the request itself: the body of an upload is never in memory as a whole.
type Incoming struct{ request func() *http.Request } // a function: huma would look for parameters in the request

// Resolve implements huma.Resolver.
func (in *Incoming) Resolve(hc huma.Context) []error {
	request := humagin.Unwrap(hc).Request
	in.request = func() *http.Request { return request }
	return nil
}

// sent is an uploaded document as it comes in.
type sent struct {
	fields  map[string]string // of a form
	name    surgical.PHI      // of the file, empty if none was given
	size    int64             // -1 if nobody said
	content io.Reader
}

// receive reads a request up to where its document begins. Of a form only the known fields are taken.
func (a *API) receive(r *http.Request, fields ...string) (sent, error) {
	r.Body = http.MaxBytesReader(nil, r.Body, a.settings.MaxUpload+formOverhead)
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return sent{size: r.ContentLength, content: &arriving{r.Context(), r.Body, a.settings.MaxUpload}}, nil
	}
	if kind != "multipart/form-data" || parameters["boundary"] == "" {
		return sent{}, fault.InvalidField("body", "must be a document, or multipart/form-data with a boundary")
	}
	form := multipart.NewReader(&arriving{r.Context(), r.Body, a.settings.MaxUpload}, parameters["boundary"])
	is := sent{fields: map[string]string{}, size: -1}
	for {
		part, err := form.NextRawPart()
		switch {
		case err == io.EOF: //nolint:errorlint // wrapped, it is a form that was cut
			return sent{}, fault.InvalidField("body.file", "is required")
		case err != nil:
			return sent{}, brokenForm(err)
		case part.FormName() == "file":
			is.content = &arriving{r.Context(), &lastPart{part: part, form: form, known: fields}, a.settings.MaxUpload}
			is.name, err = partName(part)
			return is, err
		}
		if _, again := is.fields[part.FormName()]; again {
			return sent{}, fault.InvalidField("body."+part.FormName(), "must be sent once")
		}
		if is.fields[part.FormName()], err = formField(part, fields); err != nil {
			return sent{}, err
		}
	}
}

// lastPart reads a file up to its end, which must be the end of the form: of what came behind it nobody
// would hear.
type lastPart struct {
	part  io.Reader
	form  *multipart.Reader
	known []string
	end   error // once it was read to the end
}

// Read implements io.Reader.
func (p *lastPart) Read(b []byte) (n int, err error) {
	if p.end == nil {
		if n, err = p.part.Read(b); err != io.EOF { // wrapped, it is a form that was cut
			return n, err
		}
		p.end = p.behind()
	}
	return n, p.end
}

// behind is io.EOF if nothing comes any more.
func (p *lastPart) behind() error {
	part, err := p.form.NextRawPart()
	switch {
	case err == io.EOF:
		return io.EOF
	case err != nil:
		return brokenForm(err)
	case part.FormName() == "file":
		return fault.InvalidField("body.file", "must be sent once")
	case slices.Contains(p.known, part.FormName()):
		return fault.InvalidField("body."+part.FormName(), "must come before the file")
	}
	return fault.InvalidField("body", "has a field after the file")
}

// from is where the members come from: what is wrong with them is told there.
func (s sent) from() string {
	if s.fields == nil {
		return "query"
	}
	return "body"
}

// said reads a member that a form may say, or a parameter: both may, if they say the same.
func (s sent) said(bad *fault.Collector, name, parameter string) string {
	switch field := s.fields[name]; {
	case field == "":
		return parameter
	case parameter != "" && parameter != field:
		bad.Add("body."+name, "must be what the parameter of this name says")
		return field
	default:
		return field
	}
}

// named is the name of a document, which a form says with its file, or a parameter.
func (s sent) named(bad *fault.Collector, parameter string) surgical.PHI {
	name, err := fileName("query.file_name", parameter)
	bad.Check("query.file_name", err)
	switch {
	case s.name.IsEmpty():
		return name
	case !name.IsEmpty() && name.Reveal() != s.name.Reveal():
		bad.Add("query.file_name", "must be the name that the form says")
	}
	return s.name
}

// brokenForm passes on faults, and makes one of what the reader of forms says.
func brokenForm(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f
	}
	return fault.New(fault.Senseless, "upload_broken", "The form is broken or not whole.")
}

func formField(part *multipart.Part, known []string) (string, error) {
	for _, name := range known {
		if part.FormName() != name {
			continue
		}
		text, err := io.ReadAll(io.LimitReader(part, maxFormField+1))
		switch {
		case err != nil:
			return "", brokenForm(err)
		case len(text) > maxFormField:
			return "", fault.InvalidField("body."+name, "is too long")
		}
		return string(text), nil
	}
	return "", fault.InvalidField("body", "has a field that is not known, or one after the file")
}

// partName reads the file name as it was sent: mime/multipart would silently cut off a path.
func partName(part *multipart.Part) (surgical.PHI, error) {
	_, parameters, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return surgical.PHI{}, fault.InvalidField("body.file", "must be sent with a plain file name")
	}
	if parameters["filename"] == "" {
		return surgical.PHI{}, nil
	}
	return fileName("body.file", parameters["filename"])
}

// fileName reads the name of an upload, without what its sender does not see.
func fileName(location, text string) (surgical.PHI, error) {
	if text == "" {
		return surgical.PHI{}, nil
	}
	if !utf8.ValidString(text) { // older programs send names as Windows has them
		if decoded, err := charmap.Windows1252.NewDecoder().String(text); err == nil {
			text = decoded
		}
	}
	name, err := document.ParseName(norm.NFC.String(document.CleanName(text)))
	return name, at(location, err)
}

// arriving tells what goes wrong on the client's side from what goes wrong on ours.
type arriving struct {
	ctx  context.Context // as long as the request
	from io.Reader
	most int64
}

func (r *arriving) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err == nil || err == io.EOF { // wrapped, it is no end
		return n, err
	}
	return n, arrivalFault(r.ctx, err, r.most)
}

// arrivalFault tells what went wrong while a document came in.
func arrivalFault(ctx context.Context, err error, most int64) error {
	var known *fault.Error
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &large):
		return document.TooLarge(most)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return fault.New(fault.Senseless, "upload_broken", "The upload ended before it was whole.").Because(err)
}
