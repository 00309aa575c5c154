package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"surgicase/domain/pay"
)

// listing is what a command found, row by row: a table for people, a list of objects for programs. A
// cell of nil is one that has nothing to say.
type listing struct {
	head []string // in capitals; in small letters they name the members of the objects
	rows [][]any
}

func newListing(head ...string) *listing { return &listing{head: head} }

func (l *listing) add(cells ...any) { l.rows = append(l.rows, cells) }

// print writes the rows as a table or as a list of objects.
func (l *listing) print(out io.Writer, asJSON bool) error {
	if asJSON {
		return printJSON(out, l.objects())
	}
	return table(out, strings.Join(l.head, "\t"), func(w io.Writer) {
		for _, row := range l.rows {
			texts := make([]string, len(row))
			for i, cell := range row {
				texts[i] = cellText(cell)
			}
			fmt.Fprintln(w, strings.Join(texts, "\t"))
		}
	})
}

func (l *listing) objects() []map[string]any {
	all := make([]map[string]any, 0, len(l.rows))
	for _, row := range l.rows {
		object := make(map[string]any, len(row))
		for i, cell := range row {
			object[strings.ReplaceAll(strings.ToLower(l.head[i]), " ", "_")] = cellValue(cell)
		}
		all = append(all, object)
	}
	return all
}

func cellText(cell any) string {
	switch c := cell.(type) {
	case nil:
		return "-"
	case time.Time:
		return moment(c)
	case []string:
		return strings.Join(c, ",")
	default:
		return fmt.Sprint(c)
	}
}

// cellValue is what a cell is in JSON: money a number with two decimals, a time that never was null.
func cellValue(cell any) any {
	switch c := cell.(type) {
	case time.Time:
		if c.IsZero() {
			return nil
		}
		return c.UTC().Format(time.RFC3339)
	case pay.Cents:
		return json.Number(c.String())
	default:
		return c
	}
}

func printJSON(out io.Writer, body any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(body)
}

// jsonFlag gives a command that prints a table the flag to print JSON instead.
func jsonFlag(c *cobra.Command) *bool {
	return c.Flags().Bool("json", false, "print JSON, for programs")
}

// moment is a time to the minute, or a dash.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04Z")
}

func table(out io.Writer, head string, rows func(io.Writer)) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, head)
	rows(w)
	return w.Flush()
}
