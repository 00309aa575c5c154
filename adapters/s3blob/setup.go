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
	"surgicase/ports"
)

// setup says with this SDK what a bucket is told.
func (b *Blobs) setup() ports.BucketSetup {
	return ports.BucketSetup{
		Lifecycle: b.lifecycle, Policy: b.policy, SetPolicy: b.setPolicy, Pages: b.pages,
		Guard: bucket.Guard{Bucket: b.bucket, TLS: b.tls, Encryption: string(b.sse)}, Code: codeOf, Translated: translated,
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

func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func (b *Blobs) lifecycle(ctx context.Context, wanted bucket.Rule) (ports.Told, error) {
	now, err := b.client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &b.bucket})
	if codeOf(err) == "NoSuchLifecycleConfiguration" {
		now, err = &s3.GetBucketLifecycleConfigurationOutput{}, nil
	}
	if err != nil {
		return ports.Told{}, err
	}
	is := func(r types.LifecycleRule) bool { return aws.ToString(r.ID) == wanted.ID }
	i := slices.IndexFunc(now.Rules, is)
	same := i >= 0 && ruleOf(now.Rules[i]) == wanted && now.Rules[i].Status == types.ExpirationStatusEnabled
	return ports.Compared(same, func() error {
		rules := append(slices.DeleteFunc(now.Rules, is), lifecycleRule(wanted))
		_, err := b.client.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{Bucket: &b.bucket, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: rules}})
		return err
	}), nil
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

func (b *Blobs) policy(ctx context.Context) (string, error) {
	now, err := b.client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &b.bucket})
	switch {
	case codeOf(err) == "NoSuchBucketPolicy":
		return "", nil
	case err != nil:
		return "", err
	}
	return aws.ToString(now.Policy), nil
}

func (b *Blobs) setPolicy(ctx context.Context, then string) error {
	_, err := b.client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &b.bucket, Policy: &then})
	return err
}

func (b *Blobs) pages(ctx context.Context, wanted bucket.Pages) (ports.Told, error) {
	now, err := b.client.GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: &b.bucket})
	if codeOf(err) == "NoSuchCORSConfiguration" {
		now, err = &s3.GetBucketCorsOutput{}, nil
	}
	if err != nil {
		return ports.Told{}, err
	}
	is := func(r types.CORSRule) bool { return aws.ToString(r.ID) == wanted.ID }
	i := slices.IndexFunc(now.CORSRules, is)
	same := i >= 0 && pagesOf(now.CORSRules[i]).String() == wanted.String()
	return ports.Compared(same, func() error {
		rule := types.CORSRule{
			ID: &wanted.ID, AllowedOrigins: wanted.Origins, AllowedMethods: wanted.Methods, AllowedHeaders: wanted.Headers, ExposeHeaders: wanted.Exposed,
			MaxAgeSeconds: aws.Int32(int32(wanted.Seconds)), //nolint:gosec // ten minutes
		}
		rules := append(slices.DeleteFunc(now.CORSRules, is), rule)
		_, err := b.client.PutBucketCors(ctx, &s3.PutBucketCorsInput{Bucket: &b.bucket, CORSConfiguration: &types.CORSConfiguration{CORSRules: rules}})
		return err
	}), nil
}

func pagesOf(r types.CORSRule) bucket.Pages {
	return bucket.Pages{
		ID: aws.ToString(r.ID), Origins: r.AllowedOrigins, Methods: r.AllowedMethods, Headers: r.AllowedHeaders, Exposed: r.ExposeHeaders, Seconds: int(aws.ToInt32(r.MaxAgeSeconds)),
	}
}
