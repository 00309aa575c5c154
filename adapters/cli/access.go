package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"surgicase/application/access"
	"surgicase/domain/directory"
	"surgicase/domain/permission"
)

// Doorkeeper manages API tokens and explains who may do what.
type Doorkeeper interface {
	CreateToken(ctx context.Context, in NewToken) (*directory.Token, string, error)
	ListTokens(ctx context.Context, user string) ([]directory.Token, error)
	RevokeToken(ctx context.Context, user string, id int64) error
	Explain(ctx context.Context, user string, action permission.Action, caseID string) (access.Explanation, error)
}

// NewToken is a token that the operator makes, as typed.
type NewToken struct {
	User, Name string
	Scopes     []string
	Days       int
}

func tokenCommands(p Doorkeeper) *cobra.Command {
	c := &cobra.Command{Use: "token", Short: "Manage API tokens as the operator"}
	c.AddCommand(createToken(p), listTokens(p), revokeToken(p))
	return c
}

func createToken(p Doorkeeper) *cobra.Command {
	var in NewToken
	c := &cobra.Command{
		Use: "create", Short: "Make a token and print it, once; this is how a user gets the first one", Args: cobra.NoArgs,
		Example: "  surgicase token create --user admin --name laptop --scopes cases:read,cases:write,payments,admin",
		RunE: func(c *cobra.Command, _ []string) error {
			made, text, err := p.CreateToken(c.Context(), in)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.ErrOrStderr(), "token %d of %s, until %s. It is shown now and never again:\n", made.ID, made.Owner, made.ExpiresAt.Format(time.RFC3339))
			_, err = fmt.Fprintln(c.OutOrStdout(), text)
			return err
		},
	}
	f := c.Flags()
	f.StringVar(&in.User, "user", "", "user id of the owner")
	f.StringVar(&in.Name, "name", "", "what it is for")
	f.StringSliceVar(&in.Scopes, "scopes", nil, "what it opens: cases:read, cases:write, payments, admin")
	f.IntVar(&in.Days, "days", int(directory.UsualTokenLife.Hours()/24), "how long it lives, at most "+strconv.Itoa(int(directory.MaxTokenLife.Hours()/24)))
	for _, name := range []string{"user", "name", "scopes"} {
		_ = c.MarkFlagRequired(name)
	}
	return c
}

func listTokens(p Doorkeeper) *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "list", Short: "List the tokens of a user that are not revoked", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			list, err := p.ListTokens(c.Context(), user)
			if err != nil {
				return err
			}
			return table(c.OutOrStdout(), "ID\tNAME\tSCOPES\tCREATED\tEXPIRES\tLAST USED", func(w io.Writer) {
				for i := range list {
					t := &list[i]
					fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", t.ID, t.Name, strings.Join(t.Scopes.Names(), ","), moment(t.CreatedAt), moment(t.ExpiresAt), moment(t.LastUsedAt))
				}
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "user id of the owner")
	_ = c.MarkFlagRequired("user")
	return c
}

// moment is a time to the minute, or a dash.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format("2006-01-02 15:04Z")
}

func revokeToken(p Doorkeeper) *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "revoke ID", Short: "Revoke a token of a user", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return fmt.Errorf("%w: the id of a token is a number", ErrUsage)
			}
			if err := p.RevokeToken(c.Context(), user, id); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "token %d of %s revoked\n", id, user)
			return err
		},
	}
	c.Flags().StringVar(&user, "user", "", "user id of the owner")
	_ = c.MarkFlagRequired("user")
	return c
}

func explain(p Doorkeeper) *cobra.Command {
	return &cobra.Command{
		Use: "explain USER ACTION [CASE]", Short: "Say whether a user may do something, and by which rule", Args: cobra.RangeArgs(2, 3),
		Example: "  surgicase permissions explain dr.ada case.move case-17",
		RunE: func(c *cobra.Command, args []string) error {
			caseID := ""
			if len(args) == 3 {
				caseID = args[2]
			}
			x, err := p.Explain(c.Context(), args[0], permission.Action(args[1]), caseID)
			if err != nil {
				return err
			}
			return printExplanation(c.OutOrStdout(), x)
		},
	}
}

func printExplanation(out io.Writer, x access.Explanation) error {
	if len(x.Decisions) == 0 {
		return errors.New("nothing to explain")
	}
	rule := x.Decisions[0].Rule
	fmt.Fprintf(out, "user   %s, type %d\n", x.Actor.User, x.Actor.Type)
	fmt.Fprintf(out, "action %s: %s\n", rule.Action, rule.Meaning)
	if x.Case != nil {
		fmt.Fprintf(out, "case   %s of %s, at status %d\n", x.Case.ID, x.Case.Owner, x.Case.Status)
	}
	fmt.Fprintf(out, "rule   own from type %s, a group member's from %s, anybody's from %s; an API token needs %s\n",
		from(rule, permission.Own), from(rule, permission.Grouped), from(rule, permission.Other), rule.Needs)
	if rule.Remark != "" {
		fmt.Fprintf(out, "and    %s\n", rule.Remark)
	}
	fmt.Fprintln(out)
	return table(out, "WITH\tANSWER\tBECAUSE", func(w io.Writer) {
		for _, d := range x.Decisions {
			answer := "allowed"
			if !d.Allowed {
				answer = "refused, " + d.Code
			}
			fmt.Fprintf(w, "%s\t%s\t%s\n", d.Relation, answer, d.Because)
		}
	})
}
