package fileblob

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"

	"surgicase/ports"
)

// List implements ports.Blobs. It holds the names of one folder and those above it at a time.
func (b *Blobs) List(ctx context.Context, prefix string) iter.Seq2[ports.Object, error] {
	return func(yield func(ports.Object, error) bool) {
		folder := "."
		if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
			folder = prefix[:i]
		}
		if strings.HasPrefix(prefix, ".") || !fs.ValidPath(folder) {
			return // no key begins like that
		}
		t, err := b.here()
		if err != nil {
			yield(ports.Object{}, err)
			return
		}
		t.walk(ctx, folder, prefix, yield)
	}
}

// walk gives the files in and below a folder, and says whether to go on.
func (b *tree) walk(ctx context.Context, folder, prefix string, yield func(ports.Object, error) bool) bool {
	entries, err := fs.ReadDir(b.root.FS(), folder)
	if err = errors.Join(err, ctx.Err()); err != nil {
		return errors.Is(translated(err), ports.NoObject().Kind) || yield(ports.Object{}, away(err)) && false
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(sortName(a), sortName(b)) })
	for _, entry := range entries {
		key := path.Join(folder, entry.Name())
		above := entry.IsDir() && strings.HasPrefix(prefix, key+"/")
		if own := strings.HasPrefix(key, "."); own || !above && !strings.HasPrefix(key, prefix) {
			continue
		}
		if entry.IsDir() {
			if !b.walk(ctx, key, prefix, yield) {
				return false
			}
			continue
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() && !yield(b.about(key, info), nil) {
			return false
		}
	}
	return true
}

// sortName has folders sort as their keys do: with the slash.
func sortName(e fs.DirEntry) string {
	if e.IsDir() {
		return e.Name() + "/"
	}
	return e.Name()
}
