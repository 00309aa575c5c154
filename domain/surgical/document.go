package surgical

import (
	"strconv"

	"surgicase/domain/ident"
)

// Document is a document of a case. Those that are not current were replaced or taken away: Replaced is the version of
// the case that did so, which names the document among those of its kind. It is 0 for the current one.
type Document struct {
	Kind     FileKind
	Current  bool
	Replaced int64
	File
}

// Folder is a case with the documents that it shows.
type Folder struct {
	ID      ident.CaseID
	Number  int64
	Owner   ident.UserID
	Patient Patient
	Files   map[FileKind]File
}

// ObjectKey is the key in the clear, for the store of objects and nobody else.
func (f File) ObjectKey() string { return f.Key.ForStore() }

// Thing is how the audit trail names the case where it is one of many.
func (f Folder) Thing() string { return strconv.FormatInt(f.Number, 10) }
