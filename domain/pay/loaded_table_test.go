package pay_test

import (
	"slices"
	"testing"

	"surgicase/domain/ident"
	"surgicase/domain/pay"
)

func TestToConfirm(t *testing.T) {
	tables := []pay.LoadedTable{{Version: 1, By: "ann"}, {Version: 2, By: "bob"}, {Version: 3, By: "ann"}, {Version: 4, By: "system:cli"}}
	versions := func(list []pay.LoadedTable) (v []pay.TableVersion) {
		for _, table := range list {
			v = append(v, table.Version)
		}
		return v
	}
	for by, want := range map[ident.UserID][2][]pay.TableVersion{
		"ann": {{2, 4}, {1, 3}}, "bob": {{1, 3, 4}, {2}}, "eve": {{1, 2, 3, 4}, nil},
	} {
		others, own := pay.ToConfirm(tables, by)
		if !slices.Equal(versions(others), want[0]) || !slices.Equal(versions(own), want[1]) {
			t.Errorf("%s may confirm %v and not %v, want %v", by, versions(others), versions(own), want)
		}
	}
}
