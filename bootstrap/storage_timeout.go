package bootstrap

import (
	"bytes"
	"context"
	"io"
	"time"

	"surgicase/domain/fault"
	"surgicase/ports"
)

// timelyBlobs is a storage that is not waited for without an end: until the first byte of an object it may take as long
// as a request may. What follows takes the time that it takes.
type timelyBlobs struct {
	ports.Blobs
	timeout time.Duration
}

// Stat implements ports.Blobs.
func (b timelyBlobs) Stat(ctx context.Context, key string) (ports.Object, error) {
	o, err := timely(ctx, b.timeout, func(ctx context.Context) (ports.Object, error) { return b.Blobs.Stat(ctx, key) }, func(ports.Object) {})
	return o, err
}

type openedBlob struct {
	ports.Object
	head  []byte
	empty bool
	body  io.ReadCloser
}

// Get implements ports.Blobs.
func (b timelyBlobs) Get(ctx context.Context, key string, span ports.Span) (io.ReadCloser, ports.Object, error) {
	opened, err := timely(ctx, b.timeout, func(ctx context.Context) (o openedBlob, err error) {
		if o.body, o.Object, err = b.Blobs.Get(ctx, key, span); err != nil {
			return o, err
		}
		head := make([]byte, 1)
		n, err := io.ReadFull(o.body, head)
		o.head, o.empty = head[:n], err != nil
		if err == io.EOF { //nolint:errorlint // io.ReadFull returns it as it is
			err = nil
		}
		if err != nil {
			_ = o.body.Close()
		}
		return o, err
	}, func(o openedBlob) {
		if o.body != nil {
			_ = o.body.Close()
		}
	})
	if err != nil {
		return nil, ports.Object{}, err
	}
	if opened.empty {
		return opened.body, opened.Object, nil
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(opened.head), opened.body), opened.body}, opened.Object, nil
}

// timely returns what do returns, or Unavailable after the timeout, even if do listens to nobody. What comes too late is
// dropped. The context of do ends with that of the caller, or when it takes too long.
func timely[T any](ctx context.Context, timeout time.Duration, do func(context.Context) (T, error), drop func(T)) (T, error) {
	type result struct {
		value T
		err   error
	}
	ctx, cancel := context.WithCancel(ctx)
	results := make(chan result, 1)
	go func() {
		value, err := do(ctx)
		results <- result{value, err}
	}()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	var err error
	select {
	case r := <-results:
		if r.err != nil {
			cancel()
		}
		context.AfterFunc(ctx, cancel) // what was opened is read with this context
		return r.value, r.err
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
		err = fault.New(fault.Unavailable, "storage_unavailable", "The storage of documents does not answer in time.")
	}
	cancel()
	go func() {
		if r := <-results; r.err == nil {
			drop(r.value)
		}
	}()
	var none T
	return none, err
}
