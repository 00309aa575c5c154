package contract

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/support"
	"surgicase/ports"
	"surgicase/test/given"
)

// Bugs is the contract of ports.Bugs.
func Bugs(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"a bug comes back as stored, to the microsecond", bugRoundTrip},
		{"a bug that is not there is NotFound", unknownBug},
		{"a stale version changes nothing, and of twenty who save one does it", saveBug},
		{"what the tracker knows is noted, and never an older version", trackedBug},
		{"bugs come newest first, without closed ones, page by page", listBugs},
	})
}

func bugOf(reporter ident.UserID, n int) *support.Bug {
	return &support.Bug{
		Title: fmt.Sprintf("Bug %d 🫀", n), Description: "Zoë says:\nit does not work.", Page: "/cases/list", Priority: "high", Status: support.Open,
		Reporter: reporter, RequestID: "0f1e2d3c", CreatedAt: given.Morning, UpdatedAt: given.Morning.Add(time.Microsecond),
	}
}

func (w *world) addBug(b *support.Bug) support.Bug {
	w.t.Helper()
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Bugs.Add(ctx, b) })
	return *b
}

func (w *world) bug(id int64) support.Bug {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (support.Bug, error) { return r.Bugs.Get(ctx, id) })
}

func bugRoundTrip(w *world) {
	w.hire(1, "ann")
	b := w.addBug(bugOf("ann", 1))
	equal(w.t, "bug", w.bug(b.ID), b)
	equal(w.t, "version", b.Version, 1)
}

func unknownBug(w *world) {
	_, err := attempt(w, func(ctx context.Context, r ports.Repos) (support.Bug, error) { return r.Bugs.Get(ctx, 4711) })
	refused(w.t, err, fault.NotFound, "bug_not_found")
}

func saveBug(w *world) {
	w.hire(1, "ann")
	b := w.addBug(bugOf("ann", 1))
	oneWins(w.t, together(20, func(i int) error {
		return w.once(func(ctx context.Context, r ports.Repos) error {
			mine := b
			mine.Title, mine.Status, mine.UpdatedAt = fmt.Sprint(i), support.Resolved, given.Morning.Add(time.Hour)
			return r.Bugs.Save(ctx, &mine)
		})
	}), fault.Conflict, "changed_meanwhile")
	got := w.bug(b.ID)
	if got.Version != 2 || got.Status != support.Resolved || !got.UpdatedAt.Equal(given.Morning.Add(time.Hour)) || got.Page != b.Page {
		w.t.Errorf("saved as %+v", got)
	}
}

func trackedBug(w *world) {
	w.hire(1, "ann")
	b := w.addBug(bugOf("ann", 1))
	for _, x := range []struct {
		reference string
		version   int64
		want      string
	}{{"t-1", 2, "t-1 2"}, {"t-0", 1, "t-1 2"}, {"t-2", 2, "t-1 2"}, {"t-3", 3, "t-3 3"}} {
		w.do(func(ctx context.Context, r ports.Repos) error {
			return r.Bugs.Tracked(ctx, b.ID, x.reference, x.version)
		})
		got := w.bug(b.ID)
		equal(w.t, "tracked", fmt.Sprint(got.Tracked, " ", got.Told), x.want)
		equal(w.t, "version", got.Version, b.Version)
	}
}

func listBugs(w *world) {
	w.hire(1, "ann", "bob")
	var all []support.Bug
	for i := range 6 {
		b := bugOf([]ident.UserID{"ann", "bob"}[i%2], i)
		if i == 2 {
			b.Status = support.Closed
		}
		all = append(all, w.addBug(b))
	}
	titles := func(q support.Query) string {
		list := read(w, func(ctx context.Context, r ports.Repos) ([]support.Bug, error) { return r.Bugs.List(ctx, q) })
		if list == nil {
			w.t.Error("the list is nil")
		}
		var out []string
		for _, b := range list {
			out = append(out, b.Title[4:5])
		}
		return strings.Join(out, "")
	}
	equal(w.t, "open ones", titles(support.Query{Limit: 10}), "54310")
	equal(w.t, "all", titles(support.Query{All: true, Limit: 10}), "543210")
	equal(w.t, "ann's", titles(support.Query{Reporter: "ann", Limit: 10}), "40")
	equal(w.t, "ann's, all", titles(support.Query{Reporter: "ann", All: true, Limit: 10}), "420")
	equal(w.t, "a page", titles(support.Query{Limit: 2, Before: all[4].ID}), "31")
	equal(w.t, "none", titles(support.Query{Reporter: "Ann", Limit: 2}), "")
}

// ClientRequests is the contract of ports.ClientRequests.
func ClientRequests(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{{"reports are forgotten when they are old, oldest first, as many as asked for", forgetReports}})
}

func forgetReports(w *world) {
	for i := range 5 {
		w.do(func(ctx context.Context, r ports.Repos) error {
			return r.ClientRequests.Add(ctx, support.ClientRequest{
				User: "ann", Method: "GET", Path: "/case", Status: 200, TookMS: 35, LoggedAt: given.Morning.Add(time.Duration(i) * time.Hour),
			})
		})
	}
	for _, want := range []int{2, 1, 0} {
		var gone int
		w.do(func(ctx context.Context, r ports.Repos) (err error) {
			gone, err = r.ClientRequests.Forget(ctx, given.Morning.Add(3*time.Hour), 2)
			return err
		})
		equal(w.t, "forgotten", gone, want)
	}
}

// Tracked is a bug tracker to be tried, and what lies behind it.
type Tracked struct {
	ports.BugTracker
	Keeps   bool // whether it keeps bugs at all
	Lose    func(reference string)
	Trouble map[string]func(on bool) // ways of failing, by the code that they must lead to and what they are
}

// BugTracker is the contract of ports.BugTracker.
func BugTracker(t *testing.T, open func(*testing.T) Tracked) {
	t.Run("a bug is filed and brought up to date", func(t *testing.T) { fileBug(t, open(t)) })
	for what := range open(t).Trouble {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			troubledTracker(t, open(t), what)
		})
	}
}

func fileBug(t *testing.T, tracker Tracked) {
	b := *bugOf("ann", 1)
	b.ID = 5
	reference, err := tracker.Report(t.Context(), b)
	if err != nil || (reference != "") != tracker.Keeps {
		t.Fatalf("%q, %v", reference, err)
	}
	b.Title = "Another title"
	if err := tracker.Update(t.Context(), reference, b); err != nil {
		t.Error(err)
	}
	if !tracker.Keeps {
		return
	}
	tracker.Lose(reference)
	refused(t, tracker.Update(t.Context(), reference, b), fault.NotFound, "tracked_bug_not_found")
}

func troubledTracker(t *testing.T, tracker Tracked, what string) {
	code, _, _ := strings.Cut(what, ": ")
	kind := fault.Unavailable
	if code == "bug_refused" {
		kind = fault.Invalid
	}
	b := *bugOf("ann", 1)
	tracker.Trouble[what](true)
	_, err := tracker.Report(t.Context(), b)
	refused(t, err, kind, code)
	if err != nil && (strings.Contains(err.Error(), given.ClickUpToken) || strings.Contains(err.Error(), "does not work")) {
		t.Errorf("the fault says too much: %v", err)
	}
	tracker.Trouble[what](false)
	if _, err := tracker.Report(t.Context(), b); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
