// Package s3blob keeps objects in Amazon S3, or in any other store that speaks it, with Amazon's client.
package s3blob

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"surgicase/adapters/internal/s3answer"
	"surgicase/domain/document"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// Config is where the bucket is and who asks.
type Config struct {
	Region   string
	Endpoint string // instead of the region's own
	Bucket   string

	// Credentials, if they are known; else the SDK looks for them where AWS puts them: shared files,
	// the roles of containers and machines.
	KeyID, KeySecret, SessionToken string

	Encryption string // "", "AES256" or "aws:kms": how the server is asked to encrypt objects
	KMSKey     string
	Now        func() time.Time
}

// How long the server may take to answer, and how often it is asked.
const (
	dialTimeout   = 5 * time.Second
	headerTimeout = 20 * time.Second
	attempts      = 3
	longestPause  = time.Second
	connections   = 64
)

// Blobs is a ports.Blobs.
type Blobs struct {
	client  *s3.Client
	presign *s3.PresignClient
	bucket  string
	tls     bool // requests go encrypted
	sse     types.ServerSideEncryption
	kmsKey  *string
	spare   chan []byte // parts that nobody uses at the moment
	now     func() time.Time
}

// Open makes the client. It asks for nothing yet.
func Open(ctx context.Context, c Config) (*Blobs, error) {
	options := []func(*config.LoadOptions) error{
		config.WithRegion(c.Region), config.WithHTTPClient(httpClient()),
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = attempts, longestPause })
		}),
	}
	if c.KeyID != "" {
		options = append(options, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(c.KeyID, c.KeySecret, c.SessionToken)))
	}
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("the settings for AWS cannot be read: %w", err)
	}
	client := s3.NewFromConfig(loaded, func(o *s3.Options) {
		if c.Endpoint != "" {
			o.BaseEndpoint, o.UsePathStyle = aws.String(c.Endpoint), true
		}
		o.DisableLogOutputChecksumValidationSkipped = true
		o.HTTPClient = s3answer.Client{Doer: o.HTTPClient}
	})
	b := &Blobs{client: client, presign: s3.NewPresignClient(client), bucket: c.Bucket, tls: c.Endpoint == "" || strings.HasPrefix(c.Endpoint, "https://"), sse: types.ServerSideEncryption(c.Encryption), spare: make(chan []byte, spareParts), now: c.Now}
	if c.KMSKey != "" {
		b.kmsKey = aws.String(c.KMSKey)
	}
	return b, nil
}

func httpClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout }).
		WithTransportOptions(func(t *http.Transport) {
			t.ResponseHeaderTimeout, t.MaxIdleConnsPerHost, t.MaxConnsPerHost = headerTimeout, connections, connections
		})
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
	in := &s3.GetObjectInput{Bucket: &b.bucket, Key: &key}
	if span != (ports.Span{}) {
		in.Range = aws.String(fmt.Sprintf("bytes=%d-%d", span.Offset, span.Offset+length-1))
	}
	out, err := b.client.GetObject(ctx, in)
	if err != nil {
		return nil, ports.Object{}, translated(ctx, err)
	}
	object := about(key, aws.ToInt64(out.ContentLength), out.LastModified, out.ContentType, out.ChecksumSHA256, out.ChecksumType)
	object.About = out.Metadata
	if _, whole, partial := strings.Cut(aws.ToString(out.ContentRange), "/"); partial { // bytes 0-9/100
		object.SHA256 = nil
		if object.Size, err = strconv.ParseInt(whole, 10, 64); err != nil {
			return nil, ports.Object{}, errors.Join(ports.StorageAway(err), out.Body.Close())
		}
	}
	return s3answer.Body(out.Body, func(err error) error { return translated(ctx, err) }), object, nil
}

// Stat implements ports.Blobs.
func (b *Blobs) Stat(ctx context.Context, key string) (ports.Object, error) {
	if err := document.CheckKey(key); err != nil {
		return ports.Object{}, err
	}
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.bucket, Key: &key, ChecksumMode: types.ChecksumModeEnabled})
	if err != nil {
		return ports.Object{}, translated(ctx, err)
	}
	o := about(key, aws.ToInt64(out.ContentLength), out.LastModified, out.ContentType, out.ChecksumSHA256, out.ChecksumType)
	o.About = out.Metadata
	return o, nil
}

// about takes a checksum only if it is one of the whole: that of an object in parts is not.
func about(key string, size int64, stored *time.Time, contentType, sum *string, kind types.ChecksumType) ports.Object {
	o := ports.Object{Key: key, Size: size, ContentType: aws.ToString(contentType), StoredAt: aws.ToTime(stored).UTC()}
	if raw, err := base64.StdEncoding.DecodeString(aws.ToString(sum)); err == nil && len(raw) == document.SumLength && kind != types.ChecksumTypeComposite {
		o.SHA256 = raw
	}
	return o
}

// Remove implements ports.Blobs.
func (b *Blobs) Remove(ctx context.Context, key string) error {
	if err := document.CheckKey(key); err != nil {
		return err
	}
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.bucket, Key: &key})
	if err = translated(ctx, err); errors.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// List implements ports.Blobs.
func (b *Blobs) List(ctx context.Context, prefix string) iter.Seq2[ports.Object, error] {
	return func(yield func(ports.Object, error) bool) {
		listing, ctx := s3answer.NewListing(ctx, prefix)
		pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.bucket, Prefix: &prefix})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(ports.Object{}, translated(ctx, err))
				return
			}
			for _, found := range page.Contents {
				key := aws.ToString(found.Key)
				if err := listing.Next(key); err != nil {
					yield(ports.Object{}, ports.StorageAway(err))
					return
				}
				object := ports.Object{Key: key, Size: aws.ToInt64(found.Size), StoredAt: aws.ToTime(found.LastModified).UTC()}
				if !strings.HasSuffix(key, "/") && !yield(object, nil) { // folders are some stores' own
					return
				}
			}
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
	expires := s3.WithPresignExpires(valid)
	if use == ports.LinkRead {
		signed, err := b.presign.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &b.bucket, Key: &object.Key}, expires)
		if err != nil {
			return ports.Link{}, translated(ctx, err)
		}
		link.URL = signed.URL
		return link, nil
	}
	signed, err := b.presign.PresignPutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.bucket, Key: &object.Key, ContentLength: &object.Size, ContentType: &object.ContentType,
		ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(object.SHA256)), ServerSideEncryption: b.sse, SSEKMSKeyId: b.kmsKey,
	}, expires)
	if err != nil {
		return ports.Link{}, translated(ctx, err)
	}
	link.URL = signed.URL
	for name := range signed.SignedHeader {
		if name != "Host" {
			link.Headers[name] = signed.SignedHeader.Get(name)
		}
	}
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
	var none *types.NoSuchKey
	var noHead *types.NotFound
	if errors.As(err, &none) || errors.As(err, &noHead) {
		return ports.NoObject()
	}
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusRequestedRangeNotSatisfiable {
		_, err := ports.Span{Offset: 1}.Within(0)
		return err
	}
	if answer != nil && answer.HTTPStatusCode() != 0 { // its message may name the object
		err = fmt.Errorf("the server answered %d %s", answer.HTTPStatusCode(), codeOf(err))
	}
	return ports.StorageAway(err)
}
