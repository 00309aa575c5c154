package contract

import (
	"context"
	"fmt"
	"testing"
	"time"

	"surgicase/domain/fault"
	"surgicase/domain/mail"
	"surgicase/ports"
	"surgicase/test/given"
)

// Letters is the contract of ports.Letters.
func Letters(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"a letter comes back as stored, to the microsecond", letterRoundTrip},
		{"a letter that is not there is NotFound", unknownLetter},
		{"an occasion has one letter for an address and user", letterOnce},
		{"of twenty who add the same letter one does it", racingLetters},
		{"what becomes of a letter is written unless somebody else went on with it", saveLetter},
		{"of twenty who save the same attempt one does it", racingSavers},
		{"the log comes newest first, filtered, page by page, without texts", letterLog},
		{"a page of the log costs one statement", letterCost},
		{"a letter is posted with its task, one that is not to be sent without", postLetter},
	})
}

func letterOf(occasion, to string) *mail.Posted {
	return &mail.Posted{
		MessageID: "0190-" + occasion + "@example.com", Occasion: occasion, Kind: mail.PaymentReport, Rhythm: mail.Weekly, To: to, User: "dr-a", Run: 7,
		Subject: "Zoë's report 🫀", Text: "Good morning.\n", Enclosed: []mail.StoredFile{{Key: "reports/a.pdf", Name: "a.pdf", ContentType: "application/pdf"}},
		Status: mail.Queued, CreatedAt: given.Morning, CreatedBy: "system:auto",
	}
}

func (w *world) addLetter(p *mail.Posted) mail.Posted {
	w.t.Helper()
	w.do(func(ctx context.Context, r ports.Repos) error { return r.Letters.Add(ctx, p) })
	return *p
}

func (w *world) letter(id int64) mail.Posted {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) (mail.Posted, error) { return r.Letters.Get(ctx, id) })
}

func (w *world) letters(q mail.Query) []mail.Posted {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) ([]mail.Posted, error) { return r.Letters.List(ctx, q) })
}

func letterRoundTrip(w *world) {
	full := w.addLetter(letterOf("one", "ann@example.com"))
	equal(w.t, "letter", w.letter(full.ID), full)
	ended := letterOf("two", "")
	ended.Attempts, ended.Handovers, ended.Claimed = 3, 2, given.Morning.Add(time.Microsecond)
	ended.NotTo("message_pref", given.Morning.Add(2*time.Microsecond))
	ended.Enclosed, ended.Run, ended.User = nil, 0, ""
	w.addLetter(ended)
	equal(w.t, "ended", w.letter(ended.ID), *ended)
}

func unknownLetter(w *world) {
	_, err := attempt(w, func(ctx context.Context, r ports.Repos) (mail.Posted, error) { return r.Letters.Get(ctx, 4711) })
	refused(w.t, err, fault.NotFound, "letter_not_found")
}

func letterOnce(w *world) {
	w.addLetter(letterOf("one", "ann@example.com"))
	w.addLetter(letterOf("one", "Ann@example.com"))
	w.addLetter(letterOf("two", "ann@example.com"))
	other := letterOf("one", "ann@example.com")
	other.User = "dr-b"
	w.addLetter(other)
	err := w.try(func(ctx context.Context, r ports.Repos) error {
		return r.Letters.Add(ctx, letterOf("one", "ann@example.com"))
	})
	refused(w.t, err, fault.Conflict, "letter_exists")
}

func racingLetters(w *world) {
	oneWins(w.t, together(20, func(int) error {
		return w.try(func(ctx context.Context, r ports.Repos) error {
			return r.Letters.Add(ctx, letterOf("one", "ann@example.com"))
		})
	}), fault.Conflict, "letter_exists")
}

func saveLetter(w *world) {
	p := w.addLetter(letterOf("one", "ann@example.com"))
	if _, err := p.Claim(given.Morning); err != nil {
		w.t.Fatal(err)
	}
	save := func(p mail.Posted, attempts int) error {
		return w.once(func(ctx context.Context, r ports.Repos) error { return r.Letters.Save(ctx, &p, attempts) })
	}
	refused(w.t, save(p, 1), fault.Conflict, "changed_meanwhile")
	if err := save(p, 0); err != nil {
		w.t.Fatal(err)
	}
	equal(w.t, "claimed", w.letter(p.ID), p)
	refused(w.t, save(p, 0), fault.Conflict, "changed_meanwhile")
	p.Conclude(nil, given.Morning.Add(time.Second))
	if err := save(p, 1); err != nil {
		w.t.Fatal(err)
	}
	equal(w.t, "sent", w.letter(p.ID), p)
	refused(w.t, save(p, 1), fault.Conflict, "changed_meanwhile")
}

func racingSavers(w *world) {
	p := w.addLetter(letterOf("one", "ann@example.com"))
	oneWins(w.t, together(20, func(int) error {
		return w.once(func(ctx context.Context, r ports.Repos) error {
			mine := p
			if _, err := mine.Claim(given.Morning); err != nil {
				return err
			}
			return r.Letters.Save(ctx, &mine, 0)
		})
	}), fault.Conflict, "changed_meanwhile")
}

func letterLog(w *world) {
	isEmpty(w.t, "log", w.letters(mail.Query{Limit: 10}))
	for i := range 5 {
		p := letterOf(fmt.Sprint(i), "ann@example.com")
		if i%2 == 0 {
			p.Kind = mail.Checkpoint
			p.NotTo("message_pref", given.Morning)
		}
		w.addLetter(p)
	}
	occasions := func(q mail.Query) string {
		var all string
		for _, p := range w.letters(q) {
			all += p.Occasion
			if p.Text != "" {
				w.t.Errorf("the log holds %q", p.Text)
			}
		}
		return all
	}
	all := w.letters(mail.Query{Limit: 10})
	equal(w.t, "all", occasions(mail.Query{Limit: 10}), "43210")
	equal(w.t, "a page", occasions(mail.Query{Limit: 2}), "43")
	equal(w.t, "the next", occasions(mail.Query{Limit: 2, Before: all[1].ID}), "21")
	equal(w.t, "queued", occasions(mail.Query{Status: mail.Queued, Limit: 10}), "31")
	equal(w.t, "of a kind", occasions(mail.Query{Kind: mail.Checkpoint, Limit: 10}), "420")
	equal(w.t, "of an occasion", occasions(mail.Query{For: "3", Limit: 10}), "3")
	isEmpty(w.t, "none", w.letters(mail.Query{Kind: mail.Checkpoint, Status: mail.Sent, Limit: 10}))
	count := read(w, func(ctx context.Context, r ports.Repos) (int, error) {
		return r.Letters.Count(ctx, mail.Query{Status: mail.Queued, Before: all[4].ID, Limit: 1})
	})
	equal(w.t, "count", count, 2)
}

func letterCost(w *world) {
	w.addLetter(letterOf("one", "ann@example.com"))
	equal(w.t, "statements", w.cost(func(ctx context.Context, r ports.Repos) error {
		_, err := r.Letters.List(ctx, mail.Query{Limit: 100})
		return err
	}), 1)
}

func postLetter(w *world) {
	p, silent := letterOf("one", "ann@example.com"), letterOf("two", "ann@example.com")
	silent.NotTo("message_pref", given.Morning)
	w.do(func(ctx context.Context, r ports.Repos) error {
		if err := ports.Post(ctx, r, silent); err != nil {
			return err
		}
		return ports.Post(ctx, r, p)
	})
	tasks := w.due()
	equal(w.t, "tasks", tasks, []ports.Task{{ID: tasks[0].ID, Topic: ports.SendLetter, Payload: fmt.Sprint(p.ID)}})
	err := w.try(func(ctx context.Context, r ports.Repos) error {
		return ports.Post(ctx, r, letterOf("one", "ann@example.com"))
	})
	refused(w.t, err, fault.Conflict, "letter_exists")
	equal(w.t, "tasks afterwards", len(w.due()), 1)
}

// Recipients is the contract of ports.Recipients.
func Recipients(t *testing.T, open func(*testing.T) ports.Store) {
	sentences(t, open, []sentence{
		{"recipients come back as stored, by list, page by page", listRecipients},
		{"an address is on a list once", recipientOnce},
		{"of twenty who remove the same recipient one does it", racingRemovers},
	})
}

func recipientOf(list mail.List, address string) *mail.Recipient {
	return &mail.Recipient{List: list, Address: address, First: "Zoë 🫀", Last: "Example", CreatedAt: given.Morning}
}

func (w *world) addRecipient(r *mail.Recipient) mail.Recipient {
	w.t.Helper()
	w.do(func(ctx context.Context, repos ports.Repos) error { return repos.Recipients.Add(ctx, r) })
	return *r
}

func (w *world) recipients(after int64, limit int, lists ...mail.List) []mail.Recipient {
	w.t.Helper()
	return read(w, func(ctx context.Context, r ports.Repos) ([]mail.Recipient, error) {
		return r.Recipients.List(ctx, lists, after, limit)
	})
}

func listRecipients(w *world) {
	isEmpty(w.t, "recipients", w.recipients(0, 10))
	a := w.addRecipient(recipientOf("weekly", "a@example.com"))
	b := w.addRecipient(recipientOf("on_demand", "a@example.com"))
	c := w.addRecipient(recipientOf("weekly", "c@example.com"))
	equal(w.t, "all", w.recipients(0, 10), []mail.Recipient{a, b, c})
	equal(w.t, "of a list", w.recipients(0, 10, "weekly"), []mail.Recipient{a, c})
	equal(w.t, "the next page", w.recipients(a.ID, 1, "weekly"), []mail.Recipient{c})
	isEmpty(w.t, "of another case", w.recipients(0, 10, "Weekly"))
	equal(w.t, "of two lists", w.recipients(0, 10, "weekly", "on_demand"), []mail.Recipient{a, b, c})
}

func recipientOnce(w *world) {
	w.addRecipient(recipientOf("weekly", "a@example.com"))
	w.addRecipient(recipientOf("weekly", "A@example.com"))
	err := w.try(func(ctx context.Context, r ports.Repos) error {
		return r.Recipients.Add(ctx, recipientOf("weekly", "a@example.com"))
	})
	refused(w.t, err, fault.Conflict, "recipient_exists")
}

func racingRemovers(w *world) {
	a := w.addRecipient(recipientOf("weekly", "a@example.com"))
	oneWins(w.t, together(20, func(int) error {
		return w.try(func(ctx context.Context, r ports.Repos) error {
			gone, err := r.Recipients.Remove(ctx, a.ID)
			if err == nil && gone != a {
				return fmt.Errorf("removed %+v", gone)
			}
			return err
		})
	}), fault.NotFound, "recipient_not_found")
}
