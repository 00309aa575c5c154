package s3answer

import (
	"context"
	"encoding/xml"
	"errors"
	"hash/maphash"
	"io"
	"net/http"
	"strings"
)

// Listing follows one list over all its pages. Lists that never end, or leave something out, look like others page by page.
type Listing struct {
	prefix, last string
	seed         maphash.Seed
	seen         map[uint64]bool // by the tokens that led to them
}

type listingKey struct{}

// NewListing gives a listing, and the context that its requests must have.
func NewListing(ctx context.Context, prefix string) (*Listing, context.Context) {
	l := &Listing{prefix: prefix, seed: maphash.MakeSeed(), seen: map[uint64]bool{}}
	return l, context.WithValue(ctx, listingKey{}, l)
}

// Next verifies that a key belongs into the list and comes after those before it.
func (l *Listing) Next(key string) error {
	if !strings.HasPrefix(key, l.prefix) || key <= l.last {
		return errors.New("the server lists keys twice, out of order, or others than it was asked for")
	}
	l.last = key
	return nil
}

// again reports whether a page leads to one that was read before.
func (l *Listing) again(token string) bool {
	hash := maphash.String(l.seed, token)
	before := l.seen[hash]
	l.seen[hash] = true
	return before
}

type page struct {
	XMLName     xml.Name
	Code        string
	IsTruncated bool
	Next        string `xml:"NextContinuationToken"`
	KeyCount    *int
	Contents    []struct{} `xml:"Contents"`
	Folders     []struct{} `xml:"CommonPrefixes"`
}

func verifyPage(q *http.Request, a *http.Response) error {
	content, err := buffer(a)
	if err != nil {
		return err
	}
	var p page
	err = xml.Unmarshal(content, &p)
	l, followed := q.Context().Value(listingKey{}).(*Listing)
	switch {
	case err == nil && p.XMLName.Local == "Error":
		return result{Code: p.Code}.refusal()
	case err != nil || p.XMLName.Local != "ListBucketResult":
		return errors.New("the server answered 2xx with something else than a list")
	case p.KeyCount != nil && *p.KeyCount != len(p.Contents)+len(p.Folders):
		return errors.New("the server lists fewer keys than it says")
	case p.IsTruncated && p.Next == "":
		return errors.New("the server says that a list goes on, and not where")
	case p.IsTruncated && (p.Next == q.URL.Query().Get("continuation-token") || followed && l.again(p.Next)):
		return errors.New("the server lists the same page again")
	}
	return nil
}

// Body gives the errors of reading another body as a translation makes them.
func Body(from io.ReadCloser, translated func(error) error) io.ReadCloser {
	return body{from, translated}
}

type body struct {
	io.ReadCloser
	translated func(error) error
}

func (b body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.translated(err)
	}
	return n, err
}
