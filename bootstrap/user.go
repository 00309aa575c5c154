package bootstrap

import (
	"context"

	"surgicase/adapters/cli"
	"surgicase/adapters/httpapi"
	"surgicase/application/people"
	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/npi"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
)

// CreateUser makes a user as the operator; it is how the first administrator comes to be.
func (p *program) CreateUser(ctx context.Context, in cli.NewUser) error {
	u, err := readNewUser(in)
	if err != nil {
		return err
	}
	var users *people.Users
	return p.run(ctx, []any{&users}, func(ctx context.Context) error {
		_, err := users.Create(ctx, permission.System("cli"), people.NewUser{User: u})
		return err
	})
}

func readNewUser(in cli.NewUser) (directory.User, error) {
	var bad fault.Collector
	u := directory.User{Type: permission.UserType(in.Type), Tier: pay.Tier(in.Tier)}
	var err error
	u.ID, err = ident.ParseUserID(in.ID)
	bad.Check("--id", err)
	u.Email, err = directory.ParseEmail(httpapi.ASCIIAddress(in.Email))
	bad.Check("--email", err)
	u.First, err = directory.ParseName(in.First, maxPersonName, true)
	bad.Check("--first", err)
	u.Last, err = directory.ParseName(in.Last, maxPersonName, true)
	bad.Check("--last", err)
	if in.NPI != "" {
		u.NPI, err = npi.Parse(in.NPI)
		bad.Check("--npi", err)
	}
	return u, bad.Err()
}

// maxPersonName is the longest first or last name, in characters.
const maxPersonName = 250
