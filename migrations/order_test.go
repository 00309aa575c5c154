package migrations

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// firstWithOldest is the migration that brought the table schema_compatibility. Each from it on has a row there.
const firstWithOldest = 19

// neverUsed are numbers that were passed over before a test asked for consecutive ones.
var neverUsed = []int{5}

var oldestRow = regexp.MustCompile(
	`(?m)^INSERT INTO schema_compatibility \(version, oldest_program\) VALUES \((\d+), (\d+)\);$`)

// migrationsOf returns the migrations of a dialect by their numbers.
func migrationsOf(t *testing.T, dialect string) (numbers []int, names map[int]string) {
	t.Helper()
	paths, err := fs.Glob(files, dialect+"/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	names = map[int]string{}
	for _, p := range paths {
		digits, _, _ := strings.Cut(path.Base(p), "_")
		number, err := strconv.Atoi(digits)
		if err != nil || len(digits) != 5 {
			t.Errorf("%s does not begin with five digits and an underscore", p)
			continue
		}
		if names[number] != "" {
			t.Errorf("%s has the number of %s", p, names[number])
		}
		names[number] = path.Base(p)
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	return numbers, names
}

// Two branches that take the same number, or one that takes a later number than the next, would leave databases that
// have one migration and not the one before it: no program could bring them up to date.
func TestMigrationNumbersAreConsecutive(t *testing.T) {
	t.Parallel()
	_, ofMySQL := migrationsOf(t, "mysql")
	for _, dialect := range []string{"mysql", "sqlite"} {
		numbers, names := migrationsOf(t, dialect)
		next := 1
		for _, number := range numbers {
			for slices.Contains(neverUsed, next) {
				next++
			}
			if number != next {
				t.Errorf("%s/%s: its number is to be %05d", dialect, names[number], next)
			}
			next = number + 1
			if names[number] != ofMySQL[number] {
				t.Errorf("%s/%s is %q on MySQL", dialect, names[number], ofMySQL[number])
			}
		}
		if len(names) != len(ofMySQL) {
			t.Errorf("%s has %d migrations, MySQL %d", dialect, len(names), len(ofMySQL))
		}
	}
}

// Without its row, no program that does not know a migration serves once it is applied.
func TestMigrationsNameTheOldestProgram(t *testing.T) {
	t.Parallel()
	named := map[int]string{}
	for _, dialect := range []string{"mysql", "sqlite"} {
		numbers, names := migrationsOf(t, dialect)
		for _, number := range numbers {
			if number < firstWithOldest {
				continue
			}
			name := dialect + "/" + names[number]
			content, err := files.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			up, down, _ := strings.Cut(string(content), "-- +goose Down")
			rows := oldestRow.FindAllStringSubmatch(up, -1)
			if len(rows) != 1 || rows[0][1] != strconv.Itoa(number) {
				t.Errorf("%s does not say which program may run on it, on a line: "+
					"INSERT INTO schema_compatibility (version, oldest_program) VALUES (%d, …);", name, number)
				continue
			}
			if oldest, err := strconv.Atoi(rows[0][2]); err != nil || oldest < 1 || oldest > number {
				t.Errorf("%s names the oldest program %s", name, rows[0][2])
			}
			if named[number] == "" {
				named[number] = rows[0][2]
			}
			if named[number] != rows[0][2] {
				t.Errorf("%s names the oldest program %s, MySQL %s", name, rows[0][2], named[number])
			}
			undo := fmt.Sprintf("DELETE FROM schema_compatibility WHERE version = %d;", number)
			if number == firstWithOldest {
				undo = "DROP TABLE schema_compatibility;"
			}
			if !strings.Contains(down, undo) {
				t.Errorf("%s does not take its row back: %s", name, undo)
			}
		}
	}
}
