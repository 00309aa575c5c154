package api

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/ident"
)

// sixCases stand where the table of reference-rules.md 1.4 has them; their ids sort the other way.
var sixCases = map[int]string{0: "c-6", 10: "c-5", 15: "c-4", 20: "c-3", 30: "c-2", 500: "c-1"}

func (p *program) sixCases(owner string, at place) {
	p.t.Helper()
	p.prices()
	for status, id := range sixCases {
		p.standing(status, owner, at, id)
	}
}

// shown gives the statuses of a list, in its order.
func (a answer) shown() []int {
	a.t.Helper()
	shown := []int{}
	for _, c := range a.at("cases").([]any) {
		shown = append(shown, int(c.(map[string]any)["case_status"].(float64)))
	}
	return shown
}

func TestAFilterWorksOnWhatIsShownAndFindsNothingAboveTheCap(t *testing.T) {
	everywhere(t, func(p *program) {
		p.sixCases("provider", p.cast()["provider"])
		for _, x := range []struct {
			as, filter string
			top        int
			shown      []int
		}{
			{"provider", "all", 0, []int{0, 10, 15, 20, 20, 20}},
			{"provider", "", 0, []int{0, 10, 15, 20, 20, 20}},
			{"provider", "20", 0, []int{20, 20, 20}},
			{"provider", "10,20", 0, []int{10, 20, 20, 20}},
			{"provider", "30", 0, []int{}},
			{"provider", "500", 0, []int{}},
			{"provider", "30,500,10", 0, []int{10}},
			{"provider", "x", 0, []int{0, 10, 15, 20, 20, 20}},
			{"provider", "x,15", 0, []int{15}},
			{"provider", "1", 0, []int{}},
			{"provider", "all", 10, []int{0, 10, 10, 10, 10, 10}},
			{"provider", "10", 10, []int{10, 10, 10, 10, 10}},
			{"provider", "15", 10, []int{}},
			{"provider", "20", 10, []int{}},
			{"provider", "all", 30, []int{0, 10, 15, 20, 30, 30}},
			{"provider", "500", 30, []int{}},
			{"provider", "all", 500, []int{0, 10, 15, 20, 30, 500}},
			{"case-admin", "all", 0, []int{0, 10, 15, 20, 30, 500}},
			{"case-admin", "30", 0, []int{30}},
			{"case-admin", "20", 0, []int{20}},
			{"case-admin", "20,500", 0, []int{20, 500}},
		} {
			p.capped(x.as, x.top)
			list := p.get("/case_filter?user_id=provider&filter="+q(x.filter), x.as).is(200)
			if got := list.shown(); !slices.Equal(got, x.shown) {
				p.t.Errorf("%s with cap %d filters %q and is shown %v, want %v", x.as, x.top, x.filter, got, x.shown)
			}
		}
		p.get("/case_filter?filter=20,x", "provider").is(200).has("filter.0", 20)
		p.get("/case_filter?filter=all", "provider").is(200).has("filter.0", "all")
		by := p.get("/cases_by_status?filter=all", "case-admin").is(200).has("filter", "all")
		if got := by.shown(); !slices.Equal(got, []int{0, 10, 15, 20, 30, 500}) {
			p.t.Errorf("cases_by_status shows %v", got)
		}
	})
}

func TestWhatLiesAboveTheCapIsHiddenEverywhere(t *testing.T) {
	everywhere(t, func(p *program) {
		p.sixCases("provider", p.cast()["provider"])
		hidden := []string{"sent_to_biller_ts", "closed_ts", "Sent to biller", "Closed"}
		for status, id := range sixCases {
			own := p.get("/case?case_id="+id, "provider").is(200)
			full := p.get("/case?case_id="+id, "case-admin").is(200).has("case.case_status", status, "case.pay_status", "priced")
			history := p.get("/case_history?case_id="+id, "provider").is(200).lacks(hidden...)
			if (status > 20) != (own.header.Get("ETag") != full.header.Get("ETag")) {
				p.t.Errorf("at %d the ETags are %s and %s", status, own.header.Get("ETag"), full.header.Get("ETag"))
			}
			moves := len(history.at("history").([]any))
			all := len(p.get("/case_history?case_id="+id, "case-admin").is(200).at("history").([]any))
			if status <= 20 {
				own.has("case.case_status", status, "case.pay_status", "priced")
				if moves != all || fmt.Sprint(own.at("case.run_id")) != fmt.Sprint(full.at("case.run_id")) {
					p.t.Errorf("at %d the owner sees %d moves of %d", status, moves, all)
				}
				continue
			}
			// As of a case that stands at 20, which has been paid in a run.
			own.has("case.case_status", 20, "case.pay_status", "priced", "case.run_id", full.at("case.run_id")).lacks(hidden...)
			p.get("/case_pay?case_id="+id, "provider").is(200).has("pay_status", "priced", "pay_amount", 1000)
			if moves != all-1 || full.at("case.run_id") == nil {
				p.t.Errorf("at %d the owner sees %d moves of %d", status, moves, all)
			}
			p.send("PATCH", "/case", "provider", map[string]any{"case_id": id, "misc_file": "x.pdf"}).is(200).
				has("status_update.case_status", 20).lacks("500", "30", "waived")
		}
		list := p.get("/case_filter", "provider").is(200).lacks(hidden...)
		list.has("cases.0.case_status", 0, "cases.0.case_status_desc", "Draft", "cases.5.case_status_desc", "Paid", "cases.5.pay_status", "priced")
		p.capped("provider", 10)
		p.get("/case?case_id="+sixCases[15], "provider").is(200).has("case.case_status", 10, "case.pay_status", "priced", "case.run_id", nil).lacks("pending_payment_ts")
		p.get("/case_history?case_id="+sixCases[20], "provider").is(200).lacks("Pending", "Paid", `status":15`, `status":20`)
	})
}

// What happens above the cap is not to be read from the time of the last change either.
func TestTheLastChangeOfACaseDoesNotTellWhatTheCapHides(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		p.capped("provider", 10)
		p.join("group-admin", true, "provider", false)
		p.capped("group-admin", 15)
		p.drafts("provider", at, "c-1")
		since := map[int]string{}
		for _, status := range []int{10, 15, 20, 30} {
			p.clock.Advance(time.Hour)
			p.allMove("system-admin", status, []string{"c-1"})
			since[status] = p.clock.Now().Format(time.RFC3339Nano)
			shown := map[string]string{"provider": since[10], "group-admin": since[min(status, 15)], "case-admin": since[status]}
			for who, want := range shown {
				p.get("/case?case_id=c-1", who).is(200).has("case.case_updated_ts", want)
				p.get("/case_filter?user_id=provider", who).is(200).has("cases.0.case_updated_ts", want)
			}
			p.get("/group_cases", "group-admin").is(200).has("cases.0.case_updated_ts", shown["group-admin"])
		}
		p.clock.Advance(time.Hour)
		p.send(http.MethodPatch, "/case", "provider", map[string]any{"case_id": "c-1", "misc_file": "x.pdf"}).is(200)
		p.get("/case?case_id=c-1", "provider").is(200).has("case.case_updated_ts", since[10]).lacks(since[15], since[20], since[30])
		for _, status := range []int{15, 10} { // back among what he sees, he is told the truth again
			p.clock.Advance(time.Hour)
			p.move("system-admin", status, []string{"c-1"}, "force", true, "reason", "back").is(200)
		}
		p.get("/case?case_id=c-1", "provider").is(200).has("case.case_status", 10, "case.case_updated_ts", p.clock.Now().Format(time.RFC3339Nano))
	})
}

func TestAWaivedCaseAboveTheCapDoesNotGiveItselfAway(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		p.waived(400, "provider", at, "c-1")
		p.get("/case?case_id=c-1", "provider").is(200).has("case.case_status", 20, "case.pay_status", "priced").lacks("waived", "rejected", "400")
		p.get("/case_pay?case_id=c-1", "provider").is(200).lacks("waived")
		p.get("/case_history?case_id=c-1", "provider").is(200).lacks("never paid", "400")
		p.get("/case?case_id=c-1", "case-admin").is(200).has("case.case_status", 400, "case.pay_status", "waived")
	})
}

func TestCursorsOfCappedCallersHoldNoTrueStatus(t *testing.T) {
	everywhere(t, func(p *program) {
		p.sixCases("provider", p.cast()["provider"])
		next := "/case_filter?limit=1"
		for seen := 0; next != ""; seen++ {
			page := p.get(next, "provider").is(200)
			if next = nextOf(page); next == "" {
				if seen != len(sixCases)-1 {
					p.t.Errorf("only %d pages", seen+1)
				}
				return
			}
			u, err := url.Parse(next)
			if err != nil {
				p.t.Fatal(err)
			}
			cursor, err := base64.RawURLEncoding.DecodeString(u.Query().Get("cursor"))
			if err != nil || strings.Contains(string(cursor), ":30") || strings.Contains(string(cursor), ":500") {
				p.t.Errorf("the cursor says %s (%v)", cursor, err)
			}
		}
	})
}

// nextOf gives the path of the next page, "" after the last.
func nextOf(a answer) string {
	next, _, more := strings.Cut(strings.TrimPrefix(a.header.Get("Link"), "<"), ">; rel=\"next\"")
	if !more {
		return ""
	}
	return next
}

func TestListsArePagedWithoutLossOrRepetition(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		ids := names("c", 23)
		p.drafts("provider", at, ids...)
		p.allMove("case-admin", 1, ids[:9])
		p.join("group-admin", true, "provider", false)
		for path, as := range map[string]string{"/case_filter?user_id=provider&": "case-admin", "/cases_by_status?": "case-admin", "/group_cases?": "group-admin"} {
			whole := p.get(path+"count=true", as).is(200)
			if total := whole.header.Get("X-Total-Count"); total != "23" {
				p.t.Errorf("%s counts %s", path, total)
			}
			var paged []any
			for next := path + "limit=5"; next != ""; {
				page := p.get(next, as).is(200)
				paged = append(paged, page.at("cases").([]any)...)
				next = nextOf(page)
			}
			if fmt.Sprint(paged) != fmt.Sprint(whole.at("cases")) {
				p.t.Errorf("%s gives %d cases in pages and %d at once, or in another order", path, len(paged), len(whole.at("cases").([]any)))
			}
		}
	})
}

func TestAGroupAdminIsShownWhatHisOwnCapAllows(t *testing.T) {
	everywhere(t, func(p *program) {
		p.sixCases("provider", p.cast()["provider"])
		p.join("group-admin", true, "provider", false)
		p.capped("provider", 500)
		list := p.get("/group_cases", "group-admin").is(200).lacks("Closed", "closed_ts")
		if got := list.shown(); !slices.Equal(got, []int{0, 10, 15, 20, 20, 20}) {
			p.t.Errorf("the group admin is shown %v", got)
		}
		p.get("/case?case_id="+sixCases[500], "group-admin").is(200).has("case.case_status", 20, "case.pay_status", "priced")
		p.get("/case?case_id="+sixCases[500], "provider").is(200).has("case.case_status", 500)
	})
}

func TestOnlyAnAdministratorOfTheGroupSeesItsMembersCases(t *testing.T) {
	everywhere(t, func(p *program) {
		places := p.cast()
		p.prices()
		p.drafts("provider", places["provider"], "theirs")
		p.drafts("case-admin", places["case-admin"], "of-an-admin")
		p.get("/case?case_id=theirs", "group-admin").refused(404, "case_not_found")
		p.get("/case_filter?user_id=provider", "group-admin").refused(403, "not_your_data")
		p.join("group-admin", false, "provider", false)
		p.get("/case?case_id=theirs", "group-admin").refused(404, "case_not_found")
		p.join("group-admin", true, "case-admin", false)
		p.get("/case?case_id=of-an-admin", "group-admin").refused(404, "case_not_found")
		p.join("group-admin", true, "provider", true)
		p.get("/case?case_id=theirs", "group-admin").is(200)
		p.get("/case_filter?user_id=provider", "group-admin").is(200)
		p.get("/case_pay?case_id=theirs", "group-admin").refused(404, "case_not_found")
		// The mark alone does not make a provider a group admin.
		p.drafts("group-admin", places["group-admin"], "of-the-group-admin")
		p.get("/case?case_id=of-the-group-admin", "provider").refused(404, "case_not_found")
		p.get("/group_cases", "provider").refused(403, "not_allowed")
	})
}

// join makes a group of two users.
func (p *program) join(one string, oneAdmin bool, two string, twoAdmin bool) {
	p.t.Helper()
	p.group(directory.Membership{User: ident.UserID(one), Admin: oneAdmin}, directory.Membership{User: ident.UserID(two), Admin: twoAdmin})
}

// TestACaseAboveTheCapAnswersAsOneAtIt compares every answer about a case that went on above the cap of its owner
// with that about one that stands at the cap: they differ in ids and times, and in nothing else.
func TestACaseAboveTheCapAnswersAsOneAtIt(t *testing.T) {
	everywhere(t, func(p *program) {
		at := p.cast()["provider"]
		p.prices()
		for i, x := range []struct{ limit, above int }{{10, 15}, {10, 20}, {10, 30}, {10, 400}, {15, 20}, {20, 30}, {20, 500}, {1, 10}, {1, 20}, {1, 400}} {
			p.capped("provider", 0)
			answers := map[string][]answer{}
			for _, what := range []string{"at", "up"} {
				id, to := fmt.Sprintf("c-%s-%d", what, i), x.limit
				body := caseOf(id, "provider", at, "demo_file", "d.pdf", "note_file", "n.pdf", "procedure_codes", []string{"Z9001"})
				p.send(http.MethodPost, "/case", "provider", body, "Idempotency-Key", id).is(201)
				if what == "up" {
					to = x.above
				}
				if to == 400 && x.limit >= 10 { // what skips the cap was never there, and its history says so
					p.goOn(id, x.limit)
				}
				p.goOn(id, to)
				p.capped("provider", x.limit)
				answers[what] = []answer{
					p.get("/case?case_id="+id, "provider"), p.get("/case_history?case_id="+id, "provider"), p.get("/case_pay?case_id="+id, "provider"),
					p.send(http.MethodPost, "/case", "provider", body, "Idempotency-Key", id),
					p.get("/case_files?case_id="+id, "provider"),
					p.send(http.MethodPatch, "/case", "provider", map[string]any{"case_id": id, "misc_file": "m.pdf"}),
					p.send(http.MethodPatch, "/case", "provider", map[string]any{"case_id": id, "ins_provider": "Another"}),
					p.send(http.MethodDelete, "/case?case_id="+id, "provider", nil, "If-Match", `"another"`),
				}
				if x.limit < 20 {
					answers[what] = append(answers[what], p.get("/my_payment_report", "provider"), p.get("/my_payment_report?run_id=1", "provider"))
				}
				p.capped("provider", 0)
				p.send(http.MethodPost, "/cases", "case-admin", map[string]any{"case_ids": []string{id}}).is(200)
			}
			for n, a := range answers["at"] {
				b := answers["up"][n]
				left, right := withoutIDsAndTimes(a, fmt.Sprintf("-at-%d", i)), withoutIDsAndTimes(b, fmt.Sprintf("-up-%d", i))
				if x.limit == 1 && (n == 5 || n == 6) {
					continue // whether it can still be changed is not hidden
				}
				if a.status != b.status || left != right {
					t.Errorf("cap %d, case at %d, answer %d: %d and %d\n%s\n%s", x.limit, x.above, n, a.status, b.status, left, right)
				}
			}
		}
	})
}

// goOn brings a submitted case to a status.
func (p *program) goOn(id string, to int) {
	p.t.Helper()
	switch to {
	case 1:
	case 400:
		p.allMove("system-admin", 400, []string{id}, "reason", "refused")
	default:
		for _, step := range []int{10, 15, 20, to} {
			if step <= to && !strings.Contains(p.get("/case?case_id="+id, "case-admin").is(200).text(), fmt.Sprintf(`"case_status":%d,`, to)) {
				p.allMove("system-admin", step, []string{id})
			}
		}
	}
}

func (a answer) text() string { return string(a.raw) }

var idsAndTimes = regexp.MustCompile(`"(human_case_id|run_id|instance|surgeon_id|facility_id|cursor)":("[^"]*"|\d+)|\d{4}-\d\d-\d\dT[0-9:.]+Z|"patient_first":"[^"]*"`)

func withoutIDsAndTimes(a answer, id string) string {
	return idsAndTimes.ReplaceAllString(strings.ReplaceAll(string(a.raw), id, ""), "")
}
