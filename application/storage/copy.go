package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"path"
	"sync"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// copiers is how many objects are on their way at once. Each may hold two parts of 5 MB.
const copiers = 4

// Progress is how far a copy is.
type Progress struct {
	Objects, OfObjects int64
	Bytes, OfBytes     int64
	Took               time.Duration
}

// Copied is what became of a copy.
type Copied struct {
	Objects  int64 // that were there to be copied
	Copied   int64
	Same     int64 // that were there already, to the byte
	Gone     int64 // that were removed while we copied
	Bytes    int64 // of what was copied
	Failed   int64
	Failures []Failure // the first of them
	Took     time.Duration
}

// Failure is an object that could not be copied. Keys may end in file names, so it names the folder alone.
type Failure struct {
	Folder string
	Err    error
}

// toldFailures is how many failures are kept.
const toldFailures = 20

// Copy brings every object of one store to another. What is read must have the checksum it was stored with,
// and what was written is read again. Objects that are the same in both are left alone, so a copy that broke
// off goes on when it is started again. Other objects of the target stay. It goes on after an object that
// cannot be copied, and ends when a store is away.
//
// Faults: Forbidden; Unavailable "storage_unavailable"; Conflict "copy_incomplete" if some objects could not
// be copied.
func (s *Service) Copy(ctx context.Context, who permission.Actor, from, to ports.Blobs, tell func(Progress)) (Copied, error) {
	if err := s.begin(ctx, who, "copy"); err != nil {
		return Copied{}, err
	}
	c := &copying{from: from, to: to, tell: tell, clock: s.clock, begun: s.clock.Now()}
	if err := c.count(ctx); err != nil {
		return c.done, err
	}
	err := c.all(ctx)
	c.done.Took = s.clock.Now().Sub(c.begun)
	if err == nil && c.done.Failed > 0 {
		err = fault.New(fault.Conflict, "copy_incomplete", "%d of %d objects could not be copied; what was copied is complete, and the same command goes on from here", c.done.Failed, c.done.Objects)
	}
	return c.done, err
}

// copying is a copy under way.
type copying struct {
	from, to ports.Blobs
	tell     func(Progress)
	clock    ports.Clock
	begun    time.Time

	mu   sync.Mutex
	done Copied
	at   Progress
}

func (c *copying) count(ctx context.Context) error {
	for o, err := range c.from.List(ctx, "") {
		if err != nil {
			return err
		}
		c.at.OfObjects, c.at.OfBytes = c.at.OfObjects+1, c.at.OfBytes+o.Size
	}
	return nil
}

// all copies what the source has, some objects at once, until the first failure that is not of one object.
func (c *copying) all(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	objects := make(chan ports.Object)
	var hands sync.WaitGroup
	for range copiers {
		hands.Go(func() {
			for o := range objects {
				same, err := c.one(ctx, o)
				if stops(ctx, err) {
					stop(err)
					continue
				}
				c.note(o, same, err)
			}
		})
	}
	for o, err := range c.from.List(ctx, "") {
		if err != nil {
			stop(err)
			break
		}
		if objects <- o; ctx.Err() != nil {
			break
		}
	}
	close(objects)
	hands.Wait()
	return context.Cause(ctx)
}

// stops says whether a failure is one of the store and not of an object.
func stops(ctx context.Context, err error) bool {
	return err != nil && (ctx.Err() != nil || errors.Is(err, fault.Unavailable))
}

// one copies an object unless it is there.
func (c *copying) one(ctx context.Context, o ports.Object) (same bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if same, err = c.same(ctx, o); err != nil || same {
		return same, err
	}
	return false, c.copy(ctx, o.Key)
}

// errGone says that an object was removed since it was listed.
var errGone = errors.New("gone meanwhile")

// same compares an object with that of the target: by the checksums that the stores know, else by what they
// hold.
func (c *copying) same(ctx context.Context, o ports.Object) (bool, error) {
	there, err := c.to.Stat(ctx, o.Key)
	if errors.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil || there.Size != o.Size {
		return false, err
	}
	here, err := c.from.Stat(ctx, o.Key)
	if errors.Is(err, fault.NotFound) {
		return false, errGone
	}
	if err == nil && here.SHA256 == nil {
		here.SHA256, err = sumOf(ctx, c.from, o.Key)
	}
	if err == nil && there.SHA256 == nil {
		there.SHA256, err = sumOf(ctx, c.to, o.Key)
	}
	return err == nil && bytes.Equal(here.SHA256, there.SHA256), err
}

func (c *copying) copy(ctx context.Context, key string) (err error) {
	body, o, err := c.from.Get(ctx, key, ports.Span{})
	if errors.Is(err, fault.NotFound) {
		return errGone
	}
	if err != nil {
		return err
	}
	content := &checked{from: body, want: o.SHA256, sum: sha256.New()}
	stored, err := c.to.Put(ctx, ports.Object{Key: key, Size: o.Size, ContentType: o.ContentType, About: o.About}, content)
	if err = errors.Join(err, body.Close()); err != nil {
		return err
	}
	there, err := sumOf(ctx, c.to, key)
	if err != nil || bytes.Equal(there, stored.SHA256) {
		return err
	}
	return errors.Join(fault.New(fault.Conflict, "copy_differs", "the target gives back something else than it was given"), c.to.Remove(ctx, key))
}

// checked reads an object that must have the checksum it was stored with, if the store knows it. Without it
// the object does not end, so that the target takes nothing.
type checked struct {
	from io.Reader
	want []byte
	sum  hash.Hash
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	_, _ = c.sum.Write(p[:n])                                                   // never fails, by its contract
	if err == io.EOF && c.want != nil && !bytes.Equal(c.sum.Sum(nil), c.want) { //nolint:errorlint // a wrapped EOF is no end
		err = fault.New(fault.Conflict, "source_damaged", "the source has not what was stored there: the checksum is another")
	}
	return n, err
}

func sumOf(ctx context.Context, blobs ports.Blobs, key string) ([]byte, error) {
	body, _, err := blobs.Get(ctx, key, ports.Span{})
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	_, err = io.Copy(sum, body)
	if err = errors.Join(err, body.Close()); err != nil {
		return nil, ports.StorageAway(err)
	}
	return sum.Sum(nil), nil
}

// note counts what became of an object.
func (c *copying) note(o ports.Object, same bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done.Objects++
	switch {
	case errors.Is(err, errGone):
		c.done.Gone++
	case err != nil:
		if c.done.Failed++; len(c.done.Failures) < toldFailures {
			c.done.Failures = append(c.done.Failures, Failure{path.Dir(o.Key), err})
		}
	case same:
		c.done.Same++
	default:
		c.done.Copied++
		c.done.Bytes += o.Size
	}
	c.at.Objects, c.at.Bytes, c.at.Took = c.at.Objects+1, c.at.Bytes+o.Size, c.clock.Now().Sub(c.begun)
	if c.tell != nil {
		c.tell(c.at)
	}
}
