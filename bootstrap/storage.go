package bootstrap

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"go.uber.org/fx"

	"surgicase/adapters/cli"
	"surgicase/adapters/fileblob"
	"surgicase/adapters/httpapi"
	"surgicase/adapters/minioblob"
	"surgicase/adapters/s3blob"
	"surgicase/application/cases"
	"surgicase/application/documents"
	"surgicase/application/people"
	"surgicase/domain/document"
	"surgicase/domain/fault"
	"surgicase/ports"
)

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
	sum := sha256.Sum256(key)
	return fileblob.Open(fileblob.Config{Folder: c.StorageURL.folder(), LinkKey: sum[:], Now: systemClock{}.Now})
}

func openMinIOBlobs(_ context.Context, c Config, _ environment, _ ports.Secrets) (ports.Blobs, error) {
	u := c.StorageURL
	return minioblob.Open(minioblob.Config{
		Endpoint: u.host, TLS: u.with("tls") == "true", Region: cmp.Or(u.with("region"), "us-east-1"), Bucket: u.bucket, Key: u.key, Secret: u.password,
		Encryption: u.encryption(""), KMSKey: u.with("kms_key"), Now: systemClock{}.Now,
	})
}

// openS3Blobs takes the credentials from the secret or the environment if they are there, as AWS's own
// tools do.
func openS3Blobs(ctx context.Context, c Config, env environment, _ ports.Secrets) (ports.Blobs, error) {
	u := c.StorageURL
	settings := s3blob.Config{
		Region: cmp.Or(u.with("region"), c.AWSRegion), Endpoint: cmp.Or(u.with("endpoint"), env["AWS_ENDPOINT_URL_S3"], env["AWS_ENDPOINT_URL"]), Bucket: u.bucket,
		KeyID: u.key, KeySecret: u.password, Encryption: u.encryption("AES256"), KMSKey: u.with("kms_key"), Now: systemClock{}.Now,
	}
	if settings.KeyID == "" {
		settings.KeyID, settings.KeySecret, settings.SessionToken = env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"]
	}
	return s3blob.Open(ctx, settings)
}

// openBlobs opens the store that the configuration names.
func openBlobs(ctx context.Context, c Config, env environment, secrets ports.Secrets) (ports.Blobs, error) {
	if c.StorageURL.url == storageFromSecret {
		text, err := secrets.Get(ctx, storageSecret)
		if err == nil {
			err = c.StorageURL.fromSecret(text)
		}
		if err != nil {
			return nil, err
		}
	}
	return blobStores[c.StorageURL.scheme()](ctx, c, env, secrets)
}

// provideBlobs also gives what opens links to this program, if the store has such.
func provideBlobs(life fx.Lifecycle, c Config, env environment, parts Parts, secrets ports.Secrets) (blobs ports.Blobs, links ports.LocalLinks, err error) {
	if blobs = parts.Blobs; blobs == nil {
		blobs, err = openBlobs(context.Background(), c, env, secrets)
		if closer, ok := blobs.(io.Closer); ok && err == nil {
			life.Append(fx.StopHook(closer.Close))
		}
	}
	links, local := blobs.(ports.LocalLinks)
	if !local {
		links = ports.NoLocalLinks{}
	}
	return timelyBlobs{blobs, c.RequestTimeout.duration()}, links, err
}

func newDeposit(c Config, store ports.Store, blobs ports.Blobs, clock ports.Clock, events ports.Events, space ports.Space) ports.Deposit {
	return ports.Deposit{Store: store, Blobs: blobs, Clock: clock, Most: c.MaxUploadMB.bytes(), Events: events, Space: space, Quota: document.Quota{Versions: int(c.DocumentVersions), CaseBytes: c.CaseQuotaMB.bytes(), UserBytes: c.UserWarningMB.bytes()}}
}

func newPapers(files *cases.Files, held *people.Documents, links *documents.Links, archive *documents.Archive) httpapi.Papers {
	return httpapi.Papers{Files: files, Documents: held, Links: links, Archive: archive}
}

// storageFinding writes an object, reads it and removes it.
func storageFinding(ctx context.Context, c Config, env environment, secrets ports.Secrets) cli.Finding {
	f, missing := c.missingFolder()
	if !missing {
		blobs, err := openBlobs(ctx, c, env, secrets)
		if err == nil {
			err = tryStorage(ctx, blobs)
		}
		err = errors.Join(err, closed(blobs))
		f = found("storage", c.StorageURL.scheme()+" takes objects and gives them back", err)
	}
	if f.OK && c.production() && c.StorageURL.scheme() == "file" {
		f.Warn, f.Detail = true, f.Detail+"; "+onThisMachine
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
