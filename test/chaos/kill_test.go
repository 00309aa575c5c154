// Package chaos kills the program while it works and looks at what is left.
package chaos

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"surgicase/test/given"
)

// The load and the moment of the kill.
const (
	writers  = 8
	rounds   = 2
	atLeast  = 20 * time.Millisecond // after the first case was acknowledged
	spread   = 700 * time.Millisecond
	patience = 30 * time.Second
)

func TestWhatWasAcknowledgedSurvivesAKill(t *testing.T) {
	for _, db := range []struct {
		name string
		url  func(testing.TB) string
	}{{"SQLite", given.TempSQLite}, {"MariaDB", given.MariaDB}} {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			p := install(t, db.url(t))
			p.start()
			at := p.stage()
			var acknowledged []string
			for round := 1; round <= rounds; round++ {
				acknowledged = append(acknowledged, p.killUnderLoad(round, at)...)
				p.start()
				p.wantAll(acknowledged)
				stored := p.wantWhole()
				t.Logf("%s, round %d: %d cases acknowledged so far, %d stored, all of them whole", db.name, round, len(acknowledged), stored)
			}
			p.kill()
		})
	}
}

// killUnderLoad has cases recorded from all sides, kills the program in the middle of it and gives the
// ids of the cases that were acknowledged.
func (p *process) killUnderLoad(round int, at place) []string {
	p.t.Helper()
	var mu sync.Mutex
	var acknowledged []string
	first := make(chan struct{})
	stop := make(chan struct{})
	var busy sync.WaitGroup
	for writer := range writers {
		busy.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				id := fmt.Sprintf("r%d-w%d-%04d", round, writer, i)
				if status, _, err := p.send(http.MethodPost, "/case", provider, caseOf(id, at)); err != nil || status != http.StatusCreated {
					continue // killed, or not there any more
				}
				mu.Lock()
				if acknowledged = append(acknowledged, id); len(acknowledged) == 1 {
					close(first)
				}
				mu.Unlock()
			}
		})
	}
	select {
	case <-first:
	case <-time.After(patience):
		p.t.Fatal("no case was acknowledged")
	}
	pause := atLeast + rand.N(spread)
	time.Sleep(pause)
	p.kill()
	close(stop)
	busy.Wait()
	p.t.Logf("round %d: killed %v after the first of %d acknowledged cases", round, pause.Round(time.Millisecond), len(acknowledged))
	return acknowledged
}

// wantAll reads the acknowledged cases back, page by page, and looks at every part of them.
func (p *process) wantAll(ids []string) {
	p.t.Helper()
	found := map[string]map[string]any{}
	for next := "/case_filter?limit=1000"; next != ""; {
		status, page, err := p.send(http.MethodGet, next, provider, nil)
		if err != nil || status != http.StatusOK {
			p.t.Fatalf("the list of cases: %d, %v", status, err)
		}
		for _, c := range page.body["cases"].([]any) {
			one := c.(map[string]any)
			found[one["case_id"].(string)] = one
		}
		next = page.next()
	}
	for _, id := range ids {
		c, ok := found[id]
		if !ok {
			p.t.Errorf("%s was acknowledged and is lost", id)
			continue
		}
		codes, _ := c["procedure_codes"].([]any)
		if len(codes) != 2 || c["demo_file"] != "demo-"+id+".pdf" || c["note_file"] != "note-"+id+".pdf" || c["pay_amount"] != 1000.0 || c["case_status"] != 1.0 ||
			c["patient_last"] != "Patient-"+id {
			p.t.Errorf("%s came back as %v", id, c)
		}
	}
}

// partsOfCases are queries for cases that lack a part, whether they were acknowledged or not.
var partsOfCases = map[string]string{
	"two codes":           "SELECT c.case_id FROM cases c WHERE (SELECT COUNT(*) FROM case_procedure_codes x WHERE x.human_case_id = c.human_case_id) <> 2",
	"two documents":       "SELECT c.case_id FROM cases c WHERE (SELECT COUNT(*) FROM case_documents x WHERE x.human_case_id = c.human_case_id) <> 2",
	"its history":         "SELECT c.case_id FROM cases c WHERE (SELECT COUNT(*) FROM case_history x WHERE x.human_case_id = c.human_case_id AND x.to_status = 1) <> 1",
	"a price":             "SELECT c.case_id FROM cases c WHERE c.pay_amount_cents <> 100000 OR c.pay_status <> 'priced' OR c.case_status <> 1",
	"one audit entry":     "SELECT c.case_id FROM cases c WHERE (SELECT COUNT(*) FROM audit_entries a WHERE a.entity = 'case' AND a.entity_id = c.case_id AND a.action = 'case.create' AND a.outcome = 'done') <> 1",
	"a case for its id":   "SELECT i.case_id FROM case_ids i LEFT JOIN cases c ON c.human_case_id = i.human_case_id WHERE c.case_id IS NULL OR c.case_id <> i.case_id",
	"a case for an entry": "SELECT a.entity_id FROM audit_entries a LEFT JOIN cases c ON c.case_id = a.entity_id WHERE a.action = 'case.create' AND a.outcome = 'done' AND c.case_id IS NULL",
}

// wantWhole looks for half cases past the program, and counts the whole ones.
func (p *process) wantWhole() int {
	p.t.Helper()
	for part, query := range partsOfCases {
		if ids := p.query(query); len(ids) > 0 {
			p.t.Errorf("%d cases lack %s, such as %s", len(ids), part, ids[0])
		}
	}
	return len(p.query("SELECT case_id FROM cases"))
}
