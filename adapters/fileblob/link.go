package fileblob

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"surgicase/domain/document"
	"surgicase/ports"
)

// LinkPath is where the links of the file store lead: relative to the API.
const LinkPath = "/file_links/"

// sealer makes and opens the tokens of links. They are encrypted, not only signed: a key may end in
// a file name, and those have no place in URLs.
type sealer struct{ aead cipher.AEAD }

func newSealer(key []byte) (sealer, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealer{}, fmt.Errorf("the key of links: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	return sealer{aead}, err
}

// token is what a link allows.
type token struct {
	Use     ports.LinkUse `json:"u"`
	Key     string        `json:"k"`
	Size    int64         `json:"s,omitempty"`
	Type    string        `json:"t,omitempty"`
	SHA256  []byte        `json:"h,omitempty"`
	Expires int64         `json:"e"`
}

// Link implements ports.Blobs.
func (b *Blobs) Link(_ context.Context, use ports.LinkUse, object ports.Object, valid time.Duration) (ports.Link, error) {
	if err := document.CheckKey(object.Key); err != nil {
		return ports.Link{}, err
	}
	expires := b.now().Add(valid)
	content := token{Use: use, Key: object.Key, Expires: expires.UnixNano()}
	link := ports.Link{Expires: expires, Headers: map[string]string{}}
	if use == ports.LinkWrite {
		content.Size, content.Type, content.SHA256 = object.Size, object.ContentType, object.SHA256
		link.Headers = map[string]string{
			"Content-Length": strconv.FormatInt(object.Size, 10), "Content-Type": object.ContentType, "X-Content-SHA256": hex.EncodeToString(object.SHA256),
		}
	}
	plain, err := json.Marshal(content)
	if err != nil {
		return ports.Link{}, err
	}
	nonce := make([]byte, b.links.aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails, by its contract
	link.URL = LinkPath + base64.RawURLEncoding.EncodeToString(b.links.aead.Seal(nonce, nonce, plain, nil))
	return link, nil
}

// Linked implements ports.LocalLinks.
func (b *Blobs) Linked(use ports.LinkUse, text string) (ports.Object, error) {
	none := ports.NoLink()
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	size := b.links.aead.NonceSize()
	if err != nil || len(sealed) < size {
		return ports.Object{}, none
	}
	plain, err := b.links.aead.Open(nil, sealed[:size], sealed[size:], nil)
	var content token
	if err != nil || json.Unmarshal(plain, &content) != nil || content.Use != use || b.now().UnixNano() >= content.Expires {
		return ports.Object{}, none
	}
	return ports.Object{Key: content.Key, Size: content.Size, ContentType: content.Type, SHA256: content.SHA256}, nil
}
