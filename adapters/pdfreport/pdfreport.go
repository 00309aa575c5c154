// Package pdfreport draws payment reports and encrypts them. A report that cannot be encrypted is no report.
// Source: spec/decisions.md 7.3 and reference-rules.md 6.
package pdfreport

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // logos
	"image/png"
	"sync"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"golang.org/x/image/draw"

	"surgicase/domain/statement"
)

// ContentType is what reports are served as.
const ContentType = "application/pdf"

// Look is what reports of an organisation have in common.
type Look struct {
	organisation string
	logo         []byte  // PNG
	logoRatio    float64 // width by height
}

// NewLook takes the organisation's name and its logo, a PNG or JPEG picture; nil for none.
func NewLook(organisation string, logo []byte) (*Look, error) {
	look := &Look{organisation: organisation}
	if len(logo) == 0 {
		return look, nil
	}
	picture, _, err := image.Decode(bytes.NewReader(logo))
	if err != nil || picture.Bounds().Empty() {
		return nil, errors.New("the logo is neither a PNG nor a JPEG picture")
	}
	look.logoRatio = float64(picture.Bounds().Dx()) / float64(picture.Bounds().Dy())
	look.logo, err = onPaper(picture)
	return look, err
}

// onPaper gives the picture on white as a plain PNG, no larger than a printer can tell: the PDF library
// knows few kinds of pictures, and every report holds a copy.
func onPaper(picture image.Image) ([]byte, error) {
	size := picture.Bounds()
	scale := min(1, maxPixels/float64(max(size.Dx(), size.Dy())))
	paper := image.NewRGBA(image.Rect(0, 0, max(1, int(float64(size.Dx())*scale)), max(1, int(float64(size.Dy())*scale))))
	draw.Draw(paper, paper.Bounds(), image.White, image.Point{}, draw.Src)
	draw.CatmullRom.Scale(paper, paper.Bounds(), picture, size, draw.Over, nil)
	var out bytes.Buffer
	err := png.Encode(&out, paper)
	return out.Bytes(), err
}

// maxPixels is how many pixels the longer side of a logo has.
const maxPixels = 600.0

// drawLogo puts the logo into its box and says how wide it is.
func (p *page) drawLogo() float64 {
	const name = "logo"
	options := fpdf.ImageOptions{ImageType: "png"}
	if p.pdf.GetImageInfo(name) == nil {
		p.pdf.RegisterImageOptionsReader(name, options, bytes.NewReader(p.look.logo))
	}
	width, height := logoHeight*p.look.logoRatio, logoHeight
	if width > logoWidth {
		width, height = logoWidth, logoWidth/p.look.logoRatio
	}
	p.pdf.ImageOptions(name, margin, 10+(logoHeight-height)/2, width, height, false, options, 0, "")
	return width
}

// pagesMark stands for the number of pages until it is known.
const pagesMark = "{nb}"

// draw writes a document in the clear.
func (l *Look) draw(s *statement.Statement, title string, made time.Time, content func(*page)) ([]byte, error) {
	fonts, err := faces()
	if err != nil {
		return nil, err
	}
	pdf := fpdf.New("P", "mm", "A4", "")
	p := &page{
		typesetter: typesetter{pdf: pdf, faces: fonts, loaded: map[string]bool{}},
		look:       l, title: title, facts: factsOf(s), draft: s.Preview(), made: made.UTC().Format("2006-01-02 15:04:05 MST"),
	}
	pdf.SetCreationDate(made)
	pdf.SetModificationDate(made)
	pdf.SetTitle(title, true)
	pdf.SetAuthor(l.organisation, true)
	pdf.SetLang("en-US")
	pdf.SetMargins(margin, margin, margin)
	pdf.SetAutoPageBreak(false, 0)
	pdf.AliasNbPages(pagesMark)
	pdf.SetHeaderFunc(p.header)
	pdf.SetFooterFunc(p.footer)
	pdf.AddPage()
	content(p)
	var out bytes.Buffer
	err = pdf.Output(&out)
	return out.Bytes(), err
}

// noConfigFolder keeps pdfcpu from making a folder of settings. It is set for the whole process, once:
// reports are made beside each other.
var noConfigFolder = sync.OnceFunc(api.DisableConfigDir)

// Only a file of version 2.0 gets encryption of revision 6: to an older one pdfcpu gives the weak
// revision 5.
var (
	oldHeader = []byte("%PDF-1.3")
	newHeader = []byte("%PDF-2.0")
)

// encrypt locks a document with AES-256 (R6).
func encrypt(document []byte, password string) ([]byte, error) {
	if password == "" || !bytes.HasPrefix(document, oldHeader) {
		return nil, errors.New("a report needs a password and a document of version 1.3")
	}
	copy(document, newHeader)
	noConfigFolder()
	rules := model.NewAESConfiguration(password, password, 256)
	rules.Permissions = model.PermissionsPrint
	rules.Optimize, rules.OptimizeBeforeWriting = false, false
	var out bytes.Buffer
	if err := api.Encrypt(bytes.NewReader(document), &out, rules); err != nil {
		return nil, fmt.Errorf("the report cannot be encrypted: %w", err)
	}
	return out.Bytes(), nil
}
