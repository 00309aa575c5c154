package s3blob

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

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

func unsupported(err error) bool { return slices.Contains(bucket.UnsupportedCodes, codeOf(err)) }

func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
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
	now, err := b.client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &b.bucket})
	if codeOf(err) == "NoSuchLifecycleConfiguration" {
		now, err = &s3.GetBucketLifecycleConfigurationOutput{}, nil
	}
	if err != nil {
		return s, err
	}
	is := func(r types.LifecycleRule) bool { return aws.ToString(r.ID) == wanted.ID }
	if i := slices.IndexFunc(now.Rules, is); i >= 0 && ruleOf(now.Rules[i]) == wanted && now.Rules[i].Status == types.ExpirationStatusEnabled {
		s.State = ports.SettingFine
	}
	s.Write = func() error {
		rules := append(slices.DeleteFunc(now.Rules, is), lifecycleRule(wanted))
		_, err := b.client.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{Bucket: &b.bucket, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: rules}})
		return err
	}
	return s, nil
}

func lifecycleRule(wanted bucket.Rule) types.LifecycleRule {
	days := func(n int) *int32 { return aws.Int32(int32(n)) } //nolint:gosec // a few days
	rule := types.LifecycleRule{ID: &wanted.ID, Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: &wanted.Prefix}}
	if wanted.AbortDays > 0 {
		rule.AbortIncompleteMultipartUpload = &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: days(wanted.AbortDays)}
	}
	if wanted.OldDays > 0 {
		rule.NoncurrentVersionExpiration = &types.NoncurrentVersionExpiration{NoncurrentDays: days(wanted.OldDays)}
		rule.Expiration = &types.LifecycleExpiration{ExpiredObjectDeleteMarker: aws.Bool(true)}
	}
	if wanted.ExpiresDays > 0 {
		rule.Expiration = &types.LifecycleExpiration{Days: days(wanted.ExpiresDays)}
	}
	return rule
}

func ruleOf(r types.LifecycleRule) bucket.Rule {
	rule := bucket.Rule{ID: aws.ToString(r.ID)}
	if r.Filter != nil {
		rule.Prefix = aws.ToString(r.Filter.Prefix)
	}
	if r.AbortIncompleteMultipartUpload != nil {
		rule.AbortDays = int(aws.ToInt32(r.AbortIncompleteMultipartUpload.DaysAfterInitiation))
	}
	if r.NoncurrentVersionExpiration != nil {
		rule.OldDays = int(aws.ToInt32(r.NoncurrentVersionExpiration.NoncurrentDays))
	}
	if r.Expiration != nil {
		rule.ExpiresDays = int(aws.ToInt32(r.Expiration.Days))
	}
	return rule
}

func (b *Blobs) policy(ctx context.Context) (ports.Told, error) {
	guard := bucket.Guard{Bucket: b.bucket, TLS: b.tls, Encryption: string(b.sse)}
	now, err := b.client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &b.bucket})
	if codeOf(err) == "NoSuchBucketPolicy" {
		now, err = &s3.GetBucketPolicyOutput{}, nil
	}
	if err != nil {
		return ports.Told{}, err
	}
	then, same, err := guard.Merge(aws.ToString(now.Policy))
	s := ports.Told{StorageSetting: ports.StorageSetting{State: ports.SettingDiffers, Then: then}}
	switch {
	case then == "":
		s.State, s.Why = ports.SettingLeftOut, bucket.NothingToDemand
	case same:
		s.State = ports.SettingFine
	}
	s.Write = func() error {
		_, err := b.client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &b.bucket, Policy: &then})
		return err
	}
	return s, err
}

func (b *Blobs) pages(ctx context.Context, origins []string) (ports.Told, error) {
	wanted := bucket.PagesOf(origins)
	s := ports.Told{StorageSetting: ports.StorageSetting{State: ports.SettingDiffers, Then: wanted.String()}}
	if len(origins) == 0 {
		s.State, s.Why = ports.SettingLeftOut, bucket.NoPages
		return s, nil
	}
	now, err := b.client.GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: &b.bucket})
	if codeOf(err) == "NoSuchCORSConfiguration" {
		now, err = &s3.GetBucketCorsOutput{}, nil
	}
	if err != nil {
		return s, err
	}
	is := func(r types.CORSRule) bool { return aws.ToString(r.ID) == wanted.ID }
	if i := slices.IndexFunc(now.CORSRules, is); i >= 0 {
		r := now.CORSRules[i]
		if (bucket.Pages{
			ID: wanted.ID, Origins: r.AllowedOrigins, Methods: r.AllowedMethods, Headers: r.AllowedHeaders, Exposed: r.ExposeHeaders, Seconds: int(aws.ToInt32(r.MaxAgeSeconds)),
		}).String() == wanted.String() {
			s.State = ports.SettingFine
		}
	}
	s.Write = func() error {
		rule := types.CORSRule{
			ID: &wanted.ID, AllowedOrigins: wanted.Origins, AllowedMethods: wanted.Methods, AllowedHeaders: wanted.Headers, ExposeHeaders: wanted.Exposed,
			MaxAgeSeconds: aws.Int32(int32(wanted.Seconds)), //nolint:gosec // ten minutes
		}
		rules := append(slices.DeleteFunc(now.CORSRules, is), rule)
		_, err := b.client.PutBucketCors(ctx, &s3.PutBucketCorsInput{Bucket: &b.bucket, CORSConfiguration: &types.CORSConfiguration{CORSRules: rules}})
		return err
	}
	return s, nil
}
