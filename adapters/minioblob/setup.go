package minioblob

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/cors"
	"github.com/minio/minio-go/v7/pkg/lifecycle"

	"surgicase/domain/bucket"
	"surgicase/ports"
)

// setup says with this SDK what a bucket is told.
func (b *Blobs) setup() ports.BucketSetup {
	guard := bucket.Guard{Bucket: b.bucket, TLS: b.client.EndpointURL().Scheme == "https"}
	if b.sse != nil {
		guard.Encryption = map[bool]string{true: "aws:kms", false: "AES256"}[strings.HasSuffix(fmt.Sprint(b.sse.Type()), "KMS")]
	}
	return ports.BucketSetup{
		Lifecycle: b.lifecycle, Pages: b.pages, Guard: guard, Code: codeOf, Translated: translated,
		Policy:    func(ctx context.Context) (string, error) { return b.client.GetBucketPolicy(ctx, b.bucket) },
		SetPolicy: func(ctx context.Context, then string) error { return b.client.SetBucketPolicy(ctx, b.bucket, then) },
	}
}

// Settings implements ports.StorageSetup.
func (b *Blobs) Settings(ctx context.Context, origins []string) ([]ports.StorageSetting, error) {
	return b.setup().Settings(ctx, origins)
}

// Arrange implements ports.StorageSetup.
func (b *Blobs) Arrange(ctx context.Context, origins []string, name string) error {
	return b.setup().Arrange(ctx, origins, name)
}

func codeOf(err error) string { return minio.ToErrorResponse(err).Code }

func (b *Blobs) lifecycle(ctx context.Context, wanted bucket.Rule) (ports.Told, error) {
	now, err := b.client.GetBucketLifecycle(ctx, b.bucket)
	if codeOf(err) == "NoSuchLifecycleConfiguration" {
		now, err = lifecycle.NewConfiguration(), nil
	}
	if err != nil {
		return ports.Told{}, err
	}
	is := func(r lifecycle.Rule) bool { return r.ID == wanted.ID }
	i := slices.IndexFunc(now.Rules, is)
	same := i >= 0 && ruleOf(now.Rules[i]) == wanted && now.Rules[i].Status == minio.Enabled
	return ports.Compared(same, func() error {
		now.Rules = append(slices.DeleteFunc(now.Rules, is), lifecycle.Rule{
			ID: wanted.ID, Status: minio.Enabled, RuleFilter: lifecycle.Filter{Prefix: wanted.Prefix},
			AbortIncompleteMultipartUpload: lifecycle.AbortIncompleteMultipartUpload{DaysAfterInitiation: lifecycle.ExpirationDays(wanted.AbortDays)},
			NoncurrentVersionExpiration:    lifecycle.NoncurrentVersionExpiration{NoncurrentDays: lifecycle.ExpirationDays(wanted.OldDays)},
			Expiration:                     lifecycle.Expiration{Days: lifecycle.ExpirationDays(wanted.ExpiresDays), DeleteMarker: wanted.OldDays > 0},
		})
		return b.client.SetBucketLifecycle(ctx, b.bucket, now)
	}), nil
}

func ruleOf(r lifecycle.Rule) bucket.Rule {
	return bucket.Rule{
		ID: r.ID, Prefix: r.RuleFilter.Prefix, AbortDays: int(r.AbortIncompleteMultipartUpload.DaysAfterInitiation),
		OldDays: int(r.NoncurrentVersionExpiration.NoncurrentDays), ExpiresDays: int(r.Expiration.Days),
	}
}

func (b *Blobs) pages(ctx context.Context, wanted bucket.Pages) (ports.Told, error) {
	now, err := b.client.GetBucketCors(ctx, b.bucket)
	if err != nil {
		return ports.Told{}, err
	}
	if now == nil {
		now = cors.NewConfig(nil)
	}
	is := func(r cors.Rule) bool { return r.ID == wanted.ID }
	i := slices.IndexFunc(now.CORSRules, is)
	same := i >= 0 && pagesOf(now.CORSRules[i]).String() == wanted.String()
	return ports.Compared(same, func() error {
		rule := cors.Rule{ID: wanted.ID, AllowedOrigin: wanted.Origins, AllowedMethod: wanted.Methods, AllowedHeader: wanted.Headers, ExposeHeader: wanted.Exposed, MaxAgeSeconds: wanted.Seconds}
		return b.client.SetBucketCors(ctx, b.bucket, cors.NewConfig(append(slices.DeleteFunc(now.CORSRules, is), rule)))
	}), nil
}

func pagesOf(r cors.Rule) bucket.Pages {
	return bucket.Pages{ID: r.ID, Origins: r.AllowedOrigin, Methods: r.AllowedMethod, Headers: r.AllowedHeader, Exposed: r.ExposeHeader, Seconds: r.MaxAgeSeconds}
}
