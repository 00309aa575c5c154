package cases

import (
	"context"
	"slices"

	"surgicase/domain/audit"
	"surgicase/domain/document"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// versionField is how the audit log names a read or removal of documents that were replaced, after the field of their kind.
const versionField = "version"

// Versions returns all documents that a case has and had: those that it shows, those that were replaced and those that
// were taken away.
//
// Faults: NotFound.
func (f *Files) Versions(ctx context.Context, who permission.Actor, id ident.CaseID) ([]surgical.Document, error) {
	var documents []surgical.Document
	_, err := f.read(ctx, who, id, func(ctx context.Context, r ports.Repos) (err error) {
		documents, err = r.Documents.OfCase(ctx, id)
		return err
	}, versionField)
	return documents, err
}

// OpenVersion finds a document of a case that was replaced or taken away, and its object.
//
// Faults: NotFound "case_not_found", "version_not_found"; Unavailable.
func (f *Files) OpenVersion(
	ctx context.Context, who permission.Actor, id ident.CaseID, kind surgical.FileKind, replaced int64,
) (document.Opened, error) {
	var d surgical.Document
	_, err := f.read(ctx, who, id, func(ctx context.Context, r ports.Repos) (err error) {
		d, err = replacedDocument(ctx, r, id, kind, replaced)
		return err
	}, kind.Field(), versionField)
	if err != nil {
		return document.Opened{}, err
	}
	return f.opened(ctx, id, d.File, true)
}

// RemoveVersion removes a document that was replaced or taken away, named by the version of the case that did so, and its
// object: the case shows it no more, and it counts against the quotas of the case. Whoever may replace a document may do so.
//
// Faults: NotFound "case_not_found", "version_not_found"; Forbidden; Conflict "case_locked"; Conflict
// "document_not_uploaded" for one that its client has put into the storage under a name of its own.
func (f *Files) RemoveVersion(
	ctx context.Context, who permission.Actor, id ident.CaseID, kind surgical.FileKind, replaced int64,
) (surgical.Document, error) {
	s := f.cases
	var gone surgical.Document
	err := s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		c, err := s.load(ctx, r, who, id, 0)
		if err != nil {
			return err
		}
		if err := c.MayAttach(who, kind); err != nil {
			return err
		}
		if gone, err = replacedDocument(ctx, r, id, kind, replaced); err != nil {
			return err
		}
		if err := requireUploaded(id, gone); err != nil {
			return err
		}
		if err := r.Documents.RemoveReplaced(ctx, c.Number, gone); err != nil {
			return err
		}
		if err := r.Outbox.Put(ctx, ports.SweepObject, gone.ObjectKey(), s.clock.Now()); err != nil {
			return err
		}
		entry := audit.Record(who, permission.EditCase, "case", string(id), s.clock.Now())
		return r.Audit.Record(ctx, entry.Changing([]string{kind.Field(), versionField}, nil, nil))
	})
	s.happened(ctx, "document.version_removed", who, err)
	return gone, s.refused(ctx, who, permission.EditCase, id, err)
}

func replacedDocument(
	ctx context.Context, r ports.Repos, id ident.CaseID, kind surgical.FileKind, replaced int64,
) (surgical.Document, error) {
	documents, err := r.Documents.OfCase(ctx, id)
	if err != nil {
		return surgical.Document{}, err
	}
	at := slices.IndexFunc(documents, func(d surgical.Document) bool {
		return !d.Current && d.Kind == kind && d.Replaced == replaced
	})
	if at < 0 {
		return surgical.Document{}, fault.New(fault.NotFound, "version_not_found",
			"The case has no such replaced document.").Naming("case_id", string(id))
	}
	return documents[at], nil
}

// requireUploaded refuses to remove what its client has put into the storage itself.
func requireUploaded(id ident.CaseID, d surgical.Document) error {
	if _, ours := document.PlaceOf(d.ObjectKey()); ours {
		return nil
	}
	return fault.New(fault.Conflict, "document_not_uploaded",
		"This document was put into the storage by its client, so it counts against no quota and stays.").
		Naming("case_id", string(id))
}
