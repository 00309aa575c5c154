package cli

import (
	"cmp"
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
		c.RunE = func(c *cobra.Command, words []string) error {
			if len(words) == 0 {
				return c.Help()
			}
			return noCommand(c, words[0])
		}
	case args != nil:
		c.Args = func(c *cobra.Command, words []string) error {
			err := args(c, words)
			if err != nil && c.HasSubCommands() {
				return noCommand(c, words[0])
			}
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

// maxMisspelled is in how many letters a word may differ from the one that was meant.
const maxMisspelled = 2

// noCommand returns the error of a word that is no command below another.
func noCommand(c *cobra.Command, word string) error {
	c.SuggestionsMinimumDistance = maxMisspelled
	return fmt.Errorf("%w: there is no command %q%s; `%s --help` lists them", ErrUsage, word, didYouMean(c.SuggestionsFor(word), "%q"), c.CommandPath())
}

func didYouMean(near []string, form string) string {
	if len(near) == 0 {
		return ""
	}
	return fmt.Sprintf("; did you mean "+form+"?", near[0])
}

// flagName finds the names of flags in the help of a command.
var flagName = regexp.MustCompile(`(?m)^ +(?:-\w, +)?--([\w-]+)`)

// nearFlags returns the flags of a command that a misspelled one may mean. Cobra compares the names of commands only.
func nearFlags(c *cobra.Command, name string) []string {
	names := &cobra.Command{SuggestionsMinimumDistance: maxMisspelled}
	for _, match := range flagName.FindAllStringSubmatch(c.Flags().FlagUsages(), -1) {
		names.AddCommand(&cobra.Command{Use: match[1], Run: func(*cobra.Command, []string) {}})
	}
	return names.SuggestionsFor(name)
}

// parserWords are what Go's parsers of numbers say of a value; the message of cobra before them names flag and value.
var parserWords = regexp.MustCompile(`: (?:strconv\.\w+|time): .*$`)

// flagError returns the error of a flag in words for people.
func flagError(c *cobra.Command, err error) error {
	text := err.Error()
	var unknown interface {
		GetSpecifiedName() string
		GetSpecifiedShortnames() string // such as json of -json
	}
	switch {
	case errors.As(err, &unknown):
		text += didYouMean(nearFlags(c, cmp.Or(unknown.GetSpecifiedShortnames(), unknown.GetSpecifiedName())), "--%s")
	case strings.Contains(text, "strconv.ParseBool"):
		text = parserWords.ReplaceAllString(text, ": true or false is needed")
	case strings.Contains(text, "time: "):
		text = parserWords.ReplaceAllString(text, ": a time is needed, such as 7m or 30s")
	case strings.HasSuffix(text, "value out of range"):
		text = parserWords.ReplaceAllString(text, ": the number is too large")
	default:
		text = parserWords.ReplaceAllString(text, ": a whole number is needed")
	}
	return fmt.Errorf("%w: %s", ErrUsage, text)
}

// FileError returns the error of a file that was named on the command line: a wrong argument.
func FileError(file string, err error) error {
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
