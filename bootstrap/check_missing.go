package bootstrap

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"surgicase/adapters/cli"
	"surgicase/adapters/envsecrets"
	"surgicase/adapters/sqlstore"
	"surgicase/ports"
)

// What check says of that which is not there yet. It makes none of it: somebody may have mistaken the folder.

// missingDatabase returns the finding on a SQLite database that is yet to be made.
func (c Config) missingDatabase() (cli.Finding, bool) {
	path := c.sqlitePath()
	if path == "" || !isMissing(path) {
		return cli.Finding{}, false
	}
	return missing("database", "there is no database yet: serve makes it, the file "+path, path), true
}

// sqlitePath returns the file of the database, or nothing if it is no SQLite database.
func (c Config) sqlitePath() string {
	if c.DatabaseURL.scheme() != "sqlite" {
		return ""
	}
	return strings.TrimPrefix(c.DatabaseURL.url, sqlstore.SQLiteScheme)
}

// missingFolder returns the finding on a folder of documents that is yet to be made.
func (c Config) missingFolder() (cli.Finding, bool) {
	if c.StorageURL.scheme() != "file" || !isMissing(c.StorageURL.folder()) {
		return cli.Finding{}, false
	}
	folder := c.StorageURL.folder()
	return missing("storage", "there is no folder yet: serve makes it, "+folder, folder), true
}

// orMissing returns the finding on a secret, or that it is yet to be made.
func (c Config) orMissing(f cli.Finding, secrets ports.Secrets, name string) cli.Finding {
	files, ok := secrets.(*envsecrets.Secrets)
	if !f.OK || !ok || !files.IsMade(name) {
		return f
	}
	return missing(f.What, fmt.Sprintf("there is no %s yet: it is made when it is needed, %s", name, secrets.Origin(name)), c.DataDir)
}

// missing returns the finding on a path that the program makes, or that it cannot.
func missing(what, detail, path string) cli.Finding {
	if err := canMake(path); err != nil {
		return cli.Finding{What: what, Detail: sentence(err)}
	}
	return cli.Finding{What: what, OK: true, Warn: true, Detail: detail}
}

func isMissing(path string) bool {
	_, err := os.Stat(path)
	return err != nil && !errors.Is(err, fs.ErrPermission)
}

// canMake returns an error if a path is not there and could not be made. It tries the nearest folder that is there
// with a file that it takes away again.
func canMake(path string) error {
	folder := filepath.Clean(path)
	info, err := os.Stat(folder)
	for err != nil && folder != filepath.Dir(folder) {
		folder = filepath.Dir(folder)
		info, err = os.Stat(folder)
	}
	switch {
	case err != nil:
		return fmt.Errorf("%s cannot be made: %w", path, err)
	case !info.IsDir():
		return fmt.Errorf("%s cannot be made: %s is no folder", path, folder)
	}
	trial, err := os.CreateTemp(folder, ".surgicase-check-*")
	if err != nil {
		return fmt.Errorf("%s cannot be made: %w", path, errors.Unwrap(err))
	}
	return errors.Join(trial.Close(), os.Remove(trial.Name()))
}

// withScratch puts a folder for a moment in the place of what is not there yet, so that everything can be opened.
func (c Config) withScratch() (Config, func(), error) {
	_, noDatabase := c.missingDatabase()
	_, noFolder := c.missingFolder()
	if !noDatabase && !noFolder {
		return c, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "surgicase-check-")
	if err != nil {
		return c, nil, err
	}
	if noDatabase {
		c.DatabaseURL.url = sqlstore.SQLiteScheme + filepath.Join(dir, "surgicase.db")
	}
	if noFolder {
		c.StorageURL.url = "file://" + filepath.Join(dir, "objects")
	}
	return c, func() { _ = os.RemoveAll(dir) }, nil
}
