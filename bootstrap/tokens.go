package bootstrap

import (
	"context"
	"errors"
	"slices"
	"time"

	"surgicase/adapters/cli"
	"surgicase/application/access"
	"surgicase/application/people"
	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// CreateToken makes an API token as the operator; it is how the first one comes to be.
func (p *program) CreateToken(ctx context.Context, in cli.NewToken) (made *directory.Token, text string, err error) {
	var tokens *people.Tokens
	var clock ports.Clock
	err = p.run(ctx, []any{&tokens, &clock}, func(ctx context.Context) (err error) {
		wanted, err := readNewToken(in, clock.Now())
		if err != nil {
			return err
		}
		made, text, err = tokens.Create(ctx, permission.System("cli"), wanted)
		return byFlag(err)
	})
	return made, text, err
}

// byFlag has a fault name the flag where it names the member of a body.
func byFlag(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	named := *f
	named.Fields = slices.Clone(f.Fields)
	for i, field := range named.Fields {
		if field.Location == "body.user_id" {
			named.Fields[i].Location = "--user"
		}
	}
	return &named
}

func readNewToken(in cli.NewToken, now time.Time) (people.NewToken, error) {
	var bad fault.Collector
	wanted := people.NewToken{ExpiresAt: now.AddDate(0, 0, in.Days)}
	var err error
	wanted.Owner, err = ident.ParseUserID(in.User)
	bad.Check("--user", err)
	wanted.Name, err = directory.ParseName(in.Name, directory.MaxTokenName, true)
	bad.Check("--name", err)
	wanted.Scopes, err = permission.ParseTokenScopes(in.Scopes)
	bad.Check("--scopes", err)
	bad.Check("--days", directory.CheckTokenLife(now, wanted.ExpiresAt))
	return wanted, bad.Err()
}

// ListTokens lists the tokens of a user that are not revoked.
func (p *program) ListTokens(ctx context.Context, user string) (list []directory.Token, err error) {
	var tokens *people.Tokens
	err = p.run(ctx, []any{&tokens}, func(ctx context.Context) (err error) {
		list, err = tokens.List(ctx, permission.System("cli"), userNamed(user), 0, people.MaxListed)
		return err
	})
	return list, err
}

// RevokeToken ends a token of a user.
func (p *program) RevokeToken(ctx context.Context, user string, id int64) error {
	var tokens *people.Tokens
	return p.run(ctx, []any{&tokens}, func(ctx context.Context) error {
		return tokens.Revoke(ctx, permission.System("cli"), userNamed(user), id)
	})
}

// userNamed returns the user whom a text names, as id or as subject of the identity provider; nobody if it is neither.
func userNamed(text string) ident.UserID {
	id, _ := ident.ParseUserID(text)
	return id
}

// Explain says whether a user may do something, and by which rule.
func (p *program) Explain(ctx context.Context, user string, action permission.Action, caseID string) (x access.Explanation, err error) {
	var service *access.Service
	err = p.run(ctx, []any{&service}, func(ctx context.Context) (err error) {
		x, err = service.Explain(ctx, userNamed(user), action, ident.CaseID(caseID))
		return err
	})
	return x, err
}
