package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// strict makes everything wrong with the words of a command line an ErrUsage, which cobra does for flags
// only: too many arguments, a missing flag, and a command that there is not. Below a group of commands
// cobra would show the help and call that a success.
func strict(c *cobra.Command) {
	switch args := c.Args; {
	case c.HasSubCommands() && !c.Runnable():
		c.Args = cobra.ArbitraryArgs
		c.SuggestionsMinimumDistance = 2
		c.RunE = func(c *cobra.Command, words []string) error {
			if len(words) == 0 {
				return c.Help()
			}
			hint := ""
			if near := c.SuggestionsFor(words[0]); len(near) > 0 {
				hint = fmt.Sprintf("; did you mean %q?", near[0])
			}
			return fmt.Errorf("%w: there is no command %q%s; `%s --help` lists them", ErrUsage, words[0], hint, c.CommandPath())
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

// parserWords are what Go's parsers of numbers say of a value; the message of cobra before them names flag and value.
var parserWords = regexp.MustCompile(`: (?:strconv\.\w+|time): .*$`)

// flagError returns the error of a flag in words for people.
func flagError(_ *cobra.Command, err error) error {
	text := err.Error()
	switch {
	case strings.HasSuffix(text, "value out of range"):
		text = parserWords.ReplaceAllString(text, ": the number is too large")
	default:
		text = parserWords.ReplaceAllString(text, ": a whole number is needed")
	}
	return fmt.Errorf("%w: %s", ErrUsage, text)
}

// fileError returns the error of a file that was named on the command line: a wrong argument.
func fileError(file string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = errors.New("file not found")
	case errors.Is(err, fs.ErrPermission):
		err = errors.New("permission denied")
	}
	return usageError{fmt.Errorf("%s: %w", file, err)}
}

// usageError is an ErrUsage whose text says all.
type usageError struct{ error }

func (usageError) Is(target error) bool { return target == ErrUsage }

func (e usageError) Unwrap() error { return e.error }
