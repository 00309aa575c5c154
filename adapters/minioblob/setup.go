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
	"surgicase/domain/fault"
	"surgicase/ports"
)

// Settings implements ports.StorageSetup.
func (b *Blobs) Settings(ctx context.Context, origins []string) ([]ports.StorageSetting, error) {
	all, err := ports.ReadSettings(bucket.Names, b.reading(ctx, origins), unsupported)
	return all, settled(ctx, err)
}

// Arrange implements ports.StorageSetup.
func (b *Blobs) Arrange(ctx context.Context, origins []string, name string) error {
	return settled(ctx, ports.WriteSetting(name, b.reading(ctx, origins), unsupported))
}

// settled translates what is not a fault of the port already.
func settled(ctx context.Context, err error) error {
	if fault.CodeOf(err) != "" {
		return err
	}
	return translated(ctx, err)
}

func unsupported(err error) bool {
	return slices.Contains(bucket.UnsupportedCodes, minio.ToErrorResponse(err).Code)
}

func (b *Blobs) reading(ctx context.Context, origins []string) func(string) (ports.Told, error) {
	return func(name string) (ports.Told, error) {
		switch name {
		case bucket.Policy:
			return b.policy(ctx)
		case bucket.CORS:
			return b.pages(ctx, origins)
		}
		return b.lifecycle(ctx, bucket.Rules()[name])
	}
}

func (b *Blobs) lifecycle(ctx context.Context, wanted bucket.Rule) (ports.Told, error) {
	s := ports.Told{StorageSetting: ports.StorageSetting{State: ports.SettingDiffers, Then: wanted.String()}}
	now, err := b.client.GetBucketLifecycle(ctx, b.bucket)
	if minio.ToErrorResponse(err).Code == "NoSuchLifecycleConfiguration" {
		now, err = lifecycle.NewConfiguration(), nil
	}
	if err != nil {
		return s, err
	}
	is := func(r lifecycle.Rule) bool { return r.ID == wanted.ID }
	if i := slices.IndexFunc(now.Rules, is); i >= 0 && ruleOf(now.Rules[i]) == wanted && now.Rules[i].Status == minio.Enabled {
		s.State = ports.SettingFine
	}
	s.Write = func() error {
		now.Rules = append(slices.DeleteFunc(now.Rules, is), lifecycle.Rule{
			ID: wanted.ID, Status: minio.Enabled, RuleFilter: lifecycle.Filter{Prefix: wanted.Prefix},
			AbortIncompleteMultipartUpload: lifecycle.AbortIncompleteMultipartUpload{DaysAfterInitiation: lifecycle.ExpirationDays(wanted.AbortDays)},
			NoncurrentVersionExpiration:    lifecycle.NoncurrentVersionExpiration{NoncurrentDays: lifecycle.ExpirationDays(wanted.OldDays)},
			Expiration:                     lifecycle.Expiration{Days: lifecycle.ExpirationDays(wanted.ExpiresDays), DeleteMarker: wanted.OldDays > 0},
		})
		return b.client.SetBucketLifecycle(ctx, b.bucket, now)
	}
	return s, nil
}

func ruleOf(r lifecycle.Rule) bucket.Rule {
	return bucket.Rule{
		ID: r.ID, Prefix: r.RuleFilter.Prefix, AbortDays: int(r.AbortIncompleteMultipartUpload.DaysAfterInitiation),
		OldDays: int(r.NoncurrentVersionExpiration.NoncurrentDays), ExpiresDays: int(r.Expiration.Days),
	}
}

func (b *Blobs) policy(ctx context.Context) (ports.Told, error) {
	guard := bucket.Guard{Bucket: b.bucket, TLS: b.client.EndpointURL().Scheme == "https"}
	if b.sse != nil {
		guard.Encryption = map[bool]string{true: "aws:kms", false: "AES256"}[strings.HasSuffix(fmt.Sprint(b.sse.Type()), "KMS")]
	}
	now, err := b.client.GetBucketPolicy(ctx, b.bucket)
	if err != nil {
		return ports.Told{}, err
	}
	then, same, err := guard.Merge(now)
	s := ports.Told{StorageSetting: ports.StorageSetting{State: ports.SettingDiffers, Then: then}}
	switch {
	case then == "":
		s.State, s.Why = ports.SettingLeftOut, bucket.NothingToDemand
	case same:
		s.State = ports.SettingFine
	}
	s.Write = func() error { return b.client.SetBucketPolicy(ctx, b.bucket, then) }
	return s, err
}

func (b *Blobs) pages(ctx context.Context, origins []string) (ports.Told, error) {
	wanted := bucket.PagesOf(origins)
	s := ports.Told{StorageSetting: ports.StorageSetting{State: ports.SettingDiffers, Then: wanted.String()}}
	if len(origins) == 0 {
		s.State, s.Why = ports.SettingLeftOut, bucket.NoPages
		return s, nil
	}
	now, err := b.client.GetBucketCors(ctx, b.bucket)
	if err != nil {
		return s, err
	}
	if now == nil {
		now = cors.NewConfig(nil)
	}
	is := func(r cors.Rule) bool { return r.ID == wanted.ID }
	if i := slices.IndexFunc(now.CORSRules, is); i >= 0 {
		r := now.CORSRules[i]
		if (bucket.Pages{ID: r.ID, Origins: r.AllowedOrigin, Methods: r.AllowedMethod, Headers: r.AllowedHeader, Exposed: r.ExposeHeader, Seconds: r.MaxAgeSeconds}).String() == wanted.String() {
			s.State = ports.SettingFine
		}
	}
	s.Write = func() error {
		rule := cors.Rule{ID: wanted.ID, AllowedOrigin: wanted.Origins, AllowedMethod: wanted.Methods, AllowedHeader: wanted.Headers, ExposeHeader: wanted.Exposed, MaxAgeSeconds: wanted.Seconds}
		return b.client.SetBucketCors(ctx, b.bucket, cors.NewConfig(append(slices.DeleteFunc(now.CORSRules, is), rule)))
	}
	return s, nil
}
