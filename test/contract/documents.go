package contract

import (
	"context"
	"fmt"
	"testing"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// Documents is the contract of ports.Documents.
func Documents(t *testing.T, open func(*testing.T) ports.Store) {
	t.Helper()
	sentences(t, open, []sentence{
		{"a document comes back with all that is known of it", documentComesBack},
		{"replaced documents and those of deleted cases are told, too", documentsReplaced},
		{"a replaced document can be forgotten, once, and one that is shown cannot", documentForgotten},
		{"folders have the active cases in order, in a fixed number of statements", documentFolders},
		{"an object that is found is noted once, for the document that is shown", documentFound},
	})
}

func storedFile(w *world, key string) surgical.File {
	return surgical.File{
		Name: surgical.NewPHI("Rosalind.pdf"), Key: surgical.NewPHI(key), Stored: true, Size: 7, Type: "application/pdf",
		SHA256: content(32, 1), UploadedBy: "dr-a", UploadedAt: w.clock.Now(),
	}
}

func documentsOf(w *world, id ident.CaseID) []surgical.Document {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) ([]surgical.Document, error) {
		return r.Documents.OfCase(ctx, id)
	})
}

// withFile has a case that shows a file.
func withFile(w *world, id ident.CaseID, kind surgical.FileKind, file surgical.File) {
	w.t.Helper()
	w.do(func(ctx context.Context, r ports.Repos) error {
		c, err := r.Cases.Get(ctx, id, permission.Scope{All: true})
		if err != nil {
			return err
		}
		c.Files[kind] = file
		return r.Cases.Save(ctx, c)
	})
}

func documentComesBack(w *world) {
	w.hire(permission.Provider, "dr-a")
	w.record(some(1, "c-", "dr-a")...)
	id := some(1, "c-", "dr-a")[0].ID
	isEmpty(w.t, "documents of no case", documentsOf(w, "none"))
	before := len(documentsOf(w, id))
	file := storedFile(w, "private/a")
	withFile(w, id, surgical.AdminFile, file)
	equal(w.t, "file of the case", w.caseNamed(id).Files[surgical.AdminFile], file)
	got := documentsOf(w, id)
	equal(w.t, "number of documents", len(got), before+1)
	for _, d := range got {
		if d.Kind == surgical.AdminFile {
			equal(w.t, "document", d, surgical.Document{Kind: surgical.AdminFile, Current: true, File: file})
		}
	}
}

func documentsReplaced(w *world) {
	w.hire(permission.Provider, "dr-a")
	w.record(some(1, "c-", "dr-a")...)
	id := some(1, "c-", "dr-a")[0].ID
	for i := range 3 {
		withFile(w, id, surgical.AdminFile, storedFile(w, fmt.Sprint("private/", i)))
	}
	w.do(func(ctx context.Context, r ports.Repos) error {
		c, err := r.Cases.Get(ctx, id, permission.Scope{All: true})
		if err != nil {
			return err
		}
		delete(c.Files, surgical.AdminFile)
		c.DeletedAt = w.clock.Now()
		return r.Cases.Save(ctx, c)
	})
	keys := map[string]bool{}
	for _, d := range documentsOf(w, id) {
		if d.Kind == surgical.AdminFile {
			keys[d.ObjectKey()] = d.Current
		}
	}
	equal(w.t, "keys", keys, map[string]bool{"private/0": false, "private/1": false, "private/2": false})
}

func documentForgotten(w *world) {
	w.hire(permission.Provider, "dr-a")
	w.record(some(1, "c-", "dr-a")...)
	id := some(1, "c-", "dr-a")[0].ID
	for i := range 3 {
		withFile(w, id, surgical.AdminFile, storedFile(w, fmt.Sprint("private/", i)))
	}
	number := w.caseNamed(id).Number
	gone := func(fn work) { w.t.Helper(); refused(w.t, w.once(fn), fault.Conflict, "changed_meanwhile") }
	forget := func(ctx context.Context, r ports.Repos, d surgical.Document) error {
		return r.Documents.RemoveReplaced(ctx, number, d)
	}
	var versions []int64
	for _, d := range documentsOf(w, id) {
		if d.Kind != surgical.AdminFile {
			continue
		}
		if d.Current {
			equal(w.t, "version of the document that is shown", d.Replaced, int64(0))
		} else {
			versions = append(versions, d.Replaced)
		}
		if d.ObjectKey() != "private/1" {
			gone(func(ctx context.Context, r ports.Repos) error {
				return forget(ctx, r, surgical.Document{Kind: surgical.AdminFile, Replaced: d.Replaced + 100})
			})
			continue
		}
		w.do(func(ctx context.Context, r ports.Repos) error { return forget(ctx, r, d) })
		gone(func(ctx context.Context, r ports.Repos) error { return forget(ctx, r, d) })
	}
	gone(func(ctx context.Context, r ports.Repos) error {
		return forget(ctx, r, surgical.Document{Kind: surgical.AdminFile, Current: true})
	})
	equal(w.t, "replaced documents", len(versions), 2)
	keys := map[string]bool{}
	for _, d := range documentsOf(w, id) {
		if d.Kind == surgical.AdminFile {
			keys[d.ObjectKey()] = d.Current
		}
	}
	equal(w.t, "keys", keys, map[string]bool{"private/0": false, "private/2": true})
}

func documentFolders(w *world) {
	w.hire(permission.Provider, "dr-a")
	cases := some(20, "c-", "dr-a")
	w.record(cases...)
	withFile(w, cases[1].ID, surgical.AdminFile, storedFile(w, "private/a"))
	var ids []ident.CaseID
	for i := len(cases) - 1; i >= 0; i-- {
		ids = append(ids, cases[i].ID)
	}
	folders := func(ids []ident.CaseID) []surgical.Folder {
		return read(w, func(ctx context.Context, r ports.Repos) ([]surgical.Folder, error) {
			return r.Documents.OfCases(ctx, ids)
		})
	}
	isEmpty(w.t, "folders of nothing", folders(nil))
	isEmpty(w.t, "folders of no case", folders([]ident.CaseID{"none"}))
	got := folders(append(ids, "none"))
	equal(w.t, "number", len(got), 20)
	for i, f := range got {
		c := w.caseNamed(cases[i].ID)
		equal(w.t, "folder", f, surgical.Folder{ID: c.ID, Number: c.Number, Owner: "dr-a", Patient: surgical.Patient{First: c.Patient.First, Last: c.Patient.Last}, Files: orNil(c.Files)})
	}
	cost := func(ids []ident.CaseID) int64 {
		return w.cost(func(ctx context.Context, r ports.Repos) error { _, err := r.Documents.OfCases(ctx, ids); return err })
	}
	equal(w.t, "statements for 20", cost(ids), cost(ids[:1]))
}

func orNil(files map[surgical.FileKind]surgical.File) map[surgical.FileKind]surgical.File {
	if len(files) == 0 {
		return nil
	}
	return files
}

func documentFound(w *world) {
	w.hire(permission.Provider, "dr-a")
	w.record(some(1, "c-", "dr-a")...)
	id := some(1, "c-", "dr-a")[0].ID
	named := surgical.File{Name: surgical.NewPHI("a.pdf"), Key: surgical.NewPHI("private/a.pdf")}
	withFile(w, id, surgical.AdminFile, named)
	c := w.caseNamed(id)
	found := func(key string, size int64) {
		w.do(func(ctx context.Context, r ports.Repos) error {
			file := surgical.File{Key: surgical.NewPHI(key), Stored: true, Size: size, Type: "application/pdf"}
			return r.Documents.Found(ctx, c.Number, surgical.Document{Kind: surgical.AdminFile, File: file})
		})
	}
	found("private/other.pdf", 3)
	equal(w.t, "another object", w.caseNamed(id).Files[surgical.AdminFile].Stored, false)
	found("private/a.pdf", 5)
	found("private/a.pdf", 9)
	after := w.caseNamed(id)
	equal(w.t, "size", after.Files[surgical.AdminFile].Size, int64(5))
	equal(w.t, "stored", after.Files[surgical.AdminFile].Stored, true)
	equal(w.t, "version", after.Version, c.Version)
}
