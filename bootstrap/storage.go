package bootstrap

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"

	"go.uber.org/fx"

	"surgicase/adapters/cli"
	"surgicase/adapters/fileblob"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// StorageURL says where objects lie. It may hold a key: it prints without it.
type StorageURL struct{ url string }

// UnmarshalText reads a URL of one of the known schemes.
func (s *StorageURL) UnmarshalText(text []byte) error {
	s.url = string(text)
	if _, known := blobStores[s.scheme()]; !known || !strings.Contains(s.url, "://") {
		return holds(s.scheme()+"://…", "file://FOLDER")
	}
	return nil
}

func (s StorageURL) scheme() string {
	scheme, _, _ := strings.Cut(s.url, "://")
	return scheme
}

// String names the kind of storage and nothing else.
func (s StorageURL) String() string { return s.scheme() + "://…" }

// GoString is String for %#v.
func (s StorageURL) GoString() string { return s.String() }

// linkKeySecret seals the links of the file store.
const linkKeySecret = "surgicase/link-key" //nolint:gosec // the name of a secret, not a secret

// openFileBlobs opens the file store. Without a link key, links live as long as the process and are
// known to it alone.
func openFileBlobs(ctx context.Context, c Config, _ environment, secrets ports.Secrets) (ports.Blobs, error) {
	fresh := []byte(hex.EncodeToString(randomIDs{}.Key()))
	key, err := secretOrMade(ctx, c, secrets, linkKeySecret, func() ([]byte, error) { return fresh, nil })
	if errors.Is(err, fault.NotFound) {
		key, err = fresh, nil
	}
	if err != nil {
		return nil, err
	}
	_, folder, _ := strings.Cut(c.StorageURL.url, "://")
	sum := sha256.Sum256(key)
	return fileblob.Open(fileblob.Config{Folder: folder, LinkKey: sum[:], Now: systemClock{}.Now})
}

func openBlobs(ctx context.Context, c Config, env environment, secrets ports.Secrets) (ports.Blobs, error) {
	return blobStores[c.StorageURL.scheme()](ctx, c, env, secrets)
}

func provideBlobs(life fx.Lifecycle, c Config, env environment, parts Parts, secrets ports.Secrets) (ports.Blobs, error) {
	if parts.Blobs != nil {
		return parts.Blobs, nil
	}
	blobs, err := openBlobs(context.Background(), c, env, secrets)
	if closer, ok := blobs.(io.Closer); ok && err == nil {
		life.Append(fx.StopHook(closer.Close))
	}
	return blobs, err
}

// storageFinding writes an object, reads it and removes it.
func storageFinding(ctx context.Context, c Config, env environment, secrets ports.Secrets) cli.Finding {
	blobs, err := openBlobs(ctx, c, env, secrets)
	if err == nil {
		err = tryStorage(ctx, blobs)
	}
	if closer, ok := blobs.(io.Closer); ok {
		err = errors.Join(err, closer.Close())
	}
	f := found("storage", c.StorageURL.scheme()+" takes objects and gives them back", err)
	if offline := c.offline(); f.OK && len(offline) > 0 {
		f.Warn, f.Detail = true, f.Detail+"; "+offline[0]
	}
	return f
}

func tryStorage(ctx context.Context, blobs ports.Blobs) error {
	key, content := "exports/check-"+randomIDs{}.Unique(), randomIDs{}.Key()
	if _, err := blobs.Put(ctx, ports.Object{Key: key, Size: int64(len(content))}, bytes.NewReader(content)); err != nil {
		return err
	}
	body, _, err := blobs.Get(ctx, key, ports.Span{})
	if err != nil {
		return err
	}
	got, err := io.ReadAll(body)
	if err = errors.Join(err, body.Close()); err == nil && !bytes.Equal(got, content) {
		err = errors.New("it gives back something else than it was given")
	}
	return errors.Join(err, blobs.Remove(ctx, key))
}
