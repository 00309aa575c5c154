package document

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/surgical"
)

// Type is a type of document that we take. Source: spec/decisions.md 6.4.
type Type struct {
	Media string // such as "application/pdf"
	Ext   string // end of the keys of such objects
}

// Types lists what we take.
var Types = []Type{{"application/pdf", "pdf"}, {"image/jpeg", "jpg"}, {"image/png", "png"}, {"image/tiff", "tif"}, {"image/heic", "heic"}}

// TypeOf finds a type by its media type.
//
// Faults: Invalid "document_type_unknown".
func TypeOf(media string) (Type, error) {
	for _, t := range Types {
		if t.Media == media {
			return t, nil
		}
	}
	return Type{}, UnknownType()
}

// UnknownType is the fault for a document that is none of those we take, whatever it is called.
func UnknownType() *fault.Error {
	return wrongFile("document_type_unknown", "Documents are PDF, JPEG, PNG, TIFF or HEIC; this one is not, whatever it is called.")
}

func wrongFile(code, text string) *fault.Error {
	f := fault.New(fault.Invalid, code, "%s", text)
	f.Fields = []fault.Field{{Location: "body.file", Message: "must be a PDF, JPEG, PNG, TIFF or HEIC"}}
	return f
}

// HeadLength is how many bytes of a document tell its type.
const HeadLength = pdfWithin + len(pdfMark) - 1

// A PDF begins with its mark, or has it within the first kilobyte: mail programs and scanners put bytes before it.
// Source: ISO 32000-1, annex H, 3.4.1.
const (
	pdfMark   = "%PDF-"
	pdfWithin = 1024
)

// heicBrands are the major brands of HEIC images. Source: ISO/IEC 23008-12.
var heicBrands = []string{"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"}

// Sniff tells the type of a document by its first bytes.
//
// Faults: Invalid "document_type_unknown".
func Sniff(head []byte) (Type, error) {
	starts := func(prefix string) bool { return bytes.HasPrefix(head, []byte(prefix)) }
	switch {
	case starts("\xff\xd8\xff"):
		return Types[1], nil
	case starts("\x89PNG\r\n\x1a\n"):
		return Types[2], nil
	case starts("II*\x00"), starts("MM\x00*"):
		return Types[3], nil
	case len(head) >= 12 && string(head[4:8]) == "ftyp" && slices.Contains(heicBrands, string(head[8:12])):
		return Types[4], nil
	case bytes.Contains(head[:min(len(head), HeadLength)], []byte(pdfMark)):
		return Types[0], nil
	}
	return Type{}, UnknownType()
}

// TooLarge is the fault for a document that is larger than we take.
func TooLarge(most int64) *fault.Error {
	return fault.New(fault.TooLarge, "document_too_large", "Documents may be up to %d MB large.", most>>20)
}

// Open looks at the beginning of a document and gives a reader of all of it that fails when there is
// more than the most.
//
// Faults: Invalid "document_type_unknown", "document_empty"; those of the source.
func Open(from io.Reader, most int64) (Type, io.Reader, error) {
	head := make([]byte, HeadLength)
	n, err := io.ReadFull(from, head)
	switch {
	case n == 0 && errors.Is(err, io.EOF):
		return Type{}, nil, wrongFile("document_empty", "The document is empty.")
	case err == io.ErrUnexpectedEOF && n < HeadLength: //nolint:errorlint // ReadFull's own: the document is short
		from = strings.NewReader("")
	case err != nil:
		return Type{}, nil, err
	}
	t, err := Sniff(head[:n])
	return t, &capped{io.MultiReader(bytes.NewReader(head[:n]), from), most, most}, err
}

// capped fails as soon as there is more than the most.
type capped struct {
	from       io.Reader
	left, most int64
}

func (c *capped) Read(p []byte) (int, error) {
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.from.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, TooLarge(c.most)
	}
	return n, err
}

// The folders of documents. Source: spec/decisions.md 6.3.
const (
	caseFolder = "private/case-documents/"
	userFolder = "private/user-documents/"
)

// CaseKey is the key of a document of a case that we store ourselves: the owner's folder, the case, the
// kind, and a name that nobody guesses.
func CaseKey(owner, id, kind, unique string, t Type) string {
	return caseFolder + owner + "/" + id + "/" + kind + "/" + unique + "." + t.Ext
}

// UserKey is the key of a document of a user that we store ourselves.
func UserKey(user, unique string, t Type) string {
	return userFolder + user + "/uploads/" + unique + "." + t.Ext
}

// Place is where the key of an object that we store ourselves says that it belongs.
type Place struct {
	Case string // with its kind; or
	Kind string
	User string
	Ext  string
}

// PlaceOf reads a key that CaseKey or UserKey has made.
func PlaceOf(key string) (Place, bool) {
	_, ext, _ := strings.Cut(key[strings.LastIndexByte(key, '/')+1:], ".")
	if rest, ok := strings.CutPrefix(key, caseFolder); ok && CheckKey(key) == nil {
		if s := strings.Split(rest, "/"); len(s) == 4 {
			return Place{Case: s[1], Kind: s[2], Ext: ext}, true
		}
	}
	if rest, ok := strings.CutPrefix(key, userFolder); ok && CheckKey(key) == nil {
		if s := strings.Split(rest, "/"); len(s) == 3 && s[1] == "uploads" {
			return Place{User: s[0], Ext: ext}, true
		}
	}
	return Place{}, false
}

// OwnerOf returns whose folder a key leads to, "" where it leads to nobody's.
func OwnerOf(key string) string {
	for _, folder := range []string{caseFolder, userFolder} {
		if rest, ok := strings.CutPrefix(key, folder); ok {
			owner, _, _ := strings.Cut(rest, "/")
			return owner
		}
	}
	return ""
}

// Planned is what a client says about a document that it is going to upload by a link.
type Planned struct {
	Size   int64
	Media  string
	SHA256 []byte
}

// Opened is a document that can be read, from any place on.
type Opened struct {
	Name       surgical.PHI
	Media      string
	Size       int64
	SHA256     []byte // nil where nobody knows it
	UploadedAt time.Time
	Read       func(offset int64) (io.ReadCloser, error)
}
