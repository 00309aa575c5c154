package awssecrets

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"surgicase/domain/fault"
	"surgicase/ports"
)

// Secrets are cached for five minutes. In the last of them the first who asks has the secret read
// again in the background, so that nobody waits. While the provider is down the old value is served,
// and the provider is asked again now and then.
const (
	keepFor      = 300 * time.Second
	refreshAfter = 240 * time.Second
	retryAfter   = 10 * time.Second
)

// cache keeps secrets by name. However many ask for one, one asks the provider.
type cache struct {
	fetch func(ctx context.Context, name string) ([]byte, error)
	now   func() time.Time

	mu      sync.Mutex
	entries map[string]*entry
}

type entry struct {
	value   []byte // nil if there never was one
	at      time.Time
	flight  *flight   // the question under way
	refused time.Time // when the provider last failed; zero after it answered
	written int       // how often the secret was replaced by us
}

// flight is a question to the provider.
type flight struct {
	done  chan struct{}
	value []byte
	err   error
}

func newCache(fetch func(context.Context, string) ([]byte, error), now func() time.Time) *cache {
	return &cache{fetch: fetch, now: now, entries: map[string]*entry{}}
}

func (c *cache) get(ctx context.Context, name string) ([]byte, error) {
	c.mu.Lock()
	e, now := c.entry(name), c.now()
	stale := e.value
	if stale != nil && (now.Sub(e.at) < keepFor || !e.refused.IsZero()) {
		if now.Sub(e.at) >= refreshAfter && now.Sub(e.refused) >= retryAfter {
			c.ask(name, e)
		}
		c.mu.Unlock()
		return bytes.Clone(stale), nil
	}
	f := c.ask(name, e)
	c.mu.Unlock()
	value, err := f.wait(ctx)
	if stale != nil && errors.Is(err, fault.Unavailable) {
		return bytes.Clone(stale), nil
	}
	return value, err
}

// fresh asks the provider. An answer that was under way may be older than the question, so it waits
// for that one and shares the next with all who came meanwhile.
func (c *cache) fresh(ctx context.Context, name string) ([]byte, error) {
	c.mu.Lock()
	underWay := c.entry(name).flight
	c.mu.Unlock()
	if underWay != nil {
		if _, err := underWay.wait(ctx); ctx.Err() != nil {
			return nil, err
		}
	}
	c.mu.Lock()
	f := c.ask(name, c.entry(name))
	c.mu.Unlock()
	return f.wait(ctx)
}

// put notes a value that was written; an answer under way does not bring the old one back.
func (c *cache) put(name string, value []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entry(name)
	e.value, e.at, e.refused = bytes.Clone(value), c.now(), time.Time{}
	e.written++
}

// stand says how many secrets are kept, how old they are, and whether the provider fails.
func (c *cache) stand() ports.SecretsCache {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, now := ports.SecretsCache{}, c.now()
	for _, e := range c.entries {
		s.Failing = s.Failing || !e.refused.IsZero()
		if e.value == nil {
			continue
		}
		age := max(now.Sub(e.at), 0)
		if s.Secrets == 0 || age < s.Newest {
			s.Newest = age
		}
		s.Oldest = max(s.Oldest, age)
		s.Secrets++
	}
	return s
}

func (c *cache) entry(name string) *entry {
	if c.entries[name] == nil {
		c.entries[name] = &entry{}
	}
	return c.entries[name]
}

// ask joins the question under way or begins one. It goes on when its caller has gone: others wait
// for it, or the next will.
func (c *cache) ask(name string, e *entry) *flight {
	if e.flight != nil {
		return e.flight
	}
	f := &flight{done: make(chan struct{})}
	e.flight = f
	written := e.written
	go func() {
		f.value, f.err = c.fetch(context.Background(), name)
		c.mu.Lock()
		e.flight = nil
		if e.written == written {
			c.note(e, f)
		}
		c.mu.Unlock()
		close(f.done)
	}()
	return f
}

// note keeps an answer. That there is no such secret any more is an answer, too.
func (c *cache) note(e *entry, f *flight) {
	switch {
	case f.err == nil:
		e.value, e.at, e.refused = f.value, c.now(), time.Time{}
	case errors.Is(f.err, fault.NotFound):
		e.value, e.refused = nil, time.Time{}
	default:
		e.refused = c.now()
	}
}

func (f *flight) wait(ctx context.Context) ([]byte, error) {
	select {
	case <-f.done:
		return bytes.Clone(f.value), f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
