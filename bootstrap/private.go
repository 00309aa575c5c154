package bootstrap

import (
	"os"
	"path/filepath"
)

// keepPrivate takes the rights of others off what earlier releases, or copying, have left in DATA_DIR: keys
// and checkpoints file by file, documents by their folder. What belongs to another owner stays as it is.
func (c Config) keepPrivate() {
	for _, name := range []string{"keys", "checkpoints"} {
		dir := filepath.Join(c.DataDir, name)
		tighten(dir, 0o700)
		files, _ := filepath.Glob(filepath.Join(dir, "*")) // the pattern is well-formed
		for _, file := range files {
			tighten(file, 0o600)
		}
	}
	tighten(filepath.Join(c.DataDir, "objects"), 0o700)
}

func tighten(path string, allowed os.FileMode) {
	info, err := os.Lstat(path)
	if err == nil && info.Mode()&os.ModeSymlink == 0 && info.Mode().Perm()&^allowed != 0 {
		_ = os.Chmod(path, info.Mode().Perm()&allowed)
	}
}
