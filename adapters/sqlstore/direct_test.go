package sqlstore

import (
	"reflect"
	"testing"
)

func TestSpread(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		args []any
		want string
		flat []any
	}{
		"none":            {"SELECT 1", nil, "SELECT 1", nil},
		"no list":         {"a = ? AND b = ?", []any{"x", []byte("y")}, "a = ? AND b = ?", []any{"x", []byte("y")}},
		"lists":           {"a = ? AND b IN ? AND c IN ? LIMIT ?", []any{1, []int64{2, 3, 3}, []string{"z"}, 9}, "a = ? AND b IN (?,?,?) AND c IN (?) LIMIT ?", []any{1, int64(2), int64(3), int64(3), "z", 9}},
		"list of its own": {"a IN ?", []any{[]status{4, 5}}, "a IN (?,?)", []any{status(4), status(5)}},
		"null":            {"a = ? AND b IN ?", []any{nil, []int64{1}}, "a = ? AND b IN (?)", []any{nil, int64(1)}},
	} {
		text, flat := spread(c.text, c.args)
		if text != c.want || !reflect.DeepEqual(flat, c.flat) {
			t.Errorf("%s: %q of %v, want %q of %v", name, text, flat, c.want, c.flat)
		}
	}
}

type status int
