// Package s3answer verifies what a server that speaks S3 answers, for every client of one. A status of 2xx alone proves nothing:
// servers, and proxies before them, answer so with an error in the body, with half a body, or without having stored anything.
package s3answer

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Doer sends a request, as clients and transports do.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// Client verifies the answers to what another client sends.
type Client struct{ Doer }

// Do implements Doer.
func (c Client) Do(q *http.Request) (*http.Response, error) { return verified(q, c.Doer.Do) }

// Transport verifies the answers that another transport gets.
type Transport struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t Transport) RoundTrip(q *http.Request) (*http.Response, error) {
	return verified(q, t.RoundTripper.RoundTrip)
}

func verified(q *http.Request, send func(*http.Request) (*http.Response, error)) (*http.Response, error) {
	answer, err := send(q)
	if err != nil || answer.StatusCode/100 != 2 {
		return answer, err
	}
	if err := verify(q, answer); err != nil {
		return nil, errors.Join(err, answer.Body.Close())
	}
	return answer, nil
}

// verify knows requests by their method and query. What it does not know are settings of a bucket.
func verify(q *http.Request, a *http.Response) error {
	query := q.URL.Query()
	has := func(name string) bool { _, there := query[name]; return there }
	switch {
	case q.Method == http.MethodGet && has("list-type"):
		return verifyPage(q, a)
	case q.Method == http.MethodPost && has("uploads"):
		return verifyResult(a, func(r result) bool { return r.UploadID != "" })
	case q.Method == http.MethodPost && has("uploadId"):
		return verifyResult(a, func(r result) bool { return bare(r.ETag) != "" })
	}
	for name := range query {
		if name != "x-id" && name != "uploadId" && name != "partNumber" && name != "versionId" {
			return nil
		}
	}
	switch q.Method {
	case http.MethodPut:
		return verifyWrite(q, a)
	case http.MethodGet, http.MethodHead:
		return verifyRead(q, a)
	}
	return nil
}

// verifyWrite wants the ETag of what was stored, and the checksum that was sent if there is one at all: older servers know none.
func verifyWrite(q *http.Request, a *http.Response) error {
	for name, sent := range checksums(q.Header) {
		if got := a.Header.Get(name); got != "" && got != sent {
			return errors.New("the server has stored something else than was sent: the checksums differ")
		}
	}
	if q.Header.Get("X-Amz-Copy-Source") != "" {
		return verifyResult(a, func(r result) bool { return bare(r.ETag) != "" })
	}
	if bare(a.Header.Get("ETag")) == "" {
		return errors.New("the server answered 2xx without the ETag of what it has stored")
	}
	return refuseError(a)
}

// refuseError refuses an answer without a result that has an error for its body.
func refuseError(a *http.Response) error {
	content, err := buffer(a)
	if err != nil {
		return err
	}
	var r result
	if xml.Unmarshal(content, &r) == nil && r.XMLName.Local == "Error" {
		return r.refusal()
	}
	return nil
}

// checksums gives the headers that hold one.
func checksums(h http.Header) map[string]string {
	sums := map[string]string{}
	for name, values := range h {
		kind, is := strings.CutPrefix(strings.ToLower(name), "x-amz-checksum-")
		if is && kind != "algorithm" && kind != "type" && kind != "mode" && len(values) > 0 && values[0] != "" {
			sums[name] = values[0]
		}
	}
	return sums
}

// verifyRead wants to know which content comes, how much of it, and that it is what was asked for.
func verifyRead(q *http.Request, a *http.Response) error {
	switch {
	case bare(a.Header.Get("ETag")) == "" && len(checksums(a.Header)) == 0:
		return errors.New("the server answered 2xx with neither ETag nor checksum")
	case a.ContentLength < 0:
		return errors.New("the server does not say how long an object is")
	}
	asked := q.Header.Get("Range")
	if (asked != "") != (a.StatusCode == http.StatusPartialContent) {
		return fmt.Errorf("the server answered %d to a request for %s", a.StatusCode, map[bool]string{true: "a part", false: "the whole"}[asked != ""])
	}
	if asked == "" {
		return nil
	}
	from, to, isRange := bounds(asked, "bytes=")
	span, whole, _ := strings.Cut(a.Header.Get("Content-Range"), "/")
	first, last, isSpan := bounds(span, "bytes ")
	size, err := strconv.ParseInt(whole, 10, 64)
	if isRange && (!isSpan || err != nil || first != from || last != min(to, size-1) || a.ContentLength != last-first+1) {
		return errors.New("the server gives another part of an object than it was asked for")
	}
	return nil
}

// bounds reads the two numbers of "bytes=0-9" or "bytes 0-9".
func bounds(text, prefix string) (from, to int64, ok bool) {
	text, is := strings.CutPrefix(text, prefix)
	before, after, both := strings.Cut(text, "-")
	from, bad := strconv.ParseInt(before, 10, 64)
	to, worse := strconv.ParseInt(after, 10, 64)
	return from, to, is && both && bad == nil && worse == nil
}

func bare(etag string) string { return strings.Trim(strings.TrimPrefix(etag, "W/"), `"`) }

// result is what servers answer in XML to what changes something: a result, or an error.
type result struct {
	XMLName  xml.Name
	ETag     string
	UploadID string `xml:"UploadId"`
	Code     string
}

// refusal gives the error of a body. Its message may name the object.
func (r result) refusal() error {
	return fmt.Errorf("the server answered 2xx with the error %q", r.Code)
}

func verifyResult(a *http.Response, complete func(result) bool) error {
	content, err := buffer(a)
	if err != nil {
		return err
	}
	var r result
	switch err := xml.Unmarshal(content, &r); {
	case err != nil:
		return errors.New("the server answered 2xx with something else than a result")
	case r.XMLName.Local == "Error":
		return r.refusal()
	case !complete(r):
		return errors.New("the server answered 2xx with half a result")
	}
	return nil
}

// largest is how long an answer in XML may be. A page has at most 1000 keys of 1 KB, six bytes for one when encoded.
const largest = 16 << 20

// buffer reads the body and puts it back.
func buffer(a *http.Response) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(a.Body, largest+1))
	if err == nil && len(content) > largest {
		err = errors.New("the server's answer has no end")
	}
	if err = errors.Join(err, a.Body.Close()); err != nil {
		return nil, err
	}
	a.Body = io.NopCloser(bytes.NewReader(content))
	return content, nil
}
