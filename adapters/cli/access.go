package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
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
	c := &cobra.Command{Use: "list", Short: "List the tokens of a user that are not revoked", Args: cobra.NoArgs}
	user := c.Flags().String("user", "", "user id of the owner")
	asJSON := jsonFlag(c)
	_ = c.MarkFlagRequired("user")
	c.RunE = func(c *cobra.Command, _ []string) error {
		tokens, err := p.ListTokens(c.Context(), *user)
		if err != nil {
			return err
		}
		list := newListing("ID", "NAME", "SCOPES", "CREATED", "EXPIRES", "LAST USED")
		for i := range tokens {
			t := &tokens[i]
			list.add(t.ID, t.Name, t.Scopes.Names(), t.CreatedAt, t.ExpiresAt, t.LastUsedAt)
		}
		return list.print(c.OutOrStdout(), *asJSON)
	}
	return c
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
	c := &cobra.Command{
		Use: "explain USER ACTION [CASE]", Short: "Say whether a user may do something, and by which rule", Args: cobra.RangeArgs(2, 3),
		Example: "  surgicase permissions explain dr.ada case.move case-17",
	}
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		caseID := ""
		if len(args) == 3 {
			caseID = args[2]
		}
		x, err := p.Explain(c.Context(), args[0], permission.Action(args[1]), caseID)
		switch {
		case err != nil:
			return err
		case len(x.Decisions) == 0:
			return errors.New("nothing to explain")
		case *asJSON:
			return printJSON(c.OutOrStdout(), explained(x))
		}
		return printExplanation(c.OutOrStdout(), x)
	}
	return c
}

func printExplanation(out io.Writer, x access.Explanation) error {
	rule := x.Decisions[0].Rule
	fmt.Fprintf(out, "user   %s, type %d\n", x.Actor.User, x.Actor.Type)
	fmt.Fprintf(out, "action %s: %s\n", rule.Action, rule.Meaning)
	if x.Case != nil {
		fmt.Fprintf(out, "case   %s of %s, at status %d\n", x.Case.ID, x.Case.Owner, x.Case.Status)
	}
	from := func(rel permission.Relation) string { return cellText(lowest(rule, rel)) }
	fmt.Fprintf(out, "rule   own from type %s, a group member's from %s, anybody's from %s; an API token needs %s\n",
		from(permission.Own), from(permission.Grouped), from(permission.Other), rule.Needs)
	if rule.Remark != "" {
		fmt.Fprintf(out, "and    %s\n", rule.Remark)
	}
	fmt.Fprintln(out)
	return answers(x).print(out, false)
}

func answers(x access.Explanation) *listing {
	list := newListing("WITH", "ANSWER", "BECAUSE")
	for _, d := range x.Decisions {
		answer := "allowed"
		if !d.Allowed {
			answer = "refused, " + d.Code
		}
		list.add(d.Relation.String(), answer, d.Because)
	}
	return list
}

// explained is an explanation for programs.
func explained(x access.Explanation) map[string]any {
	rule := x.Decisions[0].Rule
	all := map[string]any{
		"user": x.Actor.User, "user_type": int(x.Actor.Type), "action": rule.Action, "meaning": meaning(rule), "token_needs": rule.Needs,
		"own_from": lowest(rule, permission.Own), "group_from": lowest(rule, permission.Grouped), "any_from": lowest(rule, permission.Other),
		"answers": answers(x).objects(),
	}
	if x.Case != nil {
		all["case"] = map[string]any{"case_id": x.Case.ID, "owner": x.Case.Owner, "status": int(x.Case.Status)}
	}
	return all
}
