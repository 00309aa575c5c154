package api

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"surgicase/test/given"
)

// below lists every file in and below a folder.
func below(t *testing.T, folder string) []string {
	t.Helper()
	var files []string
	err := filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// A disk that is full takes no document, however it comes: one clear answer, nothing left behind, case and user as they were.
// With room again it goes on by itself.
func TestAFullDiskTakesNoDocument(t *testing.T) {
	t.Parallel()
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			disk, err := given.SmallDisk(t, 1)
			if err != nil {
				t.Skip(err)
			}
			p := start(t, db.url(t), map[string]string{"STORAGE_URL": "file://" + filepath.Join(disk.Folder, "objects")})
			p.drafts("provider", p.cast()["provider"], "c-1")
			p.filed("c-1", "provider")
			link := p.send(http.MethodPost, "/case_files/presign", "provider", planned(map[string]any{"case_id": "c-1", "kind": "note"})).is(200)
			if err := disk.Fill(); err != nil {
				t.Fatal(err)
			}
			shown := func() string {
				return string(p.get("/case?case_id=c-1", "provider").is(200).raw) + string(p.get("/user_files?user_id=provider", "provider").is(200).raw)
			}
			files, was := below(t, disk.Folder), shown()

			long := somePDF + strings.Repeat("x", 300_000)
			for what, refusal := range map[string]answer{
				"short":       p.upload("/case_files?case_id=c-1&kind=demo&file_name=b.pdf", "provider", somePDF),
				"long":        p.upload("/case_files?case_id=c-1&kind=misc&file_name=c.pdf", "provider", long),
				"by link":     p.follow(link, somePDF),
				"of the user": p.upload("/user_files?document_type=License&user_id=provider", "provider", long),
			} {
				refusal.refused(503, "storage_unavailable").lacks("no space", disk.Folder, ".drafts")
				if refusal.header.Get("Retry-After") == "" {
					t.Errorf("%s: no Retry-After", what)
				}
			}
			if got := below(t, disk.Folder); !slices.Equal(got, files) {
				t.Errorf("left behind: %q, there were %q", got, files)
			}
			if got := shown(); got != was {
				t.Errorf("the case and the user's documents are %s, were %s", got, was)
			}

			if err := disk.Free(); err != nil {
				t.Fatal(err)
			}
			p.upload("/case_files?case_id=c-1&kind=misc&file_name=c.pdf", "provider", long).is(201)
			p.follow(link, somePDF).is(200)
		})
	}
}
