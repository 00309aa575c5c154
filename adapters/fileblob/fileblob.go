// Package fileblob keeps objects as plain files in a folder: the key is the path.
package fileblob

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"surgicase/domain/document"
	"surgicase/ports"
)

// Config is where the files are.
type Config struct {
	Folder  string // made if it is not there
	LinkKey []byte // 32 bytes that seal links
	Now     func() time.Time
}

// The store's own folders. No key begins with a full stop.
const (
	drafts = ".drafts" // files on their way; the same file system, so that a rename places them
	abouts = ".about"  // what a file system cannot note about a file
)

// Nothing that is still being written is as old as abandoned.
const (
	abandoned  = 24 * time.Hour
	sweepEvery = time.Hour
)

// Blobs is a ports.Blobs.
type Blobs struct {
	folder string
	open   atomic.Pointer[tree]
	swept  atomic.Int64 // when drafts were last cleared, in seconds since 1970
	links  sealer
	now    func() time.Time
}

// tree is the folder as it was found.
type tree struct {
	root *os.Root // the operating system keeps every path within it, symbolic links too
	now  func() time.Time
}

// Open makes the folder if need be, and clears away what a program that was killed left half written.
func Open(c Config) (*Blobs, error) {
	links, err := newSealer(c.LinkKey)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.Folder, 0o700); err != nil {
		return nil, away(err)
	}
	t, err := openTree(c.Folder, c.Now)
	if err != nil {
		return nil, away(err)
	}
	if err := t.clear(); err != nil {
		return nil, away(errors.Join(err, t.root.Close()))
	}
	b := &Blobs{folder: c.Folder, links: links, now: c.Now}
	b.open.Store(t)
	b.swept.Store(c.Now().Unix())
	return b, nil
}

func openTree(folder string, now func() time.Time) (*tree, error) {
	root, err := os.OpenRoot(folder)
	return &tree{root, now}, err
}

// here is the folder that is there now. An open folder outlives its name: when its disk was taken away and came back,
// or it was moved aside, what is written into it is acknowledged and found by nobody. One that is not ours, such as
// that under a disk that is away, is none.
func (b *Blobs) here() (*tree, error) {
	t := b.open.Load()
	there, err := os.Stat(b.folder)
	if err != nil {
		return nil, away(err)
	}
	if ours, err := t.root.Stat("."); err == nil && os.SameFile(ours, there) {
		return t, nil
	}
	t, err = openTree(b.folder, b.now)
	if err != nil {
		return nil, away(err)
	}
	if _, err := t.root.Stat(drafts); err != nil {
		return nil, away(errors.Join(err, t.root.Close()))
	}
	b.open.Store(t) // the other is closed when nobody uses it any more
	return t, nil
}

// sweep clears drafts once in an hour, beside an upload: other programs on the folder are killed, too. What cannot be cleared
// now waits for the next hour.
func (b *Blobs) sweep(t *tree) {
	now, last := b.now().Unix(), b.swept.Load()
	if now-last >= int64(sweepEvery/time.Second) && b.swept.CompareAndSwap(last, now) {
		_ = t.clear()
	}
}

func (b *tree) clear() error {
	for _, own := range []string{drafts, abouts} {
		if err := b.root.MkdirAll(own, 0o700); err != nil {
			return err
		}
	}
	left, err := fs.ReadDir(b.root.FS(), drafts)
	for _, file := range left {
		if info, gone := file.Info(); gone == nil && b.now().Sub(info.ModTime()) > abandoned {
			if gone := b.root.Remove(path.Join(drafts, file.Name())); !errors.Is(gone, fs.ErrNotExist) { // another program sweeps, too
				err = errors.Join(err, gone)
			}
		}
	}
	return err
}

// Close closes the folder.
func (b *Blobs) Close() error { return b.open.Load().root.Close() }

// Put implements ports.Blobs.
func (b *Blobs) Put(ctx context.Context, object ports.Object, content io.Reader) (ports.Object, error) {
	if err := document.CheckKey(object.Key); err != nil {
		return ports.Object{}, err
	}
	t, err := b.here()
	if err != nil {
		return ports.Object{}, err
	}
	b.sweep(t)
	draft, err := t.write(ctx, &object, content)
	if draft != "" {
		defer func() { _ = t.root.Remove(draft) }() // it is gone when it was placed
	}
	if err != nil {
		return ports.Object{}, err
	}
	t.note(object)
	if err := t.place(draft, object.Key); err != nil {
		return ports.Object{}, away(err)
	}
	if still, err := b.here(); err != nil || still != t {
		return ports.Object{}, away(err) // it lies where nobody finds it
	}
	object.StoredAt = object.StoredAt.Truncate(time.Second)
	return object, nil
}

// write brings content to the disk as a draft and completes what is known about the object.
func (b *tree) write(ctx context.Context, object *ports.Object, content io.Reader) (draft string, err error) {
	draft = path.Join(drafts, randomName())
	file, err := b.root.OpenFile(draft, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", away(err)
	}
	source := document.NewContent(patient{ctx, content}, object.Size)
	_, err = io.Copy(file, source)
	if source.Err() != nil {
		return draft, errors.Join(source.Err(), file.Close())
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return draft, away(err)
	}
	object.Size, object.SHA256 = source.Size(), source.SHA256()
	if object.ContentType == "" {
		object.ContentType = unknownType
	}
	object.StoredAt = stamp(b.now())
	if err := b.root.Chtimes(draft, time.Time{}, object.StoredAt); err != nil {
		return draft, away(err)
	}
	return draft, nil
}

// stamp gives the time of a write a random fraction of a millisecond: by it a note finds its file.
func stamp(now time.Time) time.Time {
	return now.Truncate(time.Millisecond).Add(time.Duration(rand.IntN(int(time.Millisecond)))) //nolint:gosec // tells writes apart, keeps no secret
}

// patient reads as long as somebody waits for it.
type patient struct {
	ctx  context.Context
	from io.Reader
}

func (p patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.from.Read(b)
}

// place gives a draft its name. A folder that another removal took away in between is made again.
func (b *tree) place(draft, key string) (err error) {
	folder := path.Dir(key)
	for range 5 {
		if err = b.makeFolder(folder); err == nil {
			err = b.root.Rename(draft, key)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return errors.Join(err, b.sync(folder))
}

// makeFolder makes a folder and those above it, and has their names survive a power cut.
func (b *tree) makeFolder(folder string) error {
	if _, err := b.root.Stat(folder); err == nil || folder == "." {
		return nil
	}
	above := path.Dir(folder)
	if err := b.makeFolder(above); err != nil {
		return err
	}
	if err := b.root.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return b.sync(above)
}

func (b *tree) sync(folder string) error {
	f, err := b.root.Open(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a removal took it away again
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Get implements ports.Blobs.
func (b *Blobs) Get(_ context.Context, key string, span ports.Span) (io.ReadCloser, ports.Object, error) {
	t, err := b.here()
	if err != nil {
		return nil, ports.Object{}, err
	}
	file, object, err := t.open(key)
	if err != nil {
		return nil, ports.Object{}, err
	}
	length, err := span.Within(object.Size)
	if err == nil {
		_, err = file.Seek(span.Offset, io.SeekStart)
		err = ports.Bare(err)
	}
	if err != nil {
		return nil, ports.Object{}, errors.Join(err, part{file: file}.Close())
	}
	return part{io.LimitReader(file, length), file}, object, nil
}

// part is what is read of a file. What goes wrong does not name it.
type part struct {
	from io.Reader
	file *os.File
}

func (p part) Read(b []byte) (int, error) {
	n, err := p.from.Read(b)
	return n, ports.Bare(err)
}

func (p part) Close() error { return ports.Bare(p.file.Close()) }

func (b *tree) open(key string) (*os.File, ports.Object, error) {
	if err := document.CheckKey(key); err != nil {
		return nil, ports.Object{}, err
	}
	file, err := b.root.Open(key)
	if err != nil {
		return nil, ports.Object{}, translated(err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, ports.Object{}, errors.Join(translated(err), part{file: file}.Close())
	}
	return file, b.about(key, info), nil
}

// Stat implements ports.Blobs.
func (b *Blobs) Stat(_ context.Context, key string) (ports.Object, error) {
	if err := document.CheckKey(key); err != nil {
		return ports.Object{}, err
	}
	t, err := b.here()
	if err != nil {
		return ports.Object{}, err
	}
	info, err := t.root.Stat(key)
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return ports.Object{}, translated(err)
	}
	return t.about(key, info), nil
}

// Remove implements ports.Blobs. Folders that it leaves empty go, too: their names hold ids.
func (b *Blobs) Remove(_ context.Context, key string) error {
	if err := document.CheckKey(key); err != nil {
		return err
	}
	t, err := b.here()
	if err != nil {
		return err
	}
	if info, err := t.root.Lstat(key); err == nil && info.IsDir() {
		return nil
	}
	err = t.root.Remove(key)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		err = nil
	}
	if err = errors.Join(err, t.sync(path.Dir(key))); err != nil {
		return away(err)
	}
	_ = t.root.Remove(path.Join(abouts, key)) // without its file it says nothing
	for _, tree := range []string{".", abouts} {
		for folder := path.Dir(key); folder != "."; folder = path.Dir(folder) {
			if t.root.Remove(path.Join(tree, folder)) != nil {
				break // not empty
			}
		}
	}
	return nil
}

// translated makes an error of the file system one of the port. A segment that is a file where a
// folder would have to be, or a name that is too long, names no object.
func translated(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG) {
		return ports.NoObject()
	}
	return away(err)
}

func away(cause error) error { return ports.StorageAway(cause) }

const unknownType = "application/octet-stream"

// knownTypes are the types of files that came without a note, by the ends of their names.
var knownTypes = map[string]string{
	".pdf": "application/pdf", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".tif": "image/tiff", ".tiff": "image/tiff",
	".heic": "image/heic", ".csv": "text/csv", ".json": "application/json", ".zip": "application/zip", ".txt": "text/plain",
}

func typeByName(key string) string {
	if known := knownTypes[strings.ToLower(path.Ext(key))]; known != "" {
		return known
	}
	return unknownType
}
