package bench

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"surgicase/adapters/sqlstore"
	"surgicase/domain/fault"
	"surgicase/domain/npi"
	"surgicase/ports"
	"surgicase/test/given"
	"surgicase/test/nppes"
)

// What the provider directory promises.
const (
	shareOfCSV   = 0.35 // of the rows per second that encoding/csv alone reads
	importMemory = 256 << 20
	exactLookup  = time.Millisecond
	nameSearch   = 10 * time.Millisecond
)

func TestTheProviderDirectory(t *testing.T) {
	sizes := []int{4_000}
	if *full {
		sizes = []int{250_000, 500_000, 1_000_000}
	}
	binary := build(t, "../..")
	for _, rows := range sizes {
		file := filepath.Join(t.TempDir(), "npidata.csv")
		writeNPPES(t, file, rows)
		alone := readAlone(t, file)
		largest := rows == sizes[len(sizes)-1]
		for name, url := range map[string]func(testing.TB) string{"SQLite": given.TempSQLite, "MariaDB": given.MariaDB} {
			if name == "MariaDB" && !largest {
				continue
			}
			t.Run(fmt.Sprintf("%s with %d rows", name, rows), func(t *testing.T) {
				env := map[string]string{"DATABASE_URL": url(t), "DATA_DIR": t.TempDir(), "LOG_LEVEL": "ERROR", "SURGICASE_KEYS": given.KeySet(t)}
				measure(t, binary, env, "migrate", "up")
				took, memory := measure(t, binary, env, "npi", "import", file)
				share := alone.Seconds() / took.Seconds()
				found("The provider directory: import", "`surgicase npi import` of a CSV file, beside `encoding/csv` reading the same file and doing nothing else.",
					[]string{"database", "rows", "rows/s", "encoding/csv rows/s", "share", "largest memory"},
					name, rows, int(float64(rows)/took.Seconds()), int(float64(rows)/alone.Seconds()), fmt.Sprintf("%.0f %%", 100*share), fmt.Sprintf("%d MB", memory>>20))
				t.Logf("%s: %d rows in %v, %.0f %% of encoding/csv alone (%v), %d MB at most", name, rows, took.Round(time.Millisecond), 100*share, alone.Round(time.Millisecond), memory>>20)
				if memory > importMemory {
					t.Errorf("%d MB, more than %d", memory>>20, importMemory>>20)
				}
				if *full && name == "SQLite" {
					aim(t, share >= shareOfCSV, fmt.Sprintf("NPI import of %d rows, share of encoding/csv", rows), fmt.Sprintf("%.0f %% or more", 100*shareOfCSV), fmt.Sprintf("%.0f %%", 100*share))
				}
				if largest {
					askDirectory(t, name, env["DATABASE_URL"], env["SURGICASE_KEYS"], rows)
				}
			})
		}
		if err := os.Remove(file); err != nil {
			t.Error(err)
		}
	}
}

func writeNPPES(t *testing.T, path string, rows int) {
	t.Helper()
	file, err := os.Create(path)
	if err == nil {
		err = errors.Join(nppes.WriteCSV(file, nppes.Spec{Rows: rows, Seed: 1, Hostile: 5}), file.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// readAlone says how long encoding/csv takes for the file: the better of two times.
func readAlone(t *testing.T, path string) time.Duration {
	t.Helper()
	var best time.Duration
	for range 2 {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		r := csv.NewReader(bufio.NewReaderSize(file, 1<<20))
		r.ReuseRecord, r.FieldsPerRecord = true, -1
		for err == nil {
			_, err = r.Read()
		}
		if took := time.Since(began); best == 0 || took < best {
			best = took
		}
		if !errors.Is(err, io.EOF) || file.Close() != nil {
			t.Fatal(err)
		}
	}
	return best
}

// askDirectory times exact look-ups and searches by the beginnings of names, as people are called.
func askDirectory(t *testing.T, name, url, keys string, rows int) {
	t.Helper()
	ring, err := sqlstore.OpenKeyring([]byte(keys))
	if err != nil {
		t.Fatal(err)
	}
	open := sqlstore.OpenSQLite
	if name == "MariaDB" {
		open = sqlstore.OpenMySQL
	}
	store, err := open(sqlstore.Config{URL: url, Keys: ring, PoolSize: 4, PoolTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	dice := rand.New(rand.NewPCG(3, 4))
	records := sample(t, store, dice, rows)
	asked := min(rows/2, 10_000)
	exact := percentiles(t, store, asked, func(i int) func(context.Context, ports.Repos) error {
		number := records[i%len(records)].NPI
		return func(ctx context.Context, r ports.Repos) error {
			_, err := r.NPIs.Get(ctx, number)
			return err
		}
	})
	search := percentiles(t, store, asked/4, func(i int) func(context.Context, ports.Repos) error {
		q := likelyQuery(dice, records[i%len(records)])
		return func(ctx context.Context, r ports.Repos) error {
			found, err := r.NPIs.Search(ctx, q)
			if err == nil && len(found) == 0 {
				err = fmt.Errorf("%+v finds nobody", q)
			}
			return err
		}
	})
	for what, p := range map[string][3]time.Duration{"exact look-up": exact, "search by three letters or more": search} {
		found("The provider directory: questions", "In the store, one at a time; names as they are spread among people.", []string{"database", "rows", "question", "median", "p99", "worst"},
			name, rows, what, p[0].Round(time.Microsecond), p[1].Round(time.Microsecond), p[2].Round(time.Microsecond))
		t.Logf("%s, %d rows, %s: median %v, p99 %v, worst %v", name, rows, what, p[0], p[1], p[2])
	}
	if *full {
		aim(t, exact[1] <= exactLookup, fmt.Sprintf("p99 of an exact look-up, %s, %d rows", name, rows), exactLookup, exact[1].Round(time.Microsecond))
		aim(t, search[1] <= nameSearch, fmt.Sprintf("p99 of a search by three letters or more, %s, %d rows", name, rows), nameSearch, search[1].Round(time.Microsecond))
	}
}

// sample draws active records.
func sample(t *testing.T, store ports.Store, dice *rand.Rand, rows int) (records []npi.Record) {
	t.Helper()
	err := store.View(t.Context(), func(ctx context.Context, r ports.Repos) error {
		records = nil
		for len(records) < min(rows/4, 5_000) {
			number, err := npi.Parse(nppes.Number(dice.IntN(rows)))
			if err != nil {
				return err
			}
			record, err := r.NPIs.Get(ctx, number)
			if err == nil && record.Active() {
				records = append(records, record)
			} else if err != nil && !errors.Is(err, fault.NotFound) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// likelyQuery asks for a record as somebody types who looks for it: three letters of the last name or
// more, perhaps some of the first; two words of an organization.
func likelyQuery(dice *rand.Rand, r npi.Record) npi.Query {
	some := func(name string) []string {
		words := npi.Words(name)
		dice.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
		words = words[:min(len(words), 1+dice.IntN(2))]
		for i, w := range words {
			letters := []rune(w)
			words[i] = string(letters[:min(len(letters), 3+dice.IntN(6))])
		}
		return words
	}
	q := npi.Query{Kind: r.Kind, Limit: 50}
	if r.Kind == npi.Organization {
		q.Name = some(r.Organization)
		return q
	}
	q.Last = some(r.Last)
	if dice.IntN(2) == 0 {
		q.First = some(r.First)
	}
	return q
}

// percentiles gives median, 99th and worst of so many questions, after as many tenths to warm up.
func percentiles(t *testing.T, store ports.Store, n int, question func(int) func(context.Context, ports.Repos) error) [3]time.Duration {
	t.Helper()
	times := make([]time.Duration, 0, n)
	for i := range n + n/10 {
		ask := question(i)
		began := time.Now()
		if err := store.View(t.Context(), ask); err != nil {
			t.Fatal(err)
		}
		if i >= n/10 {
			times = append(times, time.Since(began))
		}
	}
	slices.Sort(times)
	return [3]time.Duration{times[len(times)/2], times[len(times)*99/100], times[len(times)-1]}
}
