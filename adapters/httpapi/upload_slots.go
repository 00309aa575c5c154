package httpapi

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"surgicase/domain/fault"
)

// Budgets bound what one caller costs the others. Source: spec/decisions.md 11.11.
type Budgets struct {
	MaxUpload      int64         // bytes of a document
	Uploads        int           // at once
	UploadShare    int           // of them for one caller
	UploadPatience time.Duration // how long an upload waits for its slot
	UploadRate     int           // bytes a second that an upload must bring after its grace; 0 for any
	UploadGrace    time.Duration
	Ranges         int // that one request may name

	// Shrink makes an image smaller for a caller, or reports false.
	Shrink func(ctx context.Context, caller string, content []byte) ([]byte, bool)
}

// beginUpload waits until the first byte of an upload is there, and then for a slot: connections on which nothing comes hold
// none. From then on the client must keep up the least rate.
func (a *API) beginUpload(ctx context.Context, r *http.Request, caller string) (release func(), err error) {
	body := &pacedBody{ReadCloser: r.Body, rate: a.settings.UploadRate, grace: a.settings.UploadGrace, deadline: func(time.Time) {}}
	if writer := callOf(ctx).writer; writer != nil {
		connection := http.NewResponseController(writer)
		body.deadline = func(at time.Time) { _ = connection.SetReadDeadline(at) } // what cannot be set stays as it is
	}
	body.end, _ = ctx.Deadline()
	buffered := bufio.NewReader(body)
	r.Body = bufferedBody{buffered, body}
	if _, err := buffered.Peek(1); err != nil && !errors.Is(err, io.EOF) {
		return nil, arrivalFault(ctx, err, a.settings.MaxUpload)
	}
	waiting, cancel := context.WithTimeout(ctx, a.settings.UploadPatience)
	defer cancel()
	release, err = a.uploads.Take(waiting, caller)
	switch {
	case err == nil:
		return release, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case a.uploads.Share() < a.settings.Uploads && a.uploads.IsShareUsed(caller):
		f := fault.New(fault.Limited, "uploads_per_caller", "You have %d uploads under way, and UPLOADS_PER_CALLER allows %d at once. Please wait for one of them.", a.uploads.Share(), a.uploads.Share())
		f.RetryAfter = retryAfter
		return nil, f
	}
	return nil, fault.New(fault.Unavailable, "uploads_busy", "Too many uploads at once. Please try again.")
}

// UploadsUnderWay returns how many uploads hold a slot.
func (a *API) UploadsUnderWay() int { return a.uploads.Taken() }

type bufferedBody struct {
	io.Reader
	io.Closer
}

// pacedBody fails when a client brings less than the least rate. Only the time for which the client is waited for counts, not that
// for which the store is.
type pacedBody struct {
	io.ReadCloser
	rate     int
	grace    time.Duration
	end      time.Time       // of the request
	deadline func(time.Time) // sets that of the connection

	read   int64
	waited time.Duration
}

// Read implements io.Reader.
func (b *pacedBody) Read(p []byte) (int, error) {
	if b.rate == 0 {
		return b.ReadCloser.Read(p)
	}
	start := time.Now() //nolint:forbidigo // real seconds of the network; no rule depends on them
	earned := time.Duration(float64(b.read) / float64(b.rate) * float64(time.Second))
	at := start.Add(b.grace + earned - b.waited)
	paced := b.end.IsZero() || at.Before(b.end)
	if !paced {
		at = b.end
	}
	b.deadline(at)
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	b.waited += time.Since(start) //nolint:forbidigo // as above
	if err != nil {
		b.deadline(b.end) // what the server does with the connection afterwards is not the client's pace
	}
	if paced && errors.Is(err, os.ErrDeadlineExceeded) {
		return n, tooSlow(b.rate, b.grace)
	}
	return n, err
}

func tooSlow(rate int, grace time.Duration) *fault.Error {
	return fault.New(fault.Slow, "upload_too_slow", "The upload brought less than %d kB a second (UPLOAD_MIN_RATE_KB) after %d seconds.", rate>>10, int(grace.Seconds()))
}
