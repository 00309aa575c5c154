package api

import (
	"fmt"
)

// ready gives a case that a payment run takes.
func (s *abused) ready() string {
	s.t.Helper()
	id := s.next("c")
	s.standing(10, "dr-a", s.at, id)
	return id
}

// opened gives a run with one open payment.
func (s *abused) opened() string {
	s.t.Helper()
	id := s.ready()
	return fmt.Sprint(s.allMove(root, 15, []string{id}).at("run_id"))
}

// aReport asks for a preview of what dr-a has open.
func aReport(s *abused) example {
	s.opened()
	return example{query: map[string]string{"user_id": "dr-a", "start_date": "2026-01-01", "end_date": "2026-12-31", "email_type": "weekly"}}
}

func anExport(s *abused) example {
	return example{body: map[string]any{
		"case_ids": []any{s.draft()}, "all": false, "start_date": "2026-01-01", "end_date": "2026-12-31", "filter": "0,1,10",
	}}
}

// theirRun asks for one's own report of a run that pays the owner.
func theirRun(s *abused, owner string) example {
	s.t.Helper()
	run, _ := s.runOf(owner)
	return example{query: map[string]string{"run_id": run}}
}

// theirReport names a stored report of the owner.
func theirReport(s *abused, owner string) example {
	s.t.Helper()
	run, opener := s.runOf(owner)
	made := s.get("/individual_provider_reports?run_id="+run, opener).is(200)
	return example{path: map[string]string{"file_id": fmt.Sprint(made.at("files.0.file_id"))}}
}

// runOf gives a run that pays the owner one case. Nobody pays himself, so somebody else has opened it.
func (s *abused) runOf(owner string) (run, opener string) {
	s.t.Helper()
	opener, at := root, s.at
	if owner == root {
		opener, at = "global-admin", s.own
	}
	if theirs, known := s.places[owner]; known {
		at = theirs
	}
	id := s.next("c")
	s.drafts(owner, at, id)
	s.allMove(opener, 10, []string{id})
	return fmt.Sprint(s.allMove(opener, 15, []string{id}).at("run_id")), opener
}

func aRun(s *abused) example { return example{path: map[string]string{"run_id": s.opened()}} }

func nothing(*abused) example { return example{} }

func ofDrA(*abused) example { return example{query: map[string]string{"user_id": "dr-a"}} }

func between(*abused) example {
	return example{query: map[string]string{"start_date": "2026-01-01", "end_date": "2026-12-31"}}
}

func aCase(s *abused) example { return example{query: map[string]string{"case_id": s.draft()}} }

func aGroup(s *abused) example { return example{path: map[string]string{"group_id": s.newGroup()}} }

func documents() []any {
	return []any{map[string]any{"document_type": "Medical License", "document_name": "license.pdf"}}
}
