package document_test

import (
	"testing"

	"surgicase/domain/document"
	"surgicase/domain/fault"
)

func TestQuota_Check(t *testing.T) {
	q := document.Quota{Versions: 20, CaseBytes: 1000}
	for what, c := range map[string]struct {
		held document.Held
		size int64
		want string
	}{
		"nothing yet": {document.Held{}, 1000, ""}, "one byte more": {document.Held{}, 1001, "case_quota"}, "the twentieth": {document.Held{Versions: 19}, 1, ""},
		"the twenty-first": {document.Held{Versions: 20, Present: 9}, 1, "versions_quota"}, "more than ever allowed, by smaller": {document.Held{Versions: 25, Present: 9}, 1, ""},
		"more than ever allowed, by as much": {document.Held{Versions: 25, Present: 9}, 9, "versions_quota"}, "full to the byte": {document.Held{Bytes: 1000, Present: 9}, 1, "case_quota"},
		"above before there was a quota, by smaller": {document.Held{Bytes: 5000, Present: 9}, 8, ""}, "above, by more": {document.Held{Bytes: 5000, Present: 9}, 10, "case_quota"},
		"above, another document": {document.Held{Bytes: 5000}, 10, "case_quota"},
	} {
		if got := fault.CodeOf(q.Check(c.held, c.size)); got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
	if err := (document.Quota{}).Check(document.Held{Versions: 99, Bytes: 1 << 60}, 1); err != nil {
		t.Errorf("no quota: %v", err)
	}
}

func TestQuota_PassesUserBytes(t *testing.T) {
	for _, c := range []struct {
		limit, before, after int64
		passes               bool
	}{{10, 0, 10, false}, {10, 0, 11, true}, {10, 10, 11, true}, {10, 11, 12, false}, {10, 12, 11, false}, {0, 0, 1 << 40, false}} {
		if got := (document.Quota{UserBytes: c.limit}).PassesUserBytes(c.before, c.after); got != c.passes {
			t.Errorf("%+v: %t", c, got)
		}
	}
}

func TestReserve_Check(t *testing.T) {
	const gb = 1 << 30
	for what, c := range map[string]struct {
		r    document.Reserve
		size int64
		want string
	}{
		"room": {document.Reserve{Bytes: gb, Total: 100 * gb, Free: 2 * gb}, 50 << 20, ""}, "below": {document.Reserve{Bytes: gb, Total: 100 * gb, Free: gb - 1}, 0, "disk_reserve"},
		"it would be below": {document.Reserve{Bytes: gb, Total: 100 * gb, Free: gb + 5}, 6, "disk_reserve"}, "nobody knows the size": {document.Reserve{Bytes: gb, Total: 100 * gb, Free: gb}, -1, ""},
		"a small disk": {document.Reserve{Bytes: gb, Total: 10 * gb, Free: gb * 6 / 10}, 0, ""}, "a small disk, below": {document.Reserve{Bytes: gb, Total: 10 * gb, Free: gb * 4 / 10}, 0, "disk_reserve"},
		"no reserve": {document.Reserve{Total: 100 * gb, Free: 1 << 20}, 1 << 19, ""}, "a full disk": {document.Reserve{Bytes: gb, Total: 100 * gb, Free: 100}, 0, ""},
	} {
		if got := fault.CodeOf(c.r.Check(c.size)); got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
}
