// Package storage_test tries what the operator does with whole stores of objects, on folders and on a server that
// speaks S3.
package storage_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"surgicase/application/storage"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/ports"
	"surgicase/test/given"
)

// fill gives a store objects of every sort: empty, small, in parts, with names that need care.
func fill(t *testing.T, blobs ports.Blobs) {
	t.Helper()
	for i := range 20 {
		put(t, blobs, fmt.Sprintf("private/case-documents/dr.a/c:%d/demo/%d.pdf", i, i), bytes.Repeat([]byte{byte(i)}, i*1000))
	}
	put(t, blobs, "private/case-documents/dr.a/c:1/note/Überweisung a+b %41 👍.pdf", []byte("ö"))
	put(t, blobs, "reports/large.pdf", bytes.Repeat([]byte("0123456789"), 600_000)) // two parts
}

const filled = 22

func TestACopyHoldsWhatItsSourceHolds(t *testing.T) {
	t.Parallel()
	server := given.VersityGateway(t)
	for name, open := range map[string]func() (from, to ports.Blobs){
		"folder to MinIO's client": func() (ports.Blobs, ports.Blobs) {
			return inFolder(t, t.TempDir()), inMinIO(t, server, server.Bucket(t))
		},
		"MinIO's client to Amazon's": func() (ports.Blobs, ports.Blobs) {
			return inMinIO(t, server, server.Bucket(t)), inS3(t, server, server.Bucket(t))
		},
		"Amazon's client to folder": func() (ports.Blobs, ports.Blobs) {
			return inS3(t, server, server.Bucket(t)), inFolder(t, t.TempDir())
		},
	} {
		from, to := open()
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service, _ := newService(t)
			fill(t, from)
			put(t, to, "exports/of-the-target.csv", []byte("stays"))
			put(t, to, "private/case-documents/dr.a/c:3/demo/3.pdf", bytes.Repeat([]byte{9}, 3000)) // as long, and another
			var last storage.Progress
			done, err := service.Copy(t.Context(), operator, from, to, func(p storage.Progress) { last = p })
			if err != nil || done.Copied != filled || done.Same != 0 || done.Failed != 0 || done.Objects != filled {
				t.Fatalf("%+v, %v", done, err)
			}
			if last.Objects != filled || last.OfObjects != filled || last.Bytes != last.OfBytes || last.Bytes != done.Bytes {
				t.Errorf("told %+v of %+v", last, done)
			}
			want := contents(t, from)
			want["exports/of-the-target.csv"] = "stays"
			if got := contents(t, to); !maps.Equal(got, want) {
				t.Errorf("%d objects of %d, or they differ", len(got), len(want))
			}
			again, err := service.Copy(t.Context(), operator, from, to, nil)
			if err != nil || again.Copied != 0 || again.Same != filled {
				t.Errorf("again: %+v, %v", again, err)
			}
		})
	}
}

func TestACopyThatBrokeOffGoesOn(t *testing.T) {
	t.Parallel()
	service, _ := newService(t)
	from, to := inFolder(t, t.TempDir()), inFolder(t, t.TempDir())
	fill(t, from)
	var puts atomic.Int64
	away := tapped{Blobs: to, put: func(string) error {
		if puts.Add(1) > 9 {
			return ports.StorageAway(errors.New("the cable"))
		}
		return nil
	}}
	done, err := service.Copy(t.Context(), operator, from, away, nil)
	if fault.CodeOf(err) != "storage_unavailable" || done.Copied != 9 {
		t.Fatalf("%+v, %v", done, err)
	}
	var read atomic.Int64
	counted := tapped{Blobs: from, get: func(string) error { read.Add(1); return nil }}
	done, err = service.Copy(t.Context(), operator, counted, to, nil)
	if err != nil || done.Same != 9 || done.Copied != filled-9 {
		t.Errorf("%+v, %v", done, err)
	}
	if read.Load() != filled-9 {
		t.Errorf("%d objects of the source were read, %d were missing", read.Load(), filled-9)
	}
}

func TestAnObjectThatIsNoLongerWhatWasStoredIsNotCopied(t *testing.T) {
	t.Parallel()
	service, _ := newService(t)
	folder := t.TempDir()
	from, to := inFolder(t, folder), inFolder(t, t.TempDir())
	fill(t, from)
	damaged := filepath.Join(folder, "private/case-documents/dr.a/c:7/demo/7.pdf")
	info, err := os.Stat(damaged)
	if err != nil {
		t.Fatal(err)
	}
	// A bit that fell over on the disk changes no time.
	if err := errors.Join(os.WriteFile(damaged, bytes.Repeat([]byte{8}, 7000), 0o600), os.Chtimes(damaged, info.ModTime(), info.ModTime())); err != nil {
		t.Fatal(err)
	}
	done, err := service.Copy(t.Context(), operator, from, to, nil)
	if fault.CodeOf(err) != "copy_incomplete" || done.Copied != filled-1 || done.Failed != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	if f := done.Failures[0]; fault.CodeOf(f.Err) != "source_damaged" || !strings.HasSuffix(f.Folder, "c:7/demo") {
		t.Errorf("%+v", f)
	}
	if _, err := to.Stat(t.Context(), "private/case-documents/dr.a/c:7/demo/7.pdf"); fault.CodeOf(err) != "object_not_found" {
		t.Errorf("the target: %v", err)
	}
}

func TestWhatIsRemovedMeanwhileIsNoFailure(t *testing.T) {
	t.Parallel()
	service, _ := newService(t)
	from, to := inFolder(t, t.TempDir()), inFolder(t, t.TempDir())
	fill(t, from)
	purging := tapped{Blobs: from, get: func(key string) error {
		if key == "reports/large.pdf" {
			return from.Remove(t.Context(), key)
		}
		return nil
	}}
	if done, err := service.Copy(t.Context(), operator, purging, to, nil); err != nil || done.Gone != 1 || done.Copied != filled-1 {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestOnlyTheOperatorCopiesAndItIsOnTheTrail(t *testing.T) {
	t.Parallel()
	service, database := newService(t)
	from, to := inFolder(t, t.TempDir()), inFolder(t, t.TempDir())
	fill(t, from)
	boss := permission.Actor{User: "boss", Type: permission.SystemAdmin}
	if _, err := service.Copy(t.Context(), boss, from, to, nil); !errors.Is(err, fault.Forbidden) {
		t.Errorf("a system admin: %v", err)
	}
	if got := contents(t, to); len(got) != 0 {
		t.Errorf("copied all the same: %d", len(got))
	}
	if _, err := service.Copy(t.Context(), operator, from, to, nil); err != nil {
		t.Fatal(err)
	}
	rows := given.Rows(t, database, "SELECT action, entity, entity_id, outcome FROM audit_entries ORDER BY entry_id")
	if len(rows) != 2 || !strings.Contains(rows[0], "refused") || !strings.Contains(rows[1], "done") || !strings.Contains(rows[1], "storage.manage") {
		t.Errorf("the trail: %q", rows)
	}
}
