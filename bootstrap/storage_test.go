package bootstrap

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"surgicase/ports"
	"surgicase/test/given"
)

func TestStorageURLs(t *testing.T) {
	for text, want := range map[string]StorageURL{
		"file://":             {},
		"file:///srv/objects": {},
		"minio://key:ge%2Fheim@host:9000/bucket?tls=true&region=eu-1": {host: "host:9000", bucket: "bucket", key: "key", password: "ge/heim"},
		"s3://bucket": {bucket: "bucket"},
		"s3://bucket?region=us-east-1&encryption=aws:kms&kms_key=alias/a": {bucket: "bucket"},
		"secret": {},
	} {
		var got StorageURL
		if err := got.UnmarshalText([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		want.url, want.query = text, got.query
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %s %s %s", text, got.host, got.bucket, got.key)
		}
		for _, format := range []string{"%v", "%+v", "%s", "%#v"} {
			if said := fmt.Sprintf(format, got); strings.Contains(said, "heim") {
				t.Errorf("%s prints %s", format, said)
			}
		}
	}
	for _, text := range []string{
		"", "file", "secret://", "minio://", "minio://host/bucket", "minio://key@host/bucket", "minio://key:geheim@host", "minio://key:geheim@host/a/b",
		"minio://key:geheim@host/bucket?tls=yes", "minio://key:geheim@host/bucket?endpoint=x", "s3://", "s3://bucket/folder", "s3://bucket?regoin=us-east-1",
		"s3://bucket?encryption=rot13", "s3://bucket?encryption=aws:kms", "s3://bucket?kms_key=x", "minio://key:geheim@ho st/bucket",
	} {
		var got StorageURL
		if err := got.UnmarshalText([]byte(text)); err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestTheOldProductsSecretOfTheStorage(t *testing.T) {
	var s StorageURL
	err := s.fromSecret([]byte(`{"bucket_name":"b","region":"us-west-2","folder_prefix":"reports/","encryption":"AES256","retention_days":"90","aws_access_key_id":"k","aws_secret_access_key":"geheim"}`))
	if err != nil || s.scheme() != "s3" || s.bucket != "b" || s.with("region") != "us-west-2" || s.key != "k" || s.password != "geheim" || s.encryption("") != "AES256" {
		t.Errorf("%v, %v", s, err)
	}
	for _, text := range []string{"", "geheim", `{"bucket_name":"b"}`, `{"region":"r"}`, `{"bucket_name":"b","region":"r","encryption":"geheim"}`, `{"bucket_name":["geheim"]}`} {
		if err := s.fromSecret([]byte(text)); err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestTheRetentionOfPreviews(t *testing.T) {
	const day = 24 * time.Hour
	for name, is := range map[string]struct {
		set    Count
		secret string
		want   time.Duration // 0: refused
	}{
		"nothing set":           {0, `{}`, 7 * day},
		"a text in the secret":  {0, `{"retention_days":"90"}`, 90 * day},
		"a number":              {0, `{"retention_days":36500}`, 36500 * day},
		"the variable wins":     {30, `{"retention_days":90}`, 30 * day},
		"no number":             {0, `{"retention_days":"geheim"}`, 0},
		"half a day":            {0, `{"retention_days":0.5}`, 0},
		"less than nothing":     {0, `{"retention_days":-1}`, 0},
		"an empty text is none": {0, `{"retention_days":""}`, 7 * day},
	} {
		var c Config
		c.ReportDays, c.StorageURL.url = is.set, storageFromSecret
		got, err := previewsKept(t.Context(), c, oneSecret{text: is.secret})
		if got != is.want || (err == nil) != (is.want > 0) || err != nil && strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// oneSecret is what every secret holds.
type oneSecret struct {
	ports.Secrets
	text string
}

func (s oneSecret) Get(context.Context, string) ([]byte, error) { return []byte(s.text), nil }

func TestCheckTriesTheStorage(t *testing.T) {
	server := given.VersityGateway(t)
	bucket := server.Bucket(t)
	s3 := map[string]string{"AWS_ACCESS_KEY_ID": server.Key, "AWS_SECRET_ACCESS_KEY": server.Secret, "AWS_ENDPOINT_URL_S3": "http://" + server.Address}
	secret := fmt.Sprintf(`{"bucket_name":%q,"region":"us-east-1","endpoint":"http://%s","aws_access_key_id":%q,"aws_secret_access_key":%q}`, bucket, server.Address, server.Key, server.Secret)
	for name, is := range map[string]struct {
		env  map[string]string
		fine bool
	}{
		"files":              {nil, true},
		"minio":              {map[string]string{"STORAGE_URL": server.URL(bucket)}, true},
		"minio, no bucket":   {map[string]string{"STORAGE_URL": server.URL("none")}, false},
		"minio, wrong key":   {map[string]string{"STORAGE_URL": strings.Replace(server.URL(bucket), server.Key, "other", 1)}, false},
		"s3":                 {merged(s3, map[string]string{"STORAGE_URL": "s3://" + bucket + "?region=us-east-1"}), true},
		"s3, no bucket":      {merged(s3, map[string]string{"STORAGE_URL": "s3://none?region=us-east-1"}), false},
		"a secret":           {map[string]string{"STORAGE_URL": "secret", "SURGICASE_S3_USER_REPORTS": secret}, true},
		"a secret not there": {map[string]string{"STORAGE_URL": "secret"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := program{env: merged(map[string]string{"DATA_DIR": t.TempDir()}, is.env)}
			findings, err := p.Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range findings {
				if f.What == "storage" {
					if f.OK != is.fine || strings.Contains(f.Detail, server.Secret) {
						t.Errorf("got %+v", f)
					}
					return
				}
			}
			t.Error("nothing is said about the storage")
		})
	}
}

func merged(maps ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, m := range maps {
		for k, v := range m {
			all[k] = v
		}
	}
	return all
}
