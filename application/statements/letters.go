package statements

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/mail"
	"surgicase/domain/pay"
	"surgicase/domain/statement"
	"surgicase/ports"
)

// letters writes the letters of a mailing. Those who are not to get one have theirs, too, with the reason.
func (s *Mailings) letters(ctx context.Context, r ports.Repos, in Mailing, files []statement.File, st *statement.Statement) ([]mail.Posted, error) {
	if in.Kind == mail.IndividualReport {
		return s.toProviders(ctx, r, in, files, st)
	}
	return s.toLists(ctx, r, in, files[0], st)
}

// Where passwords are to be had. They are never mailed with the file. Source: spec/decisions.md 7.3.
const (
	sharedPassword = "the one of the organisation's reports, in SurgiCase (GET /report_password?scope=organisation)"
	ownPassword    = "yours, in SurgiCase (GET /report_password)" //nolint:gosec // says where a password is
)

// strangers are how people of whom no name is known are addressed. Source: spec/reference-rules.md 10.2.
var strangers = map[mail.Kind]string{mail.PaymentReport: "Valued Partner", mail.SummaryReport: "Team Member"}

func (s *Mailings) toLists(ctx context.Context, r ports.Repos, in Mailing, file statement.File, st *statement.Statement) ([]mail.Posted, error) {
	totals := st.Totals()
	values := mail.Values{
		"report_date": period(st), "total_providers": strconv.Itoa(totals.Providers), "total_cases": strconv.Itoa(totals.Cases),
		"total_states": strconv.Itoa(len(st.ByState())), "total_amount": dollars(file.Total), "filename": file.Name, "password": sharedPassword,
	}
	for _, list := range mail.ListsOf(in.Kind, in.Rhythm) {
		recipients, err := ports.AllRecipients(ctx, r, list)
		if err != nil {
			return nil, err
		}
		var letters []mail.Posted
		for _, to := range recipients {
			values["first_name"], values["last_name"] = to.First, to.Last
			if to.First == "" {
				values["first_name"] = strangers[in.Kind]
			}
			letter := s.letter(in, file, "", values)
			letter.To = to.Address
			letters = append(letters, letter)
		}
		if len(letters) > 0 {
			return letters, nil
		}
	}
	list := string(mail.ListOf(in.Kind, in.Rhythm))
	return nil, fault.New(fault.Conflict, "no_recipients", "Nobody is on the list %s. Put somebody on it with POST /report_recipients and this report_name.", list).
		Naming("report_name", list)
}

func (s *Mailings) toProviders(ctx context.Context, r ports.Repos, in Mailing, files []statement.File, st *statement.Statement) ([]mail.Posted, error) {
	letters := make([]mail.Posted, 0, len(files))
	for _, file := range files {
		u, err := r.Users.Get(ctx, file.Provider)
		if errors.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		number := ""
		if u.NPI != 0 {
			number = u.NPI.String()
		}
		first, last := directory.ProperPerson(u.First, u.Last)
		letter := s.letter(in, file, u.Timezone, mail.Values{
			"provider_name": statement.Payee{ID: u.ID, First: u.First, Last: u.Last}.Name(), "first_name": first, "last_name": last, "npi": number,
			"case_count": strconv.Itoa(st.Only(u.ID).Totals().Cases), "total_amount": dollars(file.Total), "filename": file.Name, "password": ownPassword,
		})
		letter.To, letter.User = u.Email, u.ID
		if reason := mail.Refusal(u); reason != "" {
			letter.NotTo(reason, letter.CreatedAt)
		}
		letters = append(letters, letter)
	}
	return letters, nil
}

// letter writes one letter with the file. Its date is that of the place where it is read.
func (s *Mailings) letter(in Mailing, file statement.File, zone string, values mail.Values) mail.Posted {
	now := s.reports.clock.Now()
	values["creation_date"] = dayIn(now, zone)
	letter := s.stationery.Letter(in.Kind, in.Rhythm, s.reports.ids.Unique(), values)
	letter.CreatedAt = now
	letter.Enclosed = []mail.StoredFile{{Key: file.Key, Name: file.Name, ContentType: file.ContentType}}
	return letter
}

// usualZone is where people are of whom nobody knows it. Source: spec/reference-wire.md, data model.
const usualZone = "America/New_York"

const dayForm = "January 02, 2006"

func dayIn(now time.Time, zone string) string {
	if zone == "" {
		zone = usualZone
	}
	at, err := time.LoadLocation(zone)
	if err != nil {
		at = time.UTC
	}
	return now.In(at).Format(dayForm)
}

// period says in words what a report is about.
func period(st *statement.Statement) string {
	switch from, to := st.From, st.To; {
	case st.Run != 0:
		return fmt.Sprintf("payment run %d, paid on %s", st.Run, st.PayDate.Midnight().Format(dayForm))
	case !from.IsZero() && !to.IsZero():
		return from.String() + " to " + to.String()
	case !from.IsZero():
		return "from " + from.String()
	case !to.IsZero():
		return "through " + to.String()
	}
	return "all dates"
}

func dollars(c pay.Cents) string {
	if c < 0 {
		return "-$" + (-c).String()
	}
	return "$" + c.String()
}
