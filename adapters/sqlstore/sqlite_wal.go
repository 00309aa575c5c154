package sqlstore

import (
	"context"
	"database/sql"
	"os"
)

// maxIdleWAL is how large the write-ahead log of SQLite stays after its content was carried over.
const maxIdleWAL = 16 << 20

// checkpointer empties the write-ahead log of SQLite. A reader keeps the log from being begun anew, so it grows for as
// long as one reads beside writers, such as a backup; SQLite itself cuts it only when somebody writes after that.
type checkpointer struct {
	pool *sql.DB     // one connection, which waits for nobody
	last os.FileInfo // the log at the last look
}

// WALBytes returns the size of the write-ahead log; 0 on MySQL.
func (s *Store) WALBytes() int64 {
	if s.file == nil {
		return 0
	}
	info, err := os.Stat(s.file.path + walSuffix)
	if err != nil {
		return 0
	}
	return info.Size()
}

// TrimWAL empties the write-ahead log if it is larger than maxIdleWAL, or if nothing was written since the last call.
// It waits for nobody: while a reader or a writer needs the log it stays, and the next call tries again. It must not be
// called by two at once.
func (s *Store) TrimWAL(ctx context.Context) error {
	if s.file == nil {
		return nil
	}
	if err := s.file.check(); err != nil {
		return err
	}
	info, err := os.Stat(s.file.path + walSuffix)
	if err != nil || info.Size() == 0 {
		return nil //nolint:nilerr // the log is made with the first write
	}
	last := s.checkpoints.last
	s.checkpoints.last = info
	isIdle := last != nil && last.Size() == info.Size() && last.ModTime().Equal(info.ModTime())
	if info.Size() <= maxIdleWAL && !isIdle {
		return nil
	}
	// PASSIVE copies beside readers and writers. TRUNCATE keeps writers out, so it may have nothing left to copy.
	isWhole, err := s.checkpoints.run(ctx, "PASSIVE")
	if err != nil || !isWhole {
		return outward(err)
	}
	_, err = s.checkpoints.run(ctx, "TRUNCATE")
	return outward(err)
}

// run runs a checkpoint and reports whether all of the log was copied. One that somebody is in the way of is no error.
func (c *checkpointer) run(ctx context.Context, mode string) (isWhole bool, err error) {
	var isBusy, inLog, copied int64
	err = c.pool.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&isBusy, &inLog, &copied)
	return isBusy == 0 && inLog == copied, err
}
