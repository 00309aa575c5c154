package statements

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/domain/statement"
	"surgicase/ports"
)

// maxPreviews is how many previews an instance remembers.
const maxPreviews = 10_000

// previews remembers which files were made of what: who reads the same preview again and again is given the same file,
// and does not fill the storage. Each instance has its own.
type previews struct {
	mu    sync.Mutex
	files map[[sha256.Size]byte]int64
	order [][sha256.Size]byte // oldest first
}

func (p *previews) find(of [sha256.Size]byte) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.files[of]
}

func (p *previews) remember(of [sha256.Size]byte, id int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.files == nil {
		p.files = map[[sha256.Size]byte]int64{}
	}
	if _, known := p.files[of]; !known {
		p.order = append(p.order, of)
	}
	p.files[of] = id
	if len(p.order) > maxPreviews {
		delete(p.files, p.order[0])
		p.order = p.order[1:]
	}
}

// reuse gives the preview that was made of the same, if there is one that is not too old. That it
// shows these cases once more is in the audit log.
func (s *Reports) reuse(ctx context.Context, who permission.Actor, f *statement.File, st *statement.Statement, of [sha256.Size]byte) (bool, error) {
	id := s.previews.find(of)
	if id == 0 || !st.Preview() {
		return false, nil
	}
	var old statement.File
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		old, err = r.Files.Get(ctx, id)
		return err
	})
	if errors.Is(err, fault.NotFound) || err == nil && s.clock.Now().Sub(old.MadeAt) > previewsReusedFor {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	*f, f.Existed = old, true
	entry := s.entry(who, old)
	return true, s.store.Logged(ctx, append([]audit.Entry{entry.Reading()}, entry.ReadingAll(numbersOf(st))...)...)
}

// previewsReusedFor is how old a preview may be that is given again, so that it outlives whoever was told of it.
const previewsReusedFor = 12 * time.Hour
