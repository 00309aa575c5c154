package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// A caller is confirmed again when an answer has been under way for so long, or has grown by so much, since they
// were confirmed last. Short answers are confirmed once, when the request comes in.
const (
	confirmedFor   = 2 * time.Second
	confirmedBytes = 256 << 10
)

// confirmation is when the caller of a request was confirmed, and how.
type confirmation struct {
	again func() error
	at    time.Time
	err   error // why nothing more is done for them
}

// isOld reports whether the caller must be confirmed again before anything else is done for them.
func (c *confirmation) isOld() bool {
	return c != nil && time.Since(c.at) > confirmedFor //nolint:forbidigo // real seconds, not the practice's time
}

func (c *confirmation) renew() error {
	if c.err == nil {
		c.err, c.at = c.again(), time.Now() //nolint:forbidigo // as above
	}
	return c.err
}

// confirmBetween confirms the caller between the pieces of a long answer.
func confirmBetween(ctx context.Context) error {
	if c := callOf(ctx).confirmed; c != nil {
		return c.renew()
	}
	return nil
}

// confirmLate confirms a caller whose body was long on the way, for routes that only read. Those that write
// confirm in their transaction.
func confirmLate(ctx context.Context) error {
	if c := callOf(ctx).confirmed; c.isOld() {
		return c.renew()
	}
	return nil
}

// confirmedWriter writes an answer as long as its caller may have it. Archives, exports and documents stream
// for minutes; whoever is deactivated meanwhile gets no further piece, and a connection that breaks off.
type confirmedWriter struct {
	gin.ResponseWriter
	call  *call
	piece int // bytes since the caller was confirmed
}

// Write implements http.ResponseWriter.
func (w *confirmedWriter) Write(p []byte) (int, error) {
	if err := w.confirm(len(p)); err != nil {
		return 0, err
	}
	return w.ResponseWriter.Write(p)
}

// WriteString implements io.StringWriter.
func (w *confirmedWriter) WriteString(s string) (int, error) {
	if err := w.confirm(len(s)); err != nil {
		return 0, err
	}
	return w.ResponseWriter.WriteString(s)
}

func (w *confirmedWriter) confirm(n int) error {
	// The first piece was made just now, and what is not a success tells no more than that.
	if w.Size() > 0 && w.Status() < http.StatusMultipleChoices && (w.call.confirmed.isOld() || w.piece >= confirmedBytes) {
		w.piece = 0
		if err := w.call.confirmed.renew(); err != nil {
			return err
		}
	}
	w.piece += n
	return nil
}

// Unwrap returns the writer below to http.ResponseController.
func (w *confirmedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// breakOff ends a connection whose answer was stopped: the client must not take what it has for all of it.
func (w *confirmedWriter) breakOff() {
	if err := w.call.confirmed.err; err != nil && w.Size() > 0 && w.Status() < http.StatusMultipleChoices {
		w.call.err = err
		panic(http.ErrAbortHandler)
	}
}
