package bootstrap

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"surgicase/domain/fault"
)

// StorageURL says where objects lie. It may hold a key: it prints without it.
type StorageURL struct {
	url           string
	host, bucket  string
	key, password string
	query         url.Values
}

// The secret that holds what a URL would, as the Python service had it.
const (
	storageFromSecret = "secret"
	storageSecret     = "surgicase/s3-user-reports" //nolint:gosec // the name of a secret, not a secret
)

const storageForms = "file://FOLDER, minio://key:secret@host:9000/bucket?tls=true, s3://bucket?region=us-east-1 or secret" //nolint:gosec // the form of a URL

// storageOptions are what may follow the question mark.
var storageOptions = map[string][]string{
	"minio": {"tls", "region", "encryption", "kms_key"},
	"s3":    {"region", "endpoint", "encryption", "kms_key"},
}

// UnmarshalText reads a URL of one of the known schemes.
func (s *StorageURL) UnmarshalText(text []byte) error {
	*s = StorageURL{url: string(text)}
	scheme := s.scheme()
	if _, known := blobStores[scheme]; s.url == storageFromSecret || known && scheme == "file" && strings.HasPrefix(s.url, "file://") {
		return nil
	} else if !known {
		return holds(shownURL(s.url), storageForms+"; "+encodePassword)
	}
	parsed, err := url.Parse(s.url)
	if err != nil || parsed.Fragment != "" {
		return holds(shownURL(s.url), storageForms+"; "+encodePassword)
	}
	s.host, s.bucket, s.query = parsed.Host, strings.Trim(parsed.Path, "/"), parsed.Query()
	if parsed.User != nil {
		s.key = parsed.User.Username()
		s.password, _ = parsed.User.Password()
	}
	if scheme == "s3" {
		s.host, s.bucket = "", strings.TrimSuffix(parsed.Host+parsed.Path, "/")
	}
	return s.check(scheme)
}

func (s *StorageURL) check(scheme string) error {
	fine := s.bucket != "" && !strings.ContainsAny(s.bucket, "/:@") && (scheme == "s3" || s.host != "" && s.key != "" && s.password != "")
	for name := range s.query {
		fine = fine && slices.Contains(storageOptions[scheme], name)
	}
	fine = fine && slices.Contains([]string{"", "AES256", "aws:kms", "none"}, s.with("encryption")) && (s.with("encryption") == "aws:kms") == (s.with("kms_key") != "") &&
		slices.Contains([]string{"", "true", "false"}, s.with("tls"))
	if !fine {
		return holds(shownURL(s.url), storageForms+"; "+encodePassword+"; encryption=AES256, none, or aws:kms with kms_key")
	}
	return nil
}

// fromSecret fills in what the secret holds. Its folder_prefix is not used: reports lie in reports/.
func (s *StorageURL) fromSecret(text []byte) error {
	var is struct {
		Bucket     string `json:"bucket_name"`
		Region     string `json:"region"`
		Encryption string `json:"encryption"`
		KMSKey     string `json:"kms_key"`
		Endpoint   string `json:"endpoint"`
		Key        string `json:"aws_access_key_id"`
		Secret     string `json:"aws_secret_access_key"`
	}
	wrong := fault.New(fault.Invalid, "storage_secret_invalid", "the secret %s must hold JSON with bucket_name and region, and may hold encryption, kms_key, endpoint, aws_access_key_id and aws_secret_access_key", storageSecret)
	if err := json.Unmarshal(text, &is); err != nil || is.Bucket == "" || is.Region == "" {
		return wrong // what json says repeats the value
	}
	if _, err := retentionDays(text); err != nil {
		return err
	}
	*s = StorageURL{url: "s3://" + is.Bucket, bucket: is.Bucket, key: is.Key, password: is.Secret, query: url.Values{}}
	for name, value := range map[string]string{"region": is.Region, "encryption": is.Encryption, "kms_key": is.KMSKey, "endpoint": is.Endpoint} {
		if value != "" {
			s.query.Set(name, value)
		}
	}
	if s.check("s3") != nil {
		return wrong
	}
	return nil
}

// retentionDays reads the retention of the secret, which the old product wrote as a number or a text; 0 if it names none.
func retentionDays(secret []byte) (int, error) {
	var is struct {
		Days any `json:"retention_days"`
	}
	wrong := fault.New(fault.Invalid, "storage_secret_invalid", "the secret %s must hold JSON, and in retention_days a number of days, 0 to 100000, if any", storageSecret)
	if json.Unmarshal(secret, &is) != nil {
		return 0, wrong
	}
	if text := fmt.Sprint(is.Days); is.Days != nil && text != "" {
		days, err := strconv.ParseFloat(text, 64)
		if err != nil || days != float64(int(days)) || days < 0 || days > 100_000 {
			return 0, wrong
		}
		return int(days), nil
	}
	return 0, nil
}

func (s StorageURL) scheme() string {
	scheme, _, _ := strings.Cut(s.url, "://")
	return scheme
}

// folder is where the file store is.
func (s StorageURL) folder() string {
	_, folder, _ := strings.Cut(s.url, "://")
	return folder
}

func (s StorageURL) with(option string) string { return s.query.Get(option) }

func (s StorageURL) encryption(usual string) string {
	if chosen := cmp.Or(s.with("encryption"), usual); chosen != "none" {
		return chosen
	}
	return ""
}

// String names the kind of storage and nothing else.
func (s StorageURL) String() string { return s.scheme() + "://…" }

// GoString is String for %#v.
func (s StorageURL) GoString() string { return s.String() }
