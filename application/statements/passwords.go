package statements

import (
	"context"
	"errors"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/statement"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// Password gives the password of a provider's reports, to him alone.
//
// Faults: Forbidden "not_your_data"; Conflict "no_password".
func (s *Reports) Password(ctx context.Context, who permission.Actor, provider ident.UserID) (surgical.PHI, error) {
	if err := permission.Check(who, permission.ReadOwnReport, provider); err != nil {
		return surgical.PHI{}, ports.Refused(ctx, s.store, s.passwordEntry(who, permission.ReadOwnReport, string(provider)), err)
	}
	var payees map[ident.UserID]statement.Payee
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		payees, err = r.Statements.Payees(ctx, []ident.UserID{provider})
		return err
	})
	if err != nil {
		return surgical.PHI{}, err
	}
	payee := payees[provider]
	payee.ID = provider
	passwords, err := s.passwords(ctx, who, &statement.Statement{Sections: []statement.Section{{Payee: payee}}})
	if err != nil {
		return surgical.PHI{}, err
	}
	password := passwords[string(provider)]
	if password.IsEmpty() {
		return password, fault.New(fault.Conflict, "no_password", "The password is made of last name and NPI, and one of them is missing.")
	}
	return password, s.store.Logged(ctx, s.passwordEntry(who, permission.ReadOwnReport, string(provider)).Reading())
}

// SharedPassword gives the password of the reports of several providers, to Global Admins.
//
// Faults: Forbidden.
func (s *Reports) SharedPassword(ctx context.Context, who permission.Actor) (surgical.PHI, error) {
	if err := permission.Check(who, permission.ReadPassword, ""); err != nil {
		return surgical.PHI{}, ports.Refused(ctx, s.store, s.passwordEntry(who, permission.ReadPassword, statement.Organisation), err)
	}
	password, err := s.organisation(ctx, who)
	if err != nil {
		return password, err
	}
	return password, s.store.Logged(ctx, s.passwordEntry(who, permission.ReadPassword, statement.Organisation).Reading())
}

func (s *Reports) passwordEntry(who permission.Actor, action permission.Action, holder string) audit.Entry {
	return audit.Record(who, action, "report_password", holder, s.clock.Now())
}

func (s *Reports) organisation(ctx context.Context, who permission.Actor) (surgical.PHI, error) {
	passwords, err := s.held(ctx, who, []string{statement.Organisation})
	return passwords[statement.Organisation], err
}

// passwords gives those of all providers of a statement, by their ids.
func (s *Reports) passwords(ctx context.Context, who permission.Actor, st *statement.Statement) (map[string]surgical.PHI, error) {
	holders := make([]string, len(st.Sections))
	legacy := map[string]surgical.PHI{}
	for i, section := range st.Sections {
		holders[i] = string(section.Payee.ID)
		legacy[holders[i]] = statement.LegacyPassword(section.Payee)
	}
	if s.press.ByNPI {
		return legacy, nil
	}
	return s.held(ctx, who, holders)
}

// held reads passwords, and makes those that are missing.
func (s *Reports) held(ctx context.Context, who permission.Actor, holders []string) (map[string]surgical.PHI, error) {
	found := map[string]surgical.PHI{}
	read := func(ctx context.Context, r ports.Repos) (missing []string, err error) {
		for _, holder := range holders {
			password, err := r.Statements.Password(ctx, holder)
			switch {
			case errors.Is(err, fault.NotFound):
				missing = append(missing, holder)
			case err != nil:
				return nil, err
			}
			found[holder] = password
		}
		return missing, nil
	}
	var missing []string
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		missing, err = read(ctx, r)
		return err
	})
	if err != nil || len(missing) == 0 {
		return found, err
	}
	return found, s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		missing, err := read(ctx, r)
		if err != nil {
			return err
		}
		for _, holder := range missing {
			if err := s.makePassword(ctx, r, who, holder, found); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Reports) makePassword(ctx context.Context, r ports.Repos, who permission.Actor, holder string, into map[string]surgical.PHI) error {
	into[holder] = statement.NewPassword(s.ids.Key())
	entry := s.passwordEntry(who, permission.ReadReports, holder)
	if err := r.Statements.AddPassword(ctx, holder, into[holder], entry.At); err != nil {
		return err
	}
	return r.Audit.Record(ctx, entry)
}
