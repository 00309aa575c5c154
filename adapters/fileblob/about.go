package fileblob

import (
	"crypto/rand"
	"encoding/json"
	"io/fs"
	"path"
	"time"

	"surgicase/domain/document"
	"surgicase/ports"
)

// note is what a file system does not keep about a file. It lies beside the files, and counts only
// for the very file it was written for: by size and by time of writing, see stamp. A note that is
// lost, or outlives its file in a crash, costs the knowledge and nothing else.
type note struct {
	Size        int64  `json:"size"`
	Written     int64  `json:"written"` // nanoseconds since 1970
	ContentType string `json:"content_type"`
	SHA256      []byte `json:"sha256"`

	About map[string]string `json:"about,omitempty"`
}

// note is written before its file is placed, so that a file without one is rare. Its failures are
// not worth failing for.
func (b *tree) note(o ports.Object) {
	content, err := json.Marshal(note{Size: o.Size, Written: o.StoredAt.UnixNano(), ContentType: o.ContentType, SHA256: o.SHA256, About: o.About})
	if err != nil {
		return
	}
	draft, file := path.Join(drafts, randomName()), path.Join(abouts, o.Key)
	if b.root.WriteFile(draft, content, 0o600) == nil && b.root.MkdirAll(path.Dir(file), 0o700) == nil && b.root.Rename(draft, file) == nil {
		return
	}
	_ = b.root.Remove(draft)
}

func (b *tree) about(key string, info fs.FileInfo) ports.Object {
	o := ports.Object{Key: key, Size: info.Size(), ContentType: typeByName(key), StoredAt: info.ModTime().UTC().Truncate(time.Second)}
	content, err := b.root.ReadFile(path.Join(abouts, key))
	if err != nil {
		return o
	}
	var n note
	if json.Unmarshal(content, &n) == nil && n.Size == o.Size && n.Written == info.ModTime().UnixNano() && len(n.SHA256) == document.SumLength {
		o.ContentType, o.SHA256, o.About = n.ContentType, n.SHA256, n.About
	}
	return o
}

func randomName() string { return rand.Text() }
