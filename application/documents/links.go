package documents

import (
	"bytes"
	"context"
	"io"

	"surgicase/domain/document"
	"surgicase/domain/fault"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// Links follows signed links that lead to this program. Whoever has one needs no account: who made it
// was asked, and is on the trail.
type Links struct {
	blobs ports.Blobs
	links ports.LocalLinks
}

// NewLinks makes the service.
func NewLinks(blobs ports.Blobs, links ports.LocalLinks) *Links {
	return &Links{blobs: blobs, links: links}
}

// Read opens the object that a link leads to.
//
// Faults: NotFound "link_not_found", "object_not_found"; Unavailable.
func (l *Links) Read(ctx context.Context, token string) (document.Opened, error) {
	may, err := l.links.Linked(ports.LinkRead, token)
	if err != nil {
		return document.Opened{}, err
	}
	o, err := l.blobs.Stat(ctx, may.Key)
	if err != nil {
		return document.Opened{}, err
	}
	name := "document"
	if t, err := document.TypeOf(o.ContentType); err == nil {
		name += "." + t.Ext
	}
	return document.Opened{
		Name: surgical.NewPHI(name), Media: o.ContentType, Size: o.Size, SHA256: o.SHA256, UploadedAt: o.StoredAt,
		Read: func(offset int64) (io.ReadCloser, error) {
			body, _, err := l.blobs.Get(ctx, may.Key, ports.Span{Offset: offset})
			return body, err
		},
	}, nil
}

// Write stores the object that a link was signed for: exactly that one, of that size, type and
// checksum.
//
// Faults: NotFound "link_not_found"; Invalid "link_misused", "object_size_wrong"; Unavailable.
func (l *Links) Write(ctx context.Context, token, media string, size int64, content io.Reader) error {
	may, err := l.links.Linked(ports.LinkWrite, token)
	if err != nil {
		return err
	}
	if media != may.ContentType || size >= 0 && size != may.Size {
		return misused()
	}
	_, err = l.blobs.Put(ctx, may, &promised{content: document.NewContent(content, may.Size), sum: may.SHA256})
	return err
}

func misused() error {
	f := fault.New(fault.Invalid, "link_misused", "This is not the document for which the link was made.")
	f.Fields = []fault.Field{{Location: "body", Message: "must have the size, type and checksum that were said"}}
	return f
}

// promised ends well only if the content has the checksum that was promised.
type promised struct {
	content *document.Content
	sum     []byte
}

func (p *promised) Read(b []byte) (int, error) {
	n, err := p.content.Read(b)
	switch {
	case p.content.Err() != nil:
		return 0, p.content.Err()
	case err == io.EOF && !bytes.Equal(p.content.SHA256(), p.sum): //nolint:errorlint // Content gives it bare
		return 0, misused()
	}
	return n, err
}
