package documents

import (
	"bytes"
	"context"
	"errors"
	"io"

	"surgicase/domain/document"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// Links follows signed links that lead to this program. Whoever has one needs no account: who made it
// was asked, and is on the trail.
type Links struct {
	store   ports.Store
	deposit ports.Deposit
	links   ports.LocalLinks
}

// NewLinks makes the service.
func NewLinks(store ports.Store, deposit ports.Deposit, links ports.LocalLinks) *Links {
	return &Links{store: store, deposit: deposit, links: links}
}

// Read opens the object that a link leads to.
//
// Faults: NotFound "link_not_found", "object_not_found"; Unavailable, "document_damaged" among them.
func (l *Links) Read(ctx context.Context, token string) (document.Opened, error) {
	may, err := l.links.Linked(ports.LinkRead, token)
	if err != nil {
		return document.Opened{}, err
	}
	want, err := l.recorded(ctx, may.Key)
	if err != nil {
		return document.Opened{}, err
	}
	o, found, err := l.deposit.Locate(ctx, may.Key, want)
	if err == nil && !found {
		err = ports.NoObject()
	}
	if err != nil {
		return document.Opened{}, err
	}
	name := "document"
	if t, err := document.TypeOf(o.ContentType); err == nil {
		name += "." + t.Ext
	}
	return document.Opened{
		Name: surgical.NewPHI(name), Media: o.ContentType, Size: o.Size, SHA256: o.SHA256, UploadedAt: o.StoredAt,
		Read: l.deposit.Reader(ctx, may.Key, want),
	}, nil
}

// recorded finds out what the row of a document says of the object under a key.
func (l *Links) recorded(ctx context.Context, key string) (want document.Expected, err error) {
	place, ours := document.PlaceOf(key)
	if !ours {
		return want, nil
	}
	err = l.store.View(ctx, func(ctx context.Context, r ports.Repos) error {
		if place.User != "" {
			u, err := r.Users.Get(ctx, ident.UserID(place.User))
			if errors.Is(err, fault.NotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			for _, d := range u.Documents {
				if d.Key.ForStore() == key {
					want = document.Expect(key, d.Stored, d.Size, d.SHA256)
				}
			}
			return nil
		}
		held, err := r.Documents.OfCase(ctx, ident.CaseID(place.Case))
		for _, d := range held {
			if d.ObjectKey() == key {
				want = document.Expect(key, d.Stored, d.Size, d.SHA256)
			}
		}
		return err
	})
	return want, err
}

// Owner returns whose folder a link to upload leads to, so that the uploads of one owner leave room for the others.
//
// Faults: NotFound "link_not_found".
func (l *Links) Owner(token string) (string, error) {
	may, err := l.links.Linked(ports.LinkWrite, token)
	return document.OwnerOf(may.Key), err
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
	if err := l.deposit.Space.Check(ctx, may.Size); err != nil {
		return err
	}
	_, err = l.deposit.Blobs.Put(ctx, may, &promised{content: document.NewContent(content, may.Size), sum: may.SHA256})
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
