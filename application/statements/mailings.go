package statements

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/mail"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/statement"
	"surgicase/ports"
)

// Mailings mails reports: those of several providers to the lists, individual ones to the providers
// themselves. What is mailed is queued; no report goes out with its password.
// Source: spec/decisions.md 7.1 and 7.3.
type Mailings struct {
	reports    *Reports
	stationery mail.Stationery
}

// NewMailings makes the service.
func NewMailings(reports *Reports, stationery mail.Stationery) *Mailings {
	return &Mailings{reports: reports, stationery: stationery}
}

// Mailing says what is to be mailed.
type Mailing struct {
	Kind     mail.Kind
	Rhythm   mail.Rhythm
	Run      int64        // 0 for what is open now
	Provider ident.UserID // of individual reports only his, if given
	From, To civil.Date   // case dates, without a run
	Request  *ident.RequestKey
}

// fileKinds are the files that are mailed.
var fileKinds = map[mail.Kind]statement.FileKind{
	mail.PaymentReport: statement.PaymentReport, mail.SummaryReport: statement.SummaryReport, mail.IndividualReport: statement.ProviderReport,
}

// Mailed is what came of a mailing.
type Mailed struct {
	ID      string
	Run     int64
	Letters []mail.Posted // queued ones, and those that are not to be sent
	Skipped []Skipped     // providers for whom there is no report
}

// Counts says how many letters go out and how many do not.
func (m Mailed) Counts() (queued, not int) {
	for i := range m.Letters {
		if m.Letters[i].Status == mail.NotMailed {
			not++
		}
	}
	return len(m.Letters) - not, not
}

// Mail makes the reports and queues the letters.
//
// Faults: Forbidden; Senseless; NotFound "run_not_found", "cases_not_found"; Conflict "no_recipients".
func (s *Mailings) Mail(ctx context.Context, who permission.Actor, in Mailing) (Mailed, error) {
	done := Mailed{Run: in.Run, ID: s.reports.ids.Unique()}
	if in.Request != nil { // the same request after a crash is the same mailing
		sum := sha256.Sum256([]byte(string(in.Request.Caller) + "\n" + in.Request.Key))
		done.ID = hex.EncodeToString(sum[:16])
	}
	return s.mail(ctx, who, in, occasionOf(done.ID), done)
}

func occasionOf(id string) string { return "mailing:" + id }

// MailRun mails a report of a run to everybody who has not had it yet: after a crash, or begun again by
// hand, nobody gets it twice.
func (s *Mailings) MailRun(ctx context.Context, who permission.Actor, kind mail.Kind, run int64) (Mailed, error) {
	in := Mailing{Kind: kind, Rhythm: mail.Weekly, Run: run}
	return s.mail(ctx, who, in, runMailing(kind, run), Mailed{Run: run})
}

// runMailing names the mailing of a report of a run, whoever begins it.
func runMailing(kind mail.Kind, run int64) string { return fmt.Sprintf("%s:run-%d", kind, run) }

// How far back the weekly mailings look, in days, and for how many runs at most.
const (
	weekDays       = 7
	lateDays       = 35 // a run that nobody mailed in five weeks is no news
	maxMailingRuns = 200
)

// ToMail returns the weekly runs whose report is due at an instant, oldest first: those opened within the week
// before, and earlier ones of which no mail has been queued. Who joins a list later is mailed the week's runs alone.
// Source: spec/decisions.md 11.7.
func (s *Mailings) ToMail(ctx context.Context, kind mail.Kind, instant time.Time) ([]int64, error) {
	var due []int64
	err := s.reports.store.View(ctx, func(ctx context.Context, r ports.Repos) error {
		due = nil
		runs, err := r.Ledger.Runs(ctx, 0, maxMailingRuns)
		if err != nil {
			return err
		}
		for i := range runs {
			run := &runs[i]
			if run.Kind != pay.Weekly || run.Payments == 0 || !run.OpenedAt.After(instant.AddDate(0, 0, -lateDays)) {
				continue
			}
			if !run.OpenedAt.After(instant.AddDate(0, 0, -weekDays)) {
				mailed, err := r.Letters.Count(ctx, mail.Query{For: runMailing(kind, run.ID)})
				if err != nil {
					return err
				}
				if mailed > 0 {
					continue
				}
			}
			due = append(due, run.ID)
		}
		return nil
	})
	slices.Sort(due)
	return due, err
}

func (s *Mailings) mail(ctx context.Context, who permission.Actor, in Mailing, occasion string, done Mailed) (Mailed, error) {
	note := audit.Record(who, permission.SendMail, "mailing", done.ID, s.reports.clock.Now())
	if err := permission.Check(who, permission.SendMail, ""); err != nil {
		return done, ports.Refused(ctx, s.reports.store, note, err)
	}
	q := Request{Kind: fileKinds[in.Kind], Run: in.Run, Provider: in.Provider, From: in.From, To: in.To}
	files, skipped, err := s.reports.Make(ctx, who.Wholly(), q)
	if err != nil {
		return done, err
	}
	st, err := s.reports.gather(ctx, q)
	if err != nil {
		return done, err
	}
	done.Skipped = skipped
	err = s.reports.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		done.Letters = nil
		letters, err := s.letters(ctx, r, in, files, st)
		if err != nil {
			return err
		}
		for _, letter := range letters {
			letter.Occasion, letter.Run, letter.CreatedBy = occasion, in.Run, who.User
			err := ports.Post(ctx, r, &letter)
			if fault.CodeOf(err) == "letter_exists" {
				continue
			}
			if err != nil {
				return err
			}
			done.Letters = append(done.Letters, letter)
		}
		if err := r.Audit.Record(ctx, note.Changing(nil, nil, nil)); err != nil {
			return err
		}
		if in.Request == nil {
			return nil
		}
		return r.Requests.Finish(ctx, *in.Request, ports.RequestOutcome{Status: created, Location: "/email_log", EntityID: done.ID})
	})
	queued, not := done.Counts()
	s.reports.events.Happened(ctx, ports.Event{Name: "report.mailed", Err: err, Values: []ports.Value{
		{Name: "kind", Text: string(in.Kind)}, {Name: "queued", Text: strconv.Itoa(queued)}, {Name: "not_mailed", Text: strconv.Itoa(not)},
	}})
	return done, err
}

// created is the status that is kept of a mailing with an Idempotency-Key.
const created = 201

// Made gives a mailing that was made before.
func (s *Mailings) Made(ctx context.Context, who permission.Actor, id string) (Mailed, error) {
	done := Mailed{ID: id}
	if err := permission.Check(who, permission.SendMail, ""); err != nil {
		return done, ports.Refused(ctx, s.reports.store, audit.Record(who, permission.SendMail, "mailing", id, s.reports.clock.Now()), err)
	}
	err := s.reports.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		done.Letters, err = r.Letters.List(ctx, mail.Query{For: occasionOf(id), Limit: mostFiles})
		return err
	})
	slices.Reverse(done.Letters) // the log has the newest first
	if len(done.Letters) > 0 {
		done.Run = done.Letters[0].Run
	}
	return done, err
}
