package s3blob

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"surgicase/domain/document"
	"surgicase/ports"
)

// An object goes in parts that are held in memory: the SDK signs what it sends, and sends it again
// when the network fails. One part is filled while the one before is on its way.
const (
	partSize   = 5 << 20 // the least that S3 takes; 10,000 of them are 50 GB
	spareParts = 32
)

// Put implements ports.Blobs.
func (b *Blobs) Put(ctx context.Context, object ports.Object, content io.Reader) (ports.Object, error) {
	if err := document.CheckKey(object.Key); err != nil {
		return ports.Object{}, err
	}
	source := document.NewContent(content, object.Size)
	first := b.part()
	n, err := io.ReadFull(source, first)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		err = b.putWhole(ctx, object, first[:n], source)
	case err == nil:
		err = b.putParts(ctx, object, first, source)
	}
	if err == nil || ctx.Err() == nil { // else a request that was given up may still read from it
		b.giveBack(first)
	}
	switch {
	case source.Err() != nil:
		return ports.Object{}, source.Err()
	case err != nil:
		return ports.Object{}, translated(ctx, err)
	}
	object.Size, object.SHA256, object.StoredAt = source.Size(), source.SHA256(), b.now().Truncate(time.Second)
	return object, nil
}

func (b *Blobs) part() []byte {
	select {
	case part := <-b.spare:
		return part
	default:
		return make([]byte, partSize)
	}
}

func (b *Blobs) giveBack(part []byte) {
	select {
	case b.spare <- part:
	default:
	}
}

func (b *Blobs) putWhole(ctx context.Context, object ports.Object, content []byte, source *document.Content) error {
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.bucket, Key: &object.Key, ContentType: typeOf(object), Metadata: object.About, Body: bytes.NewReader(content), ContentLength: aws.Int64(int64(len(content))),
		ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(source.SHA256())), ServerSideEncryption: b.sse, SSEKMSKeyId: b.kmsKey,
	})
	return err
}

func typeOf(object ports.Object) *string {
	if object.ContentType == "" {
		return nil
	}
	return &object.ContentType
}

func (b *Blobs) putParts(ctx context.Context, object ports.Object, first []byte, source *document.Content) error {
	begun, err := b.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &b.bucket, Key: &object.Key, ContentType: typeOf(object), Metadata: object.About, ServerSideEncryption: b.sse, SSEKMSKeyId: b.kmsKey,
		ChecksumAlgorithm: types.ChecksumAlgorithmCrc32c,
	})
	if err != nil {
		return err
	}
	parts, err := b.sendParts(ctx, object.Key, begun.UploadId, first, source)
	if err == nil {
		_, err = b.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
			Bucket: &b.bucket, Key: &object.Key, UploadId: begun.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
		})
	}
	if err != nil {
		_, abort := b.client.AbortMultipartUpload(context.WithoutCancel(ctx), &s3.AbortMultipartUploadInput{Bucket: &b.bucket, Key: &object.Key, UploadId: begun.UploadId})
		return errors.Join(err, abort)
	}
	return nil
}

// sendParts sends the first part and those that follow it, one at a time.
func (b *Blobs) sendParts(ctx context.Context, key string, upload *string, first []byte, source *document.Content) ([]types.CompletedPart, error) {
	other := b.part()
	defer func() {
		if ctx.Err() == nil {
			b.giveBack(other)
		}
	}()
	var parts []types.CompletedPart
	full, next, last := first, other, false
	for length := len(first); ; {
		number := int32(len(parts)) + 1 //nolint:gosec // at most 10,000
		sent := make(chan error, 1)
		go func() {
			part, err := b.sendPart(ctx, key, upload, number, full[:length])
			if err == nil {
				parts = append(parts, part)
			}
			sent <- err
		}()
		var n int
		var readErr error
		if !last {
			n, readErr = io.ReadFull(source, next)
		}
		if err := <-sent; err != nil {
			return nil, err
		}
		switch {
		case last || errors.Is(readErr, io.EOF):
			return parts, nil
		case errors.Is(readErr, io.ErrUnexpectedEOF):
			last = true
		case readErr != nil:
			return nil, readErr
		}
		full, next, length = next, full, n
	}
}

func (b *Blobs) sendPart(ctx context.Context, key string, upload *string, number int32, content []byte) (types.CompletedPart, error) {
	out, err := b.client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &b.bucket, Key: &key, UploadId: upload, PartNumber: &number, Body: bytes.NewReader(content), ContentLength: aws.Int64(int64(len(content))),
		ChecksumCRC32C: aws.String(crc32c(content)),
	})
	if err != nil {
		return types.CompletedPart{}, err
	}
	return types.CompletedPart{PartNumber: &number, ETag: out.ETag, ChecksumCRC32C: out.ChecksumCRC32C}, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func crc32c(content []byte) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.Checksum(content, castagnoli)))
}
