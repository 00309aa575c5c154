// Package npidirectory tests the loading of the provider directory with the real service, store and files.
package npidirectory

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"surgicase/adapters/sqlstore"
	"surgicase/application/npidirectory"
	"surgicase/domain/fault"
	"surgicase/domain/npi"
	"surgicase/domain/permission"
	"surgicase/ports"
	"surgicase/test/given"
	"surgicase/test/nppes"
)

// fileOf is set when this program is to load a file into a database and nothing else: what is killed.
const (
	fileOf     = "NPI_TEST_FILE"
	databaseOf = "NPI_TEST_DATABASE"
	keysOf     = "NPI_TEST_KEYS"
	limitOf    = "NPI_TEST_LIMIT" // bytes that a file may have, as on a disk that is full
)

func TestMain(m *testing.M) {
	if os.Getenv(fileOf) == "" {
		os.Exit(m.Run())
	}
	if err := loadHere(); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func loadHere() error {
	if most, err := strconv.ParseUint(os.Getenv(limitOf), 10, 64); err == nil {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: most, Max: most}); err != nil {
			return err
		}
	}
	store, err := open(os.Getenv(databaseOf), os.Getenv(keysOf))
	if err != nil {
		return err
	}
	content, err := os.ReadFile(os.Getenv(fileOf))
	if err != nil {
		return err
	}
	imports := npidirectory.NewImports(store, given.NewClock(), silent{}, nil).InBatchesOf(500)
	_, err = imports.Import(context.Background(), operator, sourceOf(filepath.Base(os.Getenv(fileOf)), content), func(p npidirectory.Progress) {
		_, _ = fmt.Println(p.Rows)
	})
	return errors.Join(err, store.Close())
}

// open opens a database of either kind.
func open(url, keySet string) (*sqlstore.Store, error) {
	keys, err := sqlstore.OpenKeyring([]byte(keySet))
	if err != nil {
		return nil, err
	}
	c := sqlstore.Config{URL: url, Keys: keys, PoolSize: 4, PoolOverflow: 4, PoolTimeout: 10 * time.Second}
	if strings.HasPrefix(url, "mysql://") {
		return sqlstore.OpenMySQL(c)
	}
	return sqlstore.OpenSQLite(c)
}

var operator = permission.System("test")

type silent struct{}

func (silent) Happened(context.Context, ports.Event) {}

func sourceOf(name string, content []byte) npidirectory.Source {
	return npidirectory.Source{Name: name, Size: int64(len(content)), Content: bytes.NewReader(content)}
}

// house is an empty store with the service on it.
type house struct {
	t       *testing.T
	url     string
	keys    string
	store   *sqlstore.Store
	clock   *given.Clock
	imports *npidirectory.Imports
}

func newHouse(t *testing.T, files ports.NPIFiles) *house {
	t.Helper()
	return newHouseOn(t, given.TempSQLite(t), files)
}

func newHouseOn(t *testing.T, url string, files ports.NPIFiles) *house {
	t.Helper()
	h := &house{t: t, url: url, keys: given.KeySet(t), clock: given.NewClock()}
	var err error
	if h.store, err = open(h.url, h.keys); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.store.Close() })
	if _, err := h.store.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.imports = npidirectory.NewImports(h.store, h.clock, silent{}, files).InBatchesOf(100)
	return h
}

func (h *house) load(name string, content []byte) (npidirectory.Imported, error) {
	h.t.Helper()
	return h.imports.Import(h.t.Context(), operator, sourceOf(name, content), nil)
}

// content is a digest of everything that a load leaves.
func (h *house) content() string {
	h.t.Helper()
	sum := sha256.New()
	for _, query := range []string{
		"SELECT npi, entity_type, organization_name, last_name, first_name, address, city, state, zip, updated_on, deactivated_on, reactivated_on FROM npi_directory ORDER BY npi",
		"SELECT part, word, npi, state, words FROM npi_words ORDER BY part, word, npi",
		"SELECT row_no, reason FROM npi_rejected_rows ORDER BY row_no",
		"SELECT rows_done, rows_added, rows_changed, rows_unchanged, rows_rejected, finished_at IS NULL FROM npi_files",
	} {
		_, _ = fmt.Fprintln(sum, strings.Join(given.Rows(h.t, h.url, query), "\n"))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func (h *house) search(last string) int {
	h.t.Helper()
	var found []npi.Record
	err := h.store.View(h.t.Context(), func(ctx context.Context, r ports.Repos) (err error) {
		found, err = r.NPIs.Search(ctx, npi.Query{Kind: npi.Individual, Last: npi.Words(last), Limit: 50})
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return len(found)
}

func csvOf(t *testing.T, spec nppes.Spec) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := nppes.WriteCSV(&b, spec); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipOf(t *testing.T, spec nppes.Spec) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := nppes.WriteZIP(&b, spec); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// kill starts this program on a file, kills it somewhere on its way, and says how far it had come.
func (h *house) kill(file string, after time.Duration) (told string, killed bool) {
	h.t.Helper()
	self, err := os.Executable()
	if err != nil {
		h.t.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), fileOf+"="+file, databaseOf+"="+h.url, keysOf+"="+h.keys)
	out, err := child.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		h.t.Fatal(err)
	}
	first := make([]byte, 2)
	_, _ = io.ReadFull(out, first) // it has begun
	timer := time.AfterFunc(after, func() { _ = child.Process.Signal(syscall.SIGKILL) })
	rest, _ := io.ReadAll(out)
	timer.Stop()
	lines := strings.Fields(string(first) + string(rest))
	err = child.Wait()
	if len(lines) > 0 {
		told = lines[len(lines)-1]
	}
	return told, err != nil
}

func TestKilledTenTimesAnImportEndsAsACleanOne(t *testing.T) {
	t.Parallel()
	for name, is := range map[string]struct {
		url  func(testing.TB) string
		rows int
	}{"SQLite": {given.TempSQLite, 12_000}, "MariaDB": {given.MariaDB, 6_000}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			killedTenTimes(t, is.url, is.rows)
		})
	}
}

func killedTenTimes(t *testing.T, url func(testing.TB) string, rows int) {
	t.Helper()
	content := zipOf(t, nppes.Spec{Rows: rows, Seed: 7, Hostile: 100})
	file := filepath.Join(t.TempDir(), "weekly.zip")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	clean, struck := newHouseOn(t, url(t), nil), newHouseOn(t, url(t), nil)
	started := time.Now()
	if _, err := clean.imports.InBatchesOf(500).Import(t.Context(), operator, sourceOf("weekly.zip", content), nil); err != nil {
		t.Fatal(err)
	}
	took := time.Since(started)
	kills := 0
	for range 40 { // many fall before the first batch; ten are to fall after
		told, killed := struck.kill(file, rand.N(took/4+time.Millisecond))
		if killed && told != "0" {
			kills++
		}
		if kills == 10 || !killed {
			break
		}
	}
	t.Logf("killed %d times on the way of %v", kills, took)
	struck.imports = struck.imports.InBatchesOf(500)
	done, err := struck.load("weekly.zip", content)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := struck.content(), clean.content(); got != want {
		t.Errorf("the directory differs from that of a clean import after %d kills: %+v", kills, done.Tally)
	}
	if kills < 1 {
		t.Error("no kill fell on the way")
	}
}

func TestBadFilesLeaveTheDirectoryServing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	if _, err := h.load("good.csv", csvOf(t, nppes.Spec{Rows: 300, Seed: 1})); err != nil {
		t.Fatal(err)
	}
	before, served := h.content(), h.search("s")
	if served == 0 {
		t.Fatal("nobody is found")
	}
	zipped := zipOf(t, nppes.Spec{Rows: 50, First: 1000})
	plain := csvOf(t, nppes.Spec{Rows: 50, First: 1000})
	for name, test := range map[string]struct {
		content []byte
		code    string
	}{
		"cut zip":   {zipped[:len(zipped)-100], "nppes_zip"},
		"V1 header": {bytes.Replace(plain, []byte("Provider Sex Code"), []byte("Provider Gender Code"), 1), "nppes_v1"},
		"no file":   {[]byte("PDF"), "nppes_content"},
	} {
		_, err := h.load(name, test.content)
		if !errors.Is(err, fault.Invalid) || fault.CodeOf(err) != test.code || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		if h.content() != before {
			t.Errorf("%s changed the directory", name)
		}
	}
	for name, content := range map[string][]byte{"cut.csv": csvOf(t, nppes.Spec{Rows: 250, First: 2000}), "flipped.zip": zipOf(t, nppes.Spec{Rows: 250, First: 3000})} {
		bad := append([]byte{}, content[:len(content)-5]...)
		if strings.HasSuffix(name, ".zip") {
			bad = append([]byte{}, content...)
			bad[len(bad)/2] ^= 1
		}
		if _, err := h.load(name, bad); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
		if h.search("s") < min(served, 50) {
			t.Errorf("%s: the old directory does not serve", name)
		}
		if done, err := h.load(name, content); err != nil || done.Tally.Rows != 250 {
			t.Errorf("%s, whole: %+v, %v", name, done.Tally, err)
		}
	}
}

func TestAFullDiskLeavesTheDirectoryServing(t *testing.T) {
	t.Parallel()
	content := csvOf(t, nppes.Spec{Rows: 8_000, First: 1000, Seed: 5})
	file := filepath.Join(t.TempDir(), "weekly.csv")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	h, clean := newHouse(t, nil), newHouse(t, nil)
	for _, one := range []*house{h, clean} {
		if _, err := one.load("before.csv", csvOf(t, nppes.Spec{Rows: 300, Seed: 1})); err != nil {
			t.Fatal(err)
		}
	}
	served := h.search("s")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), fileOf+"="+file, databaseOf+"="+h.url, keysOf+"="+h.keys, limitOf+"=2500000")
	var said bytes.Buffer
	child.Stderr = &said
	if err := child.Run(); err == nil {
		t.Fatal("the disk was not full")
	}
	if line := strings.TrimSpace(said.String()); strings.Contains(line, "\n") || !strings.Contains(line, "database_unavailable") {
		t.Errorf("it says %q", line)
	}
	if h.search("s") < min(served, 50) {
		t.Error("the old directory does not serve")
	}
	for _, one := range []*house{h, clean} {
		if _, err := one.load("weekly.csv", content); err != nil {
			t.Fatal(err)
		}
	}
	if h.content() != clean.content() {
		t.Error("the directory differs from that of a clean import")
	}
}
