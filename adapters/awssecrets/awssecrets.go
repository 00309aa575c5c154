// Package awssecrets gives secrets from AWS Secrets Manager.
package awssecrets

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"surgicase/domain/fault"
	"surgicase/ports"
)

// Config is where the secrets are and who asks.
type Config struct {
	Region   string
	Endpoint string // instead of the region's own

	// Credentials, if they are known; else the SDK looks for them where AWS puts them: shared files,
	// the roles of containers and machines.
	KeyID, KeySecret, SessionToken string

	Now      func() time.Time
	Patience time.Duration // for one answer; 3 s unless it is set
}

// How long the provider may take: for one answer, and with all further tries.
const (
	answerTimeout = 3 * time.Second
	totalTimeout  = 8 * time.Second
	attempts      = 3
	longestPause  = time.Second // before a further try
)

func again() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = attempts, longestPause })
}

// Secrets is a ports.Secrets.
type Secrets struct {
	client *secretsmanager.Client
	region string
	cache  *cache
}

// Open makes the provider. It asks for nothing yet.
func Open(ctx context.Context, c Config) (*Secrets, error) {
	options := []func(*config.LoadOptions) error{
		config.WithRegion(c.Region), config.WithRetryer(again),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(cmp.Or(c.Patience, answerTimeout))),
	}
	if c.KeyID != "" {
		options = append(options, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(c.KeyID, c.KeySecret, c.SessionToken)))
	}
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "secrets_unavailable", "the settings for AWS cannot be read").Because(err)
	}
	s := &Secrets{region: c.Region, client: secretsmanager.NewFromConfig(loaded, func(o *secretsmanager.Options) {
		if c.Endpoint != "" {
			o.BaseEndpoint = aws.String(c.Endpoint)
		}
	})}
	s.cache = newCache(s.fetch, c.Now)
	return s, nil
}

// Get implements ports.Secrets.
func (s *Secrets) Get(ctx context.Context, name string) ([]byte, error) {
	return s.cache.get(ctx, name)
}

// Fresh implements ports.Secrets.
func (s *Secrets) Fresh(ctx context.Context, name string) ([]byte, error) {
	return s.cache.fresh(ctx, name)
}

// Cache says how the cache stands.
func (s *Secrets) Cache() ports.SecretsCache { return s.cache.stand() }

// Origin implements ports.Secrets.
func (s *Secrets) Origin(name string) string {
	return "the secret " + name + " in AWS Secrets Manager, " + s.region
}

// Put implements ports.Secrets. AWS keeps the value it replaces as the version AWSPREVIOUS.
func (s *Secrets) Put(ctx context.Context, name string, value []byte) error {
	ctx, cancel := context.WithTimeout(ctx, totalTimeout)
	defer cancel()
	_, err := s.client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: aws.String(name), SecretString: aws.String(string(value))})
	if err != nil {
		return translated(err, name)
	}
	s.cache.put(name, value)
	return nil
}

func (s *Secrets) fetch(ctx context.Context, name string) ([]byte, error) {
	if name == "" {
		return nil, missing(name)
	}
	ctx, cancel := context.WithTimeout(ctx, totalTimeout)
	defer cancel()
	found, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(name)})
	switch {
	case err != nil:
		return nil, translated(err, name)
	case found.SecretString != nil:
		return []byte(*found.SecretString), nil
	case found.SecretBinary != nil:
		return found.SecretBinary, nil
	}
	return nil, away(name, errors.New("the answer holds no secret"))
}

func translated(err error, name string) error {
	var none *types.ResourceNotFoundException
	if errors.As(err, &none) {
		return missing(name)
	}
	return away(name, err)
}

func missing(name string) error {
	return fault.New(fault.NotFound, "secret_not_found", "there is no secret %s in AWS Secrets Manager", name)
}

func away(name string, cause error) error {
	return fault.New(fault.Unavailable, "secrets_unavailable", "AWS Secrets Manager does not give the secret %s", name).Because(cause)
}
