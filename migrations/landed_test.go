package migrations

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// A migration that has landed is never edited, and a new one comes after all others: databases that have run the ones
// before would differ from new ones. landed.sha256 lists the files in the order in which they landed; lines are only added.
func TestLandedMigrationsStayAsTheyAre(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("landed.sha256")
	if err != nil {
		t.Fatal(err)
	}
	landed, last := map[string]string{}, map[string]string{}
	for line := range strings.Lines(string(text)) {
		sum, name, found := strings.Cut(strings.TrimSpace(line), "  ")
		if !found || landed[name] != "" {
			t.Fatalf("landed.sha256: %q is no line of sha256sum, or there twice", line)
		}
		dialect, file := path.Split(name)
		if file <= last[dialect] {
			t.Errorf("%s comes after %s: a new migration has the highest number", name, last[dialect])
		}
		landed[name], last[dialect] = sum, file
	}
	names, err := fs.Glob(files, "*/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for name := range landed {
		if !slices.Contains(names, name) {
			t.Errorf("%s has landed and is gone", name)
		}
	}
	for _, name := range names {
		content, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		hash := sha256.Sum256(content)
		switch sum := hex.EncodeToString(hash[:]); landed[name] {
		case sum:
		case "":
			t.Errorf("%s is new: add this line to the end of migrations/landed.sha256\n%s  %s", name, sum, name)
		default:
			t.Errorf("%s was edited after it had landed: write a new migration instead", name)
		}
	}
}
