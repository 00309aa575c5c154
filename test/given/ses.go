package given

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"sync"
	"testing"
)

// SES stands in for Amazon SES, version 2. It demands what the real one demands of a request
// (signature, path, body) and complains to the test about everything else.
type SES struct {
	URL string

	t       testing.TB
	mu      sync.Mutex
	letters []SESLetter
	answer  http.HandlerFunc // instead of ours
}

// SESLetter is the body of a SendEmail request.
type SESLetter struct {
	FromEmailAddress string
	Destination      struct{ ToAddresses []string }
	Content          struct {
		Simple struct {
			Subject struct{ Data string }
			Body    struct {
				Text sesText
				Html *sesText
			}
			Headers     []struct{ Name, Value string }
			Attachments []struct {
				FileName, ContentType, ContentDisposition, ContentTransferEncoding string
				RawContent                                                         []byte
			}
		}
	}
}

type sesText struct{ Data, Charset string }

// Header gives a header of the letter.
func (l SESLetter) Header(name string) string {
	for _, h := range l.Content.Simple.Headers {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}

// StartSES starts one; it ends with the test.
func StartSES(t testing.TB) *SES {
	t.Helper()
	s := &SES{t: t}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Answer makes it answer everything in another way; nil makes it work again.
func (s *SES) Answer(how http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = how
}

// Letters are those that it took, in order.
func (s *SES) Letters() []SESLetter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]SESLetter(nil), s.letters...)
}

var sesSignature = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=` + AWSKeyID + `/\d{8}/` + AWSRegion +
	`/ses/aws4_request, SignedHeaders=[a-z0-9;-]*host;[a-z0-9;-]*x-amz-date, Signature=[0-9a-f]{64}$`)

// ServeHTTP answers as SES does.
func (s *SES) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answer != nil {
		s.answer(w, r)
		return
	}
	if !sesSignature.MatchString(r.Header.Get("Authorization")) {
		s.t.Errorf("SES got the signature %q", r.Header.Get("Authorization"))
	}
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodGet && r.URL.Path == "/v2/email/account" {
		reply(w, map[string]any{"SendingEnabled": true})
		return
	}
	var letter SESLetter
	body := json.NewDecoder(r.Body)
	body.DisallowUnknownFields()
	if err := body.Decode(&letter); err != nil || r.Method != http.MethodPost || r.URL.Path != "/v2/email/outbound-emails" {
		s.t.Errorf("SES got %s %s: %v", r.Method, r.URL.Path, err)
	}
	s.letters = append(s.letters, letter)
	reply(w, map[string]any{"MessageId": "0100-" + strconv.Itoa(len(s.letters))})
}

// SESFault answers with a fault of SES.
func SESFault(w http.ResponseWriter, status int, kind string) {
	w.Header().Set("X-Amzn-Errortype", kind)
	w.WriteHeader(status)
	reply(w, map[string]any{"message": "planted for victim@example.com"})
}
