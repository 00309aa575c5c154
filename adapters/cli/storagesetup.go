package cli

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"surgicase/application/storage"
)

func storageSetup(p StorageKeeper) *cobra.Command {
	var apply bool
	var asJSON *bool
	c := &cobra.Command{
		Use: "setup", Short: "Show how the storage should be set up, and set it up when told to", Args: cobra.NoArgs,
		Long: "A bucket gets lifecycle rules (unfinished uploads, old versions, trial objects), a policy that refuses requests\n" +
			"without TLS and puts with another encryption than STORAGE_URL says, and a CORS rule for CORS_ORIGINS. A folder gets\n" +
			"its permissions. What others have set stays. Nothing changes without --apply, or a yes on a terminal.",
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := p.PlanStorage(c.Context())
			if err == nil && *asJSON {
				return setupJSON(c, p, settings, apply)
			}
			if err != nil {
				return err
			}
			printSettings(c.OutOrStdout(), settings)
			if !slices.ContainsFunc(settings, func(s storage.Setting) bool { return s.State == storage.Differs }) {
				fmt.Fprintln(c.OutOrStdout(), "nothing to do")
				return nil
			}
			if !apply && !confirmed(c.InOrStdin(), c.ErrOrStderr()) {
				fmt.Fprintln(c.OutOrStdout(), "nothing was changed; --apply sets it up")
				return nil
			}
			settings, err = p.ArrangeStorage(c.Context())
			fmt.Fprintln(c.OutOrStdout(), "\nafter setting it up:")
			printSettings(c.OutOrStdout(), settings)
			return err
		},
	}
	c.Flags().BoolVar(&apply, "apply", false, "set it up without asking")
	asJSON = jsonFlag(c)
	return c
}

// setupJSON prints how the storage is set up, after setting it up if it is to. Programs are not asked.
func setupJSON(c *cobra.Command, p StorageKeeper, settings []storage.Setting, apply bool) (err error) {
	if apply {
		settings, err = p.ArrangeStorage(c.Context())
	}
	list := newListing("NAME", "STATE", "WANTED", "WHY")
	for _, s := range settings {
		list.add(s.Name, s.State, s.Then, s.Why)
	}
	return joined(err, list.print(c.OutOrStdout(), true))
}

func printSettings(out io.Writer, settings []storage.Setting) {
	for _, s := range settings {
		line := s.Name + ": " + string(s.State)
		if s.Why != "" {
			line += " (" + s.Why + ")"
		}
		fmt.Fprintln(out, line)
		if s.Then != "" && s.State != storage.LeftOut {
			fmt.Fprintln(out, "  "+strings.ReplaceAll(s.Then, "\n", "\n  "))
		}
	}
}

// confirmed asks on a terminal. Nobody else is asked, and the answer is no.
func confirmed(in io.Reader, out io.Writer) bool {
	if file, ok := in.(*os.File); !ok || !isatty.IsTerminal(file.Fd()) {
		return false
	}
	fmt.Fprint(out, "Set it up? [y/N] ")
	answer, _ := bufio.NewReader(in).ReadString('\n') // none is no
	return slices.Contains([]string{"y", "yes"}, strings.ToLower(strings.TrimSpace(answer)))
}
