package given

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// SecretsManager stands in for AWS Secrets Manager. It demands what the real one demands of a
// request (signature, operation, body) and complains to the test about everything else.
type SecretsManager struct {
	URL string

	t        testing.TB
	calls    atomic.Int64
	mu       sync.Mutex
	secrets  map[string]string
	previous map[string]string
	answer   http.HandlerFunc // instead of ours
	pause    time.Duration
}

// Where SecretsManager believes to be, and who may ask it.
const (
	AWSRegion = "us-west-2"
	AWSKeyID  = "AKIDEXAMPLE"
	AWSSecret = "not-a-secret"
)

// StartSecretsManager starts one with some secrets; it ends with the test.
func StartSecretsManager(t testing.TB, secrets map[string]string) *SecretsManager {
	t.Helper()
	m := &SecretsManager{t: t, secrets: map[string]string{}, previous: map[string]string{}}
	for name, value := range secrets {
		m.secrets[name] = value
	}
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	m.URL = server.URL
	return m
}

// Environment is what a program needs to find it.
func (m *SecretsManager) Environment() map[string]string {
	return map[string]string{
		"SECRETS_PROVIDER": "aws", "AWS_REGION": AWSRegion, "AWS_ENDPOINT_URL_SECRETS_MANAGER": m.URL,
		"AWS_ACCESS_KEY_ID": AWSKeyID, "AWS_SECRET_ACCESS_KEY": AWSSecret,
	}
}

// Set gives a secret another value, as an administrator would.
func (m *SecretsManager) Set(name, value string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.secrets[name] = value
}

// Value is what a secret holds.
func (m *SecretsManager) Value(name string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.secrets[name]
}

// Previous is what a secret held before it was last put.
func (m *SecretsManager) Previous(name string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.previous[name]
}

// Calls says how often it was asked.
func (m *SecretsManager) Calls() int64 { return m.calls.Load() }

// Answer makes it answer everything in another way; nil makes it work again.
func (m *SecretsManager) Answer(how http.HandlerFunc) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answer = how
}

// Pause makes it take its time.
func (m *SecretsManager) Pause(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pause = d
}

// signature is how requests are signed. Source: AWS Signature Version 4.
var signature = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=` + AWSKeyID + `/\d{8}/` + AWSRegion +
	`/secretsmanager/aws4_request, SignedHeaders=[a-z0-9;-]*host;[a-z0-9;-]*x-amz-date;x-amz-target, Signature=[0-9a-f]{64}$`)

type secretsRequest struct {
	SecretID           string `json:"SecretId"`
	SecretString       string
	ClientRequestToken string
}

// ServeHTTP answers as Secrets Manager does.
func (m *SecretsManager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.calls.Add(1)
	m.mu.Lock()
	answer, pause := m.answer, m.pause
	m.mu.Unlock()
	time.Sleep(pause)
	if answer != nil {
		answer(w, r)
		return
	}
	var in secretsRequest
	body := json.NewDecoder(r.Body)
	body.DisallowUnknownFields()
	if err := body.Decode(&in); err != nil || r.Method != http.MethodPost || r.URL.Path != "/" ||
		r.Header.Get("Content-Type") != "application/x-amz-json-1.1" {
		m.t.Errorf("Secrets Manager got %s %s of type %q: %v", r.Method, r.URL.Path, r.Header.Get("Content-Type"), err)
	}
	if !signature.MatchString(r.Header.Get("Authorization")) {
		m.t.Errorf("Secrets Manager got the signature %q", r.Header.Get("Authorization"))
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	m.mu.Lock()
	defer m.mu.Unlock()
	value, known := m.secrets[in.SecretID]
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "secretsmanager.")
	switch {
	case !known:
		AWSFault(w, http.StatusBadRequest, "ResourceNotFoundException")
	case operation == "GetSecretValue":
		reply(w, map[string]any{"Name": in.SecretID, "SecretString": value, "VersionStages": []string{"AWSCURRENT"}})
	case operation == "PutSecretValue":
		if len(in.ClientRequestToken) < 32 || in.SecretString == "" {
			m.t.Errorf("PutSecretValue with the token %q and %d bytes", in.ClientRequestToken, len(in.SecretString))
		}
		m.previous[in.SecretID], m.secrets[in.SecretID] = value, in.SecretString
		reply(w, map[string]any{"Name": in.SecretID, "VersionId": in.ClientRequestToken})
	default:
		m.t.Errorf("Secrets Manager got the operation %q", r.Header.Get("X-Amz-Target"))
		AWSFault(w, http.StatusBadRequest, "InvalidRequestException")
	}
}

// AWSFault answers with a fault of AWS.
func AWSFault(w http.ResponseWriter, status int, kind string) {
	w.WriteHeader(status)
	reply(w, map[string]any{"__type": kind, "Message": "planted by a test"})
}

func reply(w http.ResponseWriter, body map[string]any) { _ = json.NewEncoder(w).Encode(body) }
