package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// NewUser is a user that the operator creates, as typed.
type NewUser struct {
	ID, Email, First, Last, NPI string
	Type, Tier                  int
}

func user(p Program) *cobra.Command {
	c := &cobra.Command{Use: "user", Short: "Manage users as the operator"}
	var in NewUser
	create := &cobra.Command{
		Use: "create", Short: "Create a user; this is how the first administrator comes to be", Args: cobra.NoArgs,
		Example: "  surgicase user create --id admin --type 999 --email admin@example.com --first Ada --last Admin",
		RunE: func(c *cobra.Command, _ []string) error {
			if err := p.CreateUser(c.Context(), in); err != nil {
				return err
			}
			_, err := fmt.Fprintf(c.OutOrStdout(), "user %s created with type %d\n", in.ID, in.Type)
			return err
		},
	}
	f := create.Flags()
	f.StringVar(&in.ID, "id", "", "user id: in production the subject of the identity provider")
	f.IntVar(&in.Type, "type", 1, "user type: 1 provider, 7 group admin, 10 case admin, 20 user admin, 100 global admin, 999 system admin")
	f.StringVar(&in.Email, "email", "", "e-mail address")
	f.StringVar(&in.First, "first", "", "first name")
	f.StringVar(&in.Last, "last", "", "last name")
	f.StringVar(&in.NPI, "npi", "", "NPI, ten digits")
	f.IntVar(&in.Tier, "tier", 1, "pay tier")
	for _, name := range []string{"id", "type", "email", "first", "last"} {
		_ = create.MarkFlagRequired(name)
	}
	c.AddCommand(create)
	return c
}
