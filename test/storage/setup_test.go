package storage_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"surgicase/application/storage"
	"surgicase/domain/bucket"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/ports"
	"surgicase/test/given"
)

var pages = []string{"https://app.example.com"}

// states gives how each setting stands.
func states(settings []storage.Setting) map[string]ports.SettingState {
	all := map[string]ports.SettingState{}
	for _, s := range settings {
		all[s.Name] = s.State
	}
	return all
}

// The gateway knows CORS rules and neither lifecycles nor conditions of a policy: what it knows is set, and the rest is
// said. MinIO, which knows the others, is tried in make verify.
func TestABucketIsSetUpAsFarAsItsServerGoes(t *testing.T) {
	t.Parallel()
	server := given.VersityGateway(t)
	for name, store := range map[string]ports.StorageSetup{
		"MinIO's client": inMinIO(t, server, server.Bucket(t)), "Amazon's client": inS3(t, server, server.Bucket(t)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service, _ := newService(t)
			planned, err := service.Plan(t.Context(), operator, store, pages)
			if err != nil || states(planned)[bucket.CORS] != storage.Differs || len(planned) != len(bucket.Names) {
				t.Fatalf("%+v, %v", planned, err)
			}
			if again, err := service.Plan(t.Context(), operator, store, pages); err != nil || states(again)[bucket.CORS] != storage.Differs {
				t.Errorf("a plan has changed something: %+v, %v", again, err)
			}
			done, err := service.Arrange(t.Context(), operator, store, pages)
			if err != nil || states(done)[bucket.CORS] != storage.Fine || states(done)[bucket.Uploads] != storage.Unsupported || states(done)[bucket.Policy] != storage.LeftOut {
				t.Errorf("%+v, %v", done, err)
			}
			if moved, err := service.Plan(t.Context(), operator, store, []string{"https://other.example.com"}); err != nil || states(moved)[bucket.CORS] != storage.Differs {
				t.Errorf("with another page: %+v, %v", moved, err)
			}
		})
	}
}

func TestAFolderIsClosedToOthers(t *testing.T) {
	t.Parallel()
	service, _ := newService(t)
	folder := t.TempDir()
	blobs := inFolder(t, folder)
	fill(t, blobs)
	for _, path := range []string{"private", "reports/large.pdf"} {
		if err := os.Chmod(filepath.Join(folder, path), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "outside")
	if err := errors.Join(os.WriteFile(outside, nil, 0o600), os.Chmod(outside, 0o644), os.Symlink(outside, filepath.Join(folder, "link"))); err != nil {
		t.Fatal(err)
	}
	planned, err := service.Plan(t.Context(), operator, blobs, nil)
	if err != nil || len(planned) != 1 || planned[0].State != storage.Differs || !strings.HasPrefix(planned[0].Why, "2 ") {
		t.Fatalf("%+v, %v", planned, err)
	}
	if done, err := service.Arrange(t.Context(), operator, blobs, nil); err != nil || done[0].State != storage.Fine {
		t.Errorf("%+v, %v", done, err)
	}
	for path, want := range map[string]os.FileMode{"private": 0o700, "reports/large.pdf": 0o700} {
		if info, err := os.Stat(filepath.Join(folder, path)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if info, err := os.Stat(outside); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("what a link leads to: %v, %v", info.Mode(), err)
	}
	if got := contents(t, blobs); len(got) < filled {
		t.Errorf("%d objects are left", len(got))
	}
}

func TestOnlyTheOperatorSetsUp(t *testing.T) {
	t.Parallel()
	service, _ := newService(t)
	boss := permission.Actor{User: "boss", Type: permission.SystemAdmin}
	blobs := inFolder(t, t.TempDir())
	_, plan := service.Plan(t.Context(), boss, blobs, nil)
	_, setup := service.Arrange(t.Context(), boss, blobs, nil)
	if !errors.Is(plan, fault.Forbidden) || !errors.Is(setup, fault.Forbidden) {
		t.Errorf("%v, %v", plan, setup)
	}
}
