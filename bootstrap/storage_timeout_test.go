package bootstrap

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"surgicase/domain/fault"
	"surgicase/ports"
)

// slowBlobs hang at one point or answer with a text.
type slowBlobs struct {
	ports.Blobs
	hangs string // "stat", "get", "first byte", "later" or ""
}

func (b slowBlobs) Stat(context.Context, string) (ports.Object, error) {
	if b.hangs == "stat" {
		select {}
	}
	return ports.Object{Size: 5}, nil
}

func (b slowBlobs) Get(context.Context, string, ports.Span) (io.ReadCloser, ports.Object, error) {
	if b.hangs == "get" {
		select {}
	}
	return io.NopCloser(io.MultiReader(slowReader{b.hangs == "first byte", 0}, strings.NewReader("h"), slowReader{false, map[bool]time.Duration{true: 300 * time.Millisecond}[b.hangs == "later"]}, strings.NewReader("ello"))), ports.Object{Size: 5}, nil
}

type slowReader struct {
	hangs bool
	pause time.Duration
}

func (r slowReader) Read([]byte) (int, error) {
	if r.hangs {
		select {}
	}
	time.Sleep(r.pause)
	return 0, io.EOF
}

func TestTimelyBlobs(t *testing.T) {
	for _, hangs := range []string{"stat", "get", "first byte", "later", ""} {
		b := timelyBlobs{slowBlobs{hangs: hangs}, 100 * time.Millisecond}
		began := time.Now()
		_, err := b.Stat(context.Background(), "k")
		if hangs == "stat" != errors.Is(err, fault.Unavailable) {
			t.Errorf("%q hangs: Stat returns %v", hangs, err)
		}
		body, _, err := b.Get(context.Background(), "k", ports.Span{})
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%q hangs: it took %v", hangs, took)
		}
		if want := hangs == "get" || hangs == "first byte"; want != errors.Is(err, fault.Unavailable) {
			t.Errorf("%q hangs: Get returns %v", hangs, err)
		}
		if err != nil {
			continue
		}
		if text, err := io.ReadAll(body); err != nil || string(text) != "hello" {
			t.Errorf("%q hangs: read %q, %v", hangs, text, err)
		}
	}
}
