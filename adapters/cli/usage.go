package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// strict makes everything wrong with the words of a command line an ErrUsage, which cobra does for flags
// only: too many arguments, a missing flag, and a command that there is not. Below a group of commands
// cobra would show the help and call that a success.
func strict(c *cobra.Command) {
	switch args := c.Args; {
	case c.HasSubCommands() && !c.Runnable():
		c.Args = cobra.ArbitraryArgs
		c.RunE = func(c *cobra.Command, words []string) error {
			if len(words) == 0 {
				return c.Help()
			}
			return fmt.Errorf("%w: there is no command %q; `%s --help` lists them", ErrUsage, words[0], c.CommandPath())
		}
	case args != nil:
		c.Args = func(c *cobra.Command, words []string) error {
			err := args(c, words)
			if err == nil {
				err = c.ValidateRequiredFlags()
			}
			if err != nil {
				return fmt.Errorf("%w: %w; see `%s --help`", ErrUsage, err, c.CommandPath())
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		strict(sub)
	}
}
