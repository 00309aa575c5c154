package api

import (
	"net/http"
	"testing"

	"surgicase/domain/directory"
)

// paperNamed says that a user has a document that the client uploads itself.
func paperNamed(kind, name string) map[string]any {
	return map[string]any{"document_type": kind, "document_name": name}
}

// TestWhatWasUploadedForAUserStaysUntilItIsDeleted: a list of names neither removes content nor gives its
// number to something else.
func TestWhatWasUploadedForAUserStaysUntilItIsDeleted(t *testing.T) {
	everywhere(t, func(p *program) {
		p.cast()
		patch := func(documents any) answer {
			return p.send(http.MethodPatch, "/user", "provider", map[string]any{"user_id": "provider", "documents": documents})
		}
		patch([]any{paperNamed("DEA", "a.pdf")}).is(200).has("updated_fields.0", "documents")
		if number := p.paper("provider")["document_id"]; number != "3" { // 1 was replaced by 2
			p.t.Errorf("the first upload is number %s", number)
		}
		for _, documents := range []any{[]any{paperNamed("DEA", "b.pdf")}, []any{}, []any{paperNamed("License", "other.pdf")}, nil} {
			patch(documents).is(200).has("updated_fields.0", "documents")
			if got := p.get("/user_file?user_id=provider&document_id=3", "provider").is(200); string(got.raw) != somePDF {
				p.t.Errorf("after %v it is %q", documents, got.raw)
			}
			if again := patch(documents).is(200); len(again.at("updated_fields").([]any)) != 0 {
				p.t.Errorf("the same again changes %v", again.at("updated_fields"))
			}
		}
		p.get("/user_files?user_id=provider", "provider").is(200).has("files.0.document_id", 3, "files.0.file_name", "document.pdf").lacks("other.pdf")

		remove := func() answer {
			return p.send(http.MethodDelete, "/user_file?user_id=provider&document_id=3", "provider", nil)
		}
		remove().is(200)
		if number := p.paper("provider")["document_id"]; number == "3" {
			p.t.Error("the number of a document that is gone was given again")
		}
		remove().refused(404, "document_not_found")
		p.get("/user_files?user_id=provider", "provider").is(200).has("files.0.document_type", "License")
	})
}

// TestAUserHasAHundredDocuments counts those that were uploaded.
func TestAUserHasAHundredDocuments(t *testing.T) {
	p := start(t, databases[0].url(t), nil)
	p.cast()
	p.paper("provider")
	var named []any
	for range directory.MaxDocuments {
		named = append(named, paperNamed("DEA", "a.pdf"))
	}
	patch := func(documents []any) answer {
		return p.send(http.MethodPatch, "/user", "provider", map[string]any{"user_id": "provider", "documents": documents})
	}
	patch(named).refused(409, "too_many_documents")
	patch(named[1:]).is(200)
	p.upload("/user_files?document_type=License&user_id=provider", "provider", somePDF).refused(409, "too_many_documents")
}
