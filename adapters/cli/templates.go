package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// TemplateWriter gives the templates of mails out to be edited.
type TemplateWriter interface {
	WriteTemplates(dir string) (written []string, err error)
}

func templates(p TemplateWriter) *cobra.Command {
	return &cobra.Command{
		Use: "templates DIR", Short: "Write the built-in templates of mails into a folder, for TEMPLATES_DIR", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			written, err := p.WriteTemplates(args[0])
			for _, path := range written {
				fmt.Fprintln(c.OutOrStdout(), path)
			}
			if err == nil && len(written) == 0 {
				fmt.Fprintln(c.OutOrStdout(), "every template is there already; none was replaced")
			}
			return err
		},
	}
}
