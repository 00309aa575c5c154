package contract_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"surgicase/domain/fault"
	"surgicase/ports"
	"surgicase/test/given"
)

// honest answers as S3 does, for one object of ten bytes and a list of two. What it is given it throws away.
func honest(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	switch {
	case r.Method == http.MethodGet && query.Has("list-type"):
		writeList(w, 2, "", "a", "b")
	case r.Method == http.MethodPost && query.Has("uploads"):
		fmt.Fprint(w, `<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>a</Key><UploadId>u</UploadId></InitiateMultipartUploadResult>`)
	case r.Method == http.MethodPost:
		fmt.Fprint(w, `<CompleteMultipartUploadResult><Bucket>b</Bucket><Key>a</Key><ETag>"e-2"</ETag></CompleteMultipartUploadResult>`)
	case r.Method == http.MethodPut:
		w.Header().Set("ETag", `"e"`)
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("ETag", `"e"`)
		http.ServeContent(w, r, "a.pdf", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), strings.NewReader("0123456789"))
	}
}

func writeList(w http.ResponseWriter, count int, next string, keys ...string) {
	fmt.Fprintf(w, `<ListBucketResult><Name>b</Name><IsTruncated>%t</IsTruncated><KeyCount>%d</KeyCount>`, next != "", count)
	if next != "" && next != "none" {
		fmt.Fprintf(w, `<NextContinuationToken>%s</NextContinuationToken>`, next)
	}
	for _, key := range keys {
		fmt.Fprintf(w, `<Contents><Key>%s</Key><Size>1</Size><ETag>"e"</ETag><LastModified>2026-01-02T03:04:05Z</LastModified></Contents>`, key)
	}
	fmt.Fprint(w, `</ListBucketResult>`)
}

// s3Acts are what is asked of a store, and which request of it counts.
var s3Acts = map[string]struct {
	act     func(t *testing.T, b ports.Blobs) error
	request func(r *http.Request) bool
}{
	"put":      {putting(3), func(r *http.Request) bool { return r.Method == http.MethodPut }},
	"begin":    {putting(6 << 20), func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("uploads") }},
	"part":     {putting(6 << 20), func(r *http.Request) bool { return r.Method == http.MethodPut }},
	"complete": {putting(6 << 20), func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("uploadId") }},
	"get":      {getting(ports.Span{}), func(r *http.Request) bool { return r.Method == http.MethodGet }},
	"range":    {getting(ports.Span{Offset: 2, Length: 3}), func(r *http.Request) bool { return r.Method == http.MethodGet }},
	"stat": {func(t *testing.T, b ports.Blobs) error {
		_, err := b.Stat(t.Context(), "a")
		return err
	}, func(r *http.Request) bool { return r.Method == http.MethodHead }},
	"remove": {func(t *testing.T, b ports.Blobs) error { return b.Remove(t.Context(), "a") }, func(r *http.Request) bool { return r.Method == http.MethodDelete }},
	"list": {func(t *testing.T, b ports.Blobs) error {
		n := 0
		for _, err := range b.List(t.Context(), "") {
			if n++; err != nil || n > 100 {
				return err
			}
		}
		return nil
	}, func(r *http.Request) bool { return r.Method == http.MethodGet }},
}

func putting(size int) func(t *testing.T, b ports.Blobs) error {
	return func(t *testing.T, b ports.Blobs) error {
		_, err := b.Put(t.Context(), ports.Object{Key: "a", Size: int64(size)}, bytes.NewReader(make([]byte, size)))
		return err
	}
}

func getting(span ports.Span) func(t *testing.T, b ports.Blobs) error {
	return func(t *testing.T, b ports.Blobs) error {
		body, _, err := b.Get(t.Context(), "a", span)
		if err != nil {
			return err
		}
		_, err = io.ReadAll(body)
		return errors.Join(err, body.Close())
	}
}

func answer(headers, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, line := range strings.Fields(headers) {
			name, value, _ := strings.Cut(line, "=")
			w.Header().Set(name, value)
		}
		fmt.Fprint(w, body)
	}
}

const errorBody = `<?xml version="1.0"?><Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>`

// lies are answers of 2xx that are no success, by the act they are for.
var lies = map[string]map[string]http.HandlerFunc{
	"put": {
		"nothing": answer("", ""), "an empty ETag": answer(`ETag=""`, ""), "an error": answer(`ETag="e"`, errorBody),
		"another checksum": answer(`ETag="e" X-Amz-Checksum-Sha256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=`, ""),
	},
	"begin": {"nothing": answer("", ""), "an error": answer("", errorBody), "no id": answer("", `<InitiateMultipartUploadResult></InitiateMultipartUploadResult>`)},
	"part":  {"nothing": answer("", ""), "an empty ETag": answer(`ETag=""`, ""), "an error": answer(`ETag="e"`, errorBody)},
	"complete": {
		"nothing": answer("", ""), "an error": answer("", errorBody), "an error after blanks": answer("", "\n\n \n"+errorBody), "a page": answer("", "<html><body>Welcome"),
		"no ETag": answer("", `<CompleteMultipartUploadResult><Bucket>b</Bucket><Key>a</Key></CompleteMultipartUploadResult>`),
		"half":    answer("", `<CompleteMultipartUploadResult><Bucket>b</Bucket><Key>a</Key><ETag>"e"</ET`),
	},
	"get": {
		"no ETag": answer("Content-Length=10", "0123456789"), "cut": answer(`ETag="e" Content-Length=10`, "01234"), "no length": answer(`ETag="e" Transfer-Encoding=chunked`, "01234"),
		"a part": partial("bytes 0-4/10", "01234"),
	},
	"range": {
		"the whole": answer(`ETag="e" Content-Length=10`, "0123456789"), "another part": partial("bytes 0-2/10", "012"), "less": partial("bytes 2-3/10", "23"),
		"no range": partial("", "234"), "cut": partial("bytes 2-4/10", "2"),
	},
	"stat": {"no ETag": answer("Content-Length=10", "")},
	"list": {
		"nothing": answer("", ""), "an error": answer("", errorBody), "a page": answer("", "<html><body>Welcome"), "half": answer("", `<ListBucketResult><IsTruncated>false</IsTruncated>`),
		"on without a token": func(w http.ResponseWriter, _ *http.Request) { writeList(w, 1, "none", "a") },
		"the same token":     func(w http.ResponseWriter, _ *http.Request) { writeList(w, 0, "t") },
		"in a circle": func(w http.ResponseWriter, r *http.Request) {
			writeList(w, 0, circle[r.URL.Query().Get("continuation-token")])
		},
		"the same keys for ever": endless(),
		"fewer than it says":     func(w http.ResponseWriter, _ *http.Request) { writeList(w, 3, "", "a", "b") },
		"out of order":           func(w http.ResponseWriter, _ *http.Request) { writeList(w, 2, "", "b", "a") },
	},
}

var circle = map[string]string{"": "1", "1": "2", "2": "3", "3": "1"}

func endless() http.HandlerFunc {
	var n atomic.Int64
	return func(w http.ResponseWriter, _ *http.Request) { writeList(w, 1, strconv.FormatInt(n.Add(1), 10), "a") }
}

func partial(span, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"e"`)
		w.Header().Set("Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT")
		w.Header().Set("Content-Range", span)
		w.Header().Set("Content-Length", strconv.Itoa(max(len(body), 3)))
		w.WriteHeader(http.StatusPartialContent)
		fmt.Fprint(w, body)
	}
}

// s3Clients gives both adapters on a server that only this test knows.
func s3Clients(t *testing.T, handler http.HandlerFunc) map[string]ports.Blobs {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	at := &given.ObjectServer{Address: strings.TrimPrefix(server.URL, "http://"), Key: "key", Secret: "secret"}
	return map[string]ports.Blobs{"minio": minioBlobs(t, at, "bucket"), "s3": s3Blobs(t, at, "bucket")}
}

func TestAnAnswerThatProvesNothingIsNoSuccess(t *testing.T) {
	t.Parallel()
	for name, b := range s3Clients(t, honest) {
		for what, is := range s3Acts {
			if err := is.act(t, b); err != nil {
				t.Fatalf("%s: %s, and the server is honest: %v", name, what, err)
			}
		}
	}
	for what, all := range lies {
		is := s3Acts[what]
		for lie, tell := range all {
			for name, b := range s3Clients(t, func(w http.ResponseWriter, r *http.Request) {
				if is.request(r) {
					w.Header().Set("Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT")
					tell(w, r)
					return
				}
				honest(w, r)
			}) {
				t.Run(what+" "+lie+" "+name, func(t *testing.T) {
					t.Parallel()
					if err := is.act(t, b); !errors.Is(err, fault.Unavailable) {
						t.Errorf("got %v", err)
					}
				})
			}
		}
	}
}

func TestAPartThatWasStoredOtherwiseIsNoSuccess(t *testing.T) {
	t.Parallel()
	blobs := s3Clients(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Checksum-Crc32c") != "" {
			w.Header().Set("X-Amz-Checksum-Crc32c", "AAAAAA==")
		}
		honest(w, r)
	})
	if err := putting(6<<20)(t, blobs["s3"]); !errors.Is(err, fault.Unavailable) {
		t.Errorf("got %v", err)
	}
}

func TestAServerThatAsksForPatienceIsAskedAgain(t *testing.T) {
	t.Parallel()
	for what, is := range s3Acts {
		for _, name := range []string{"minio", "s3"} {
			t.Run(what+" "+name, func(t *testing.T) {
				t.Parallel()
				var asked atomic.Int64
				b := s3Clients(t, func(w http.ResponseWriter, r *http.Request) {
					if is.request(r) && asked.Add(1) == 1 {
						w.WriteHeader(http.StatusServiceUnavailable)
						fmt.Fprint(w, `<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>`)
						return
					}
					honest(w, r)
				})[name]
				if err := is.act(t, b); err != nil || asked.Load() < 2 {
					t.Errorf("asked %d times: %v", asked.Load(), err)
				}
			})
		}
	}
}
