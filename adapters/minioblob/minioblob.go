// Package minioblob keeps objects in MinIO, or in any other store that speaks S3, with MinIO's client.
package minioblob

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/encrypt"

	"surgicase/adapters/internal/s3answer"
	"surgicase/domain/document"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// Config is where the bucket is and who asks.
type Config struct {
	Endpoint       string // host:port
	TLS            bool
	Region         string
	Bucket         string
	Key, Secret    string
	Encryption     string // "", "AES256" or "aws:kms": how the server is asked to encrypt objects
	KMSKey         string
	MaxConnections int // 64 unless it is set
	Now            func() time.Time
}

// How long the server may take to answer, and how often it is asked.
const (
	dialTimeout   = 5 * time.Second
	headerTimeout = 20 * time.Second
	attempts      = 3
)

// Longer objects, and those of unknown size, go in parts.
const (
	partSize    = 5 << 20
	longestPut  = 1 << 30
	bigPartSize = 64 << 20
)

// Blobs is a ports.Blobs.
type Blobs struct {
	client *minio.Client
	bucket string
	sse    encrypt.ServerSide
	now    func() time.Time
}

// Open makes the client. It asks for nothing yet.
func Open(c Config) (*Blobs, error) {
	client, err := minio.New(c.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(c.Key, c.Secret, ""), Secure: c.TLS, Region: c.Region, BucketLookup: minio.BucketLookupPath,
		Transport: transport(c.MaxConnections), MaxRetries: attempts,
	})
	if err != nil {
		return nil, fmt.Errorf("the client of the document storage: %w", err)
	}
	b := &Blobs{client: client, bucket: c.Bucket, now: c.Now}
	switch c.Encryption {
	case "AES256":
		b.sse = encrypt.NewSSE()
	case "aws:kms":
		if b.sse, err = encrypt.NewSSEKMS(c.KMSKey, nil); err != nil {
			return nil, fmt.Errorf("encryption of the document storage: %w", err)
		}
	}
	return b, nil
}

func transport(connections int) http.RoundTripper {
	if connections == 0 {
		connections = 64
	}
	return s3answer.Transport{RoundTripper: &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout: dialTimeout, ResponseHeaderTimeout: headerTimeout, ExpectContinueTimeout: dialTimeout,
		MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections, IdleConnTimeout: time.Minute, DisableCompression: true,
	}}
}

// Put implements ports.Blobs.
func (b *Blobs) Put(ctx context.Context, object ports.Object, content io.Reader) (ports.Object, error) {
	if err := document.CheckKey(object.Key); err != nil {
		return ports.Object{}, err
	}
	source := document.NewContent(content, object.Size)
	err := b.put(ctx, object, source)
	switch {
	case source.Err() != nil:
		return ports.Object{}, source.Err()
	case err != nil:
		return ports.Object{}, translated(ctx, err)
	}
	object.Size, object.SHA256, object.StoredAt = source.Size(), source.SHA256(), b.now().Truncate(time.Second)
	return object, nil
}

// put holds what it sends in memory, an object or a part of one: the client sends again only what it can read again.
func (b *Blobs) put(ctx context.Context, object ports.Object, source *document.Content) error {
	options := minio.PutObjectOptions{ContentType: object.ContentType, ServerSideEncryption: b.sse, PartSize: partSize, UserMetadata: map[string]string{}}
	maps.Copy(options.UserMetadata, object.About)
	switch {
	case object.Size > longestPut:
		options.PartSize = bigPartSize
	case object.Size >= 0 && object.Size <= partSize:
		content := bytes.NewBuffer(make([]byte, 0, object.Size+bytes.MinRead))
		if _, err := content.ReadFrom(source); err != nil {
			return err
		}
		options.UserMetadata["X-Amz-Checksum-Sha256"] = base64.StdEncoding.EncodeToString(source.SHA256())
		_, err := b.client.PutObject(ctx, b.bucket, object.Key, bytes.NewReader(content.Bytes()), object.Size, options)
		return err
	}
	_, err := b.client.PutObject(ctx, b.bucket, object.Key, source, object.Size, options)
	return err
}

// Get implements ports.Blobs.
func (b *Blobs) Get(ctx context.Context, key string, span ports.Span) (io.ReadCloser, ports.Object, error) {
	if err := document.CheckKey(key); err != nil {
		return nil, ports.Object{}, err
	}
	length, err := span.Within(math.MaxInt64)
	if err != nil {
		return nil, ports.Object{}, err
	}
	var options minio.GetObjectOptions
	if span != (ports.Span{}) {
		if err := options.SetRange(span.Offset, span.Offset+length-1); err != nil {
			return nil, ports.Object{}, err
		}
	}
	core := minio.Core{Client: b.client} // one request, where the client's own reader makes several
	body, info, header, err := core.GetObject(ctx, b.bucket, key, options)
	if err != nil {
		return nil, ports.Object{}, translated(ctx, err)
	}
	object := about(key, info)
	if whole, partial := wholeSize(header.Get("Content-Range")); partial {
		object.Size = whole
	}
	return s3answer.Body(body, func(err error) error { return translated(ctx, err) }), object, nil
}

// wholeSize reads the size of an object from the header of a part of it: "bytes 0-9/100".
func wholeSize(contentRange string) (int64, bool) {
	_, text, _ := strings.Cut(contentRange, "/")
	size, err := strconv.ParseInt(text, 10, 64)
	return size, err == nil
}

// Stat implements ports.Blobs.
func (b *Blobs) Stat(ctx context.Context, key string) (ports.Object, error) {
	if err := document.CheckKey(key); err != nil {
		return ports.Object{}, err
	}
	info, err := b.client.StatObject(ctx, b.bucket, key, minio.StatObjectOptions{Checksum: true})
	if err != nil {
		return ports.Object{}, translated(ctx, err)
	}
	return about(key, info), nil
}

// about takes a checksum only if it is one of the whole: that of an object in parts is not.
func about(key string, info minio.ObjectInfo) ports.Object {
	o := ports.Object{Key: key, Size: info.Size, ContentType: info.ContentType, StoredAt: info.LastModified.UTC()}
	if sum, err := base64.StdEncoding.DecodeString(info.ChecksumSHA256); err == nil && len(sum) == document.SumLength && info.ChecksumMode != "COMPOSITE" {
		o.SHA256 = sum
	}
	for name, value := range info.UserMetadata { // as headers spell them
		if o.About == nil {
			o.About = map[string]string{}
		}
		o.About[strings.ToLower(name)] = value
	}
	return o
}

// Remove implements ports.Blobs.
func (b *Blobs) Remove(ctx context.Context, key string) error {
	if err := document.CheckKey(key); err != nil {
		return err
	}
	err := b.client.RemoveObject(ctx, b.bucket, key, minio.RemoveObjectOptions{})
	if err = translated(ctx, err); errors.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// List implements ports.Blobs.
func (b *Blobs) List(ctx context.Context, prefix string) iter.Seq2[ports.Object, error] {
	return func(yield func(ports.Object, error) bool) {
		within, cancel := context.WithCancel(ctx)
		defer cancel()
		listing, within := s3answer.NewListing(within, prefix)
		for info := range b.client.ListObjectsIter(within, b.bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
			if info.Err == nil {
				info.Err = listing.Next(info.Key)
			}
			if info.Err != nil {
				yield(ports.Object{}, translated(ctx, info.Err))
				return
			}
			if !strings.HasSuffix(info.Key, "/") && !yield(about(info.Key, info), nil) { // folders are some stores' own
				return
			}
		}
		if err := ctx.Err(); err != nil { // the client ends a list that was given up as if it were whole
			yield(ports.Object{}, translated(ctx, err))
		}
	}
}

// Link implements ports.Blobs.
func (b *Blobs) Link(ctx context.Context, use ports.LinkUse, object ports.Object, valid time.Duration) (ports.Link, error) {
	if err := document.CheckKey(object.Key); err != nil {
		return ports.Link{}, err
	}
	if err := ports.MayLink(object.Key); err != nil {
		return ports.Link{}, err
	}
	link := ports.Link{Headers: map[string]string{}, Expires: b.now().Add(valid)}
	signed := http.Header{}
	if use == ports.LinkWrite {
		link.Headers = map[string]string{
			"Content-Length": strconv.FormatInt(object.Size, 10), "Content-Type": object.ContentType,
			"X-Amz-Checksum-Sha256": base64.StdEncoding.EncodeToString(object.SHA256),
		}
		if b.sse != nil {
			b.sse.Marshal(signed)
		}
	}
	for name, value := range link.Headers {
		signed.Set(name, value)
	}
	for name := range signed {
		link.Headers[name] = signed.Get(name)
	}
	address, err := b.client.PresignHeader(ctx, string(use), b.bucket, object.Key, valid, url.Values{}, signed)
	if err != nil {
		return ports.Link{}, translated(ctx, err)
	}
	link.URL = address.String()
	return link, nil
}

// translated makes an error of the client one of the port. Whatever else the server refuses, it cannot
// be used as it is: for callers it is away.
func translated(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("the document storage: %w", ctx.Err())
	}
	switch codeOf(err) {
	case minio.NoSuchKey:
		return ports.NoObject()
	case "InvalidRange":
		_, err := ports.Span{Offset: 1}.Within(0)
		return err
	}
	if answer := minio.ToErrorResponse(err); answer.StatusCode != 0 { // its message may name the object
		err = fmt.Errorf("the server answered %d %s", answer.StatusCode, answer.Code)
	}
	return ports.StorageAway(err)
}
