package documents

import (
	"bufio"
	"context"
	"errors"
	"io"
	"iter"

	"surgicase/domain/audit"
	"surgicase/domain/document"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// Archive gives out the documents of many cases.
type Archive struct {
	store   ports.Store
	deposit ports.Deposit
	clock   ports.Clock
}

// NewArchive makes the service.
func NewArchive(store ports.Store, deposit ports.Deposit, clock ports.Clock) *Archive {
	return &Archive{store: store, deposit: deposit, clock: clock}
}

// Piece is a document for the archive, read once. What it cannot be read for is in Err.
type Piece struct {
	Folder surgical.Folder
	Kind   surgical.FileKind
	File   surgical.File
	Body   io.ReadCloser
	Err    error
}

// archived are the kinds that go into an archive.
var archived = []surgical.FileKind{surgical.DemoFile, surgical.NoteFile, surgical.MiscFile}

// Collected is what goes into an archive: the cases, and their documents one after the other.
type Collected struct {
	Cases  []surgical.Folder
	Pieces iter.Seq[Piece]
}

// Collect finds the documents of cases, and gives them one by one while they are read. With names they
// are going to be called after the patient, which the trail tells.
//
// Faults: Forbidden; Invalid without cases; NotFound "no_cases" or "no_files".
func (a *Archive) Collect(ctx context.Context, who permission.Actor, ids []ident.CaseID, names bool) (Collected, error) {
	entry := audit.Record(who, permission.LoadImages, "cases", "", a.clock.Now())
	if names {
		entry.Fields = []string{"patient_names"}
	}
	if err := permission.Check(who, permission.LoadImages, ""); err != nil {
		return Collected{}, ports.Refused(ctx, a.store, entry, err)
	}
	if len(ids) == 0 {
		return Collected{}, fault.InvalidField("body.case_ids", "must not be empty")
	}
	var folders []surgical.Folder
	err := a.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		folders, err = r.Documents.OfCases(ctx, ids)
		return err
	})
	switch {
	case err != nil:
		return Collected{}, err
	case len(folders) == 0:
		return Collected{}, fault.New(fault.NotFound, "no_cases", "None of these cases exists.")
	case !anyFile(folders):
		return Collected{}, fault.New(fault.NotFound, "no_files", "None of these cases has a document.")
	}
	things := make([]string, len(folders))
	for i, f := range folders {
		things[i] = f.Thing()
	}
	return Collected{folders, a.pieces(ctx, folders)}, a.store.Logged(ctx, entry.Reading(things...))
}

func anyFile(folders []surgical.Folder) bool {
	for _, f := range folders {
		for _, kind := range archived {
			if _, ok := f.Files[kind]; ok {
				return true
			}
		}
	}
	return false
}

// pieces opens each document when its turn comes.
func (a *Archive) pieces(ctx context.Context, folders []surgical.Folder) iter.Seq[Piece] {
	return func(yield func(Piece) bool) {
		for _, folder := range folders {
			for _, kind := range archived {
				file, ok := folder.Files[kind]
				if !ok {
					continue
				}
				piece := a.open(ctx, Piece{Folder: folder, Kind: kind, File: file})
				if !yield(piece) || ctx.Err() != nil {
					return
				}
			}
		}
	}
}

// open opens the object of a document, and finds out what it is by its content: of what clients have uploaded elsewhere, the store
// knows what they have said.
func (a *Archive) open(ctx context.Context, p Piece) Piece {
	key := p.File.ObjectKey()
	want := document.Expect(key, p.File.Stored, p.File.Size, p.File.SHA256)
	body, o, err := a.deposit.Open(ctx, key, want)
	if errors.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "document_not_found", "The file was not uploaded yet, or is gone.")
	}
	if p.Err = err; err != nil {
		return p
	}
	p.Body, p.File.Size = body, o.Size
	if want.Size == 0 {
		content := bufio.NewReaderSize(body, document.HeadLength)
		head, _ := content.Peek(document.HeadLength) // what goes wrong is met again
		t, _ := document.Sniff(head)
		p.File.Type, p.Body = t.Media, detected{content, body}
	}
	return p
}

// detected is a document of which the beginning was looked at.
type detected struct {
	io.Reader
	io.Closer
}
