package sqlstore

import (
	"errors"
	"io/fs"
	"os"
	"sync/atomic"

	"surgicase/domain/fault"
)

const databaseFileReplaced = "database_file_replaced"

// walSuffix is what SQLite adds to the name of the database for that of its write-ahead log.
const walSuffix = "-wal"

// openFile is the file that the connections of SQLite hold open. When somebody removes or replaces it, they go on
// writing to what has no name any more: everything would be acknowledged and gone with the process.
type openFile struct {
	path     string
	database os.FileInfo
	wal      atomic.Pointer[os.FileInfo]
}

// watchFile notes which file is open now.
func watchFile(path string) (*openFile, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, unavailable(err)
	}
	return &openFile{path: path, database: info}, nil
}

// check reports as Unavailable "database_file_replaced" that the names of the database and of its write-ahead log lead
// to other files than those that are open, or to none. The log is there as long as a connection is.
func (f *openFile) check() error {
	if f == nil {
		return nil
	}
	now, err := os.Stat(f.path)
	if err != nil || !os.SameFile(now, f.database) {
		return errFileReplaced(err)
	}
	now, err = os.Stat(f.path + walSuffix)
	seen := f.wal.Load()
	if seen == nil {
		if err == nil {
			f.wal.CompareAndSwap(nil, &now)
		}
		return nil
	}
	if err != nil || !os.SameFile(now, *seen) {
		return errFileReplaced(err)
	}
	return nil
}

func errFileReplaced(cause error) error {
	if cause != nil && !errors.Is(cause, fs.ErrNotExist) {
		return unavailable(cause)
	}
	return fault.New(fault.Unavailable, databaseFileReplaced,
		"The file of the database was removed or replaced while the program runs: nothing is written any more. Put it back, or restart.").Because(cause)
}
