package api

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// somePDF begins as every PDF does, which is all that anybody looks at.
const somePDF = "%PDF-1.7\nthe body of a document\n%%EOF\n"

// planned adds to a body what a client says of somePDF before it uploads it.
func planned(body map[string]any) map[string]any {
	sum := sha256.Sum256([]byte(somePDF))
	body = maps.Clone(body)
	body["size_bytes"], body["content_type"], body["sha256"] = len(somePDF), "application/pdf", hex.EncodeToString(sum[:])
	return body
}

// filed gives a case a demo file.
func (p *program) filed(id, as string) string {
	p.t.Helper()
	p.upload("/case_files?case_id="+q(id)+"&kind=demo&file_name=demo.pdf", as, somePDF).is(201)
	return id
}

// upload sends a document as the body of a request.
func (p *program) upload(path, as, content string) answer {
	p.t.Helper()
	return p.send(http.MethodPost, path, as, content, "Content-Type", "application/pdf")
}

// uploadedByLink has root upload somePDF by a link, and gives the key to complete it with.
func (p *program) uploadedByLink(path string, body map[string]any) string {
	p.t.Helper()
	made := p.send(http.MethodPost, path+"/presign", root, planned(body)).is(200)
	p.follow(made, somePDF).is(200)
	return made.at("key").(string)
}

// follow sends content to where a link leads.
func (p *program) follow(made answer, content string, headers ...string) answer {
	p.t.Helper()
	for name, value := range made.at("link.headers").(map[string]any) {
		if name != "Content-Length" {
			headers = append(headers, name, value.(string))
		}
	}
	return p.send(made.at("link.method").(string), made.at("link.url").(string), "", content, headers...)
}

// linkToken gives the token of a link to the demo file of a case.
func (p *program) linkToken(id string) string {
	p.t.Helper()
	made := p.send(http.MethodPost, "/case_files/presign", root, map[string]any{"case_id": id, "kind": "demo", "use": "download"}).is(200)
	return strings.TrimPrefix(made.at("link.url").(string), "/file_links/")
}

// paper gives a user a document and the parameters that name it.
func (p *program) paper(user string) map[string]string {
	p.t.Helper()
	made := p.upload("/user_files?document_type=License&user_id="+q(user), user, somePDF).is(201)
	return map[string]string{"user_id": user, "document_id": fmt.Sprint(made.at("file.document_id"))}
}

func newCaseFile(s *abused, owner string) example {
	return example{query: map[string]string{"case_id": s.caseOf(owner), "kind": "demo"}, text: somePDF}
}

func theirCaseFile(s *abused, owner string) example {
	return example{query: map[string]string{"case_id": s.filed(s.caseOf(owner), owner), "kind": "demo"}}
}

func theirVersion(s *abused, owner string) example { return s.versioned(s.caseOf(owner), owner) }

// versioned gives a case a demo file that was replaced, and names it.
func (p *program) versioned(id, as string) example {
	p.t.Helper()
	replaced := p.filed(p.filed(id, as), as) // the first replaces the name that the draft came with
	list := p.get("/case_file_versions?case_id="+q(replaced), as).is(200)
	return example{query: map[string]string{"case_id": id, "kind": "demo", "replaced_by": fmt.Sprint(list.at("files.2.replaced_by"))}}
}

func plannedCaseFile(s *abused, owner string) example {
	return example{body: planned(map[string]any{"case_id": s.caseOf(owner), "kind": "note"})}
}

func completedCaseFile(s *abused, owner string) example {
	s.t.Helper()
	id := s.caseOf(owner)
	key := s.uploadedByLink("/case_files", map[string]any{"case_id": id, "kind": "note"})
	return example{body: map[string]any{"case_id": id, "kind": "note", "key": key}}
}

func newUserFile(s *abused, owner string) example {
	return example{query: map[string]string{"user_id": owner, "document_type": s.next("License")}, text: somePDF}
}

func theirUserFile(s *abused, owner string) example { return example{query: s.paper(owner)} }

func plannedUserFile(_ *abused, owner string) example {
	return example{body: planned(map[string]any{"user_id": owner})}
}

func completedUserFile(s *abused, owner string) example {
	s.t.Helper()
	key := s.uploadedByLink("/user_files", map[string]any{"user_id": owner})
	return example{body: map[string]any{"user_id": owner, "document_type": s.next("License"), "key": key}}
}
