package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"surgicase/application/movein"
	domain "surgicase/domain/movein"
)

// Mover moves in what the service before this one has stored.
type Mover interface {
	ImportReference(ctx context.Context, from string, dry bool, progress Progress) (movein.Report, error)
}

var errSumsDisagree = errors.New("the sums of pay before and after do not agree")

func importReference(p Mover) *cobra.Command {
	var from string
	var dry, asJSON bool
	c := &cobra.Command{
		Use: "import-reference", Short: "Move in what the service before this one has stored, and report every row that was damaged, changed or held", Args: cobra.NoArgs,
		Example: "  surgicase import-reference --from mysql://reader:password@db.example.com:3306/surgicase --dry-run\n" +
			"  REFERENCE_URL=mysql://… surgicase import-reference --json > report.json",
		RunE: func(c *cobra.Command, _ []string) error {
			bar := newBar(c.ErrOrStderr())
			report, err := p.ImportReference(c.Context(), from, dry, bar.counting("moving in", "rows"))
			bar.end()
			if err != nil {
				return err
			}
			show := printMoved
			if asJSON {
				show = printMovedJSON
			}
			if err := show(c.OutOrStdout(), report); err != nil {
				return err
			}
			if !report.Pay.Agree() {
				return errSumsDisagree
			}
			return nil
		},
	}
	c.Flags().StringVar(&from, "from", "", "the old database, mysql://user:password@host:port/database; without it REFERENCE_URL, which others on this machine cannot see")
	c.Flags().BoolVar(&dry, "dry-run", false, "write nothing and say what would be done")
	c.Flags().BoolVar(&asJSON, "json", false, "report in JSON")
	return c
}

func printMoved(out io.Writer, r movein.Report) error {
	err := table(out, "OLD TABLE\tROWS\tMOVED\tEARLIER\tHELD\tREMARK", func(w io.Writer) {
		for _, t := range r.Tables {
			remark := t.Why
			switch {
			case remark != "":
				remark = "left alone: " + remark
			case len(t.Unread) > 0:
				remark = "columns left alone: " + strings.Join(t.Unread, ", ")
			}
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\n", t.Name, t.Rows, t.Moved, t.Before, t.Held, remark)
		}
	})
	for _, effect := range domain.Effects {
		if n := r.Count(effect); n > 0 {
			fmt.Fprintf(out, "\n%s: %d\n", effect, n)
			err = errors.Join(err, printFindings(out, r.Findings, effect))
		}
	}
	printSums(out, r.Pay)
	if r.DryRun {
		fmt.Fprintln(out, "nothing was written (--dry-run)")
	}
	return err
}

func printFindings(out io.Writer, all []domain.Finding, effect domain.Effect) error {
	return table(out, "TABLE\tROW\tCOLUMN\tWHAT\tWAS\tNOW", func(w io.Writer) {
		for _, f := range all {
			if f.Effect == effect {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", f.Table, oneLine(f.ID), f.Column, f.Code, oneLine(f.Was), oneLine(f.Now))
			}
		}
	})
}

// oneLine keeps what old rows hold from moving the cursor of a terminal.
func oneLine(text string) string {
	return strings.Map(func(c rune) rune {
		if c < 0x20 || (c >= 0x7f && c < 0xa0) {
			return '·'
		}
		return c
	}, text)
}

func printSums(out io.Writer, s movein.Sums) {
	fmt.Fprintf(out, "\npay before: %s = moved earlier %s + moved now %s + held %s\n", s.Before, s.Earlier, s.Moved, s.Held)
	fmt.Fprintf(out, "pay after: %s = moved now %s + priced anew below 15 %s\n", s.After, s.Moved, s.Repriced)
	fmt.Fprintf(out, "from 15 up: %s = open %s + settled %s + never paid %s\n", s.Frozen.Moved, s.Frozen.Open, s.Frozen.Settled, s.Frozen.Waived)
	if s.Agree() {
		fmt.Fprintln(out, "the sums agree")
	}
}

// The report in JSON, for programs.
type movedJSON struct {
	DryRun   bool               `json:"dry_run"`
	Tables   []movedTableJSON   `json:"tables"`
	Findings []movedFindingJSON `json:"findings"`
	Pay      movedSumsJSON      `json:"pay"`
}

type movedTableJSON struct {
	Table     string   `json:"table"`
	Rows      int64    `json:"rows"`
	Moved     int64    `json:"moved"`
	Earlier   int64    `json:"moved_earlier"`
	Held      int64    `json:"held"`
	LeftAlone string   `json:"left_alone,omitempty"`
	Unread    []string `json:"columns_left_alone,omitempty"`
}

type movedFindingJSON struct {
	Table  string `json:"table"`
	Row    string `json:"row"`
	Column string `json:"column,omitempty"`
	Effect string `json:"effect"`
	Code   string `json:"code"`
	Was    string `json:"was,omitempty"`
	Now    string `json:"now,omitempty"`
}

type movedSumsJSON struct {
	Before   json.Number `json:"before"`
	Earlier  json.Number `json:"moved_earlier"`
	Moved    json.Number `json:"moved"`
	Held     json.Number `json:"held"`
	Repriced json.Number `json:"priced_anew"`
	After    json.Number `json:"after"`
	Frozen   json.Number `json:"from_15_up"`
	Open     json.Number `json:"open"`
	Settled  json.Number `json:"settled"`
	Waived   json.Number `json:"never_paid"`
	Agree    bool        `json:"agree"`
}

func printMovedJSON(out io.Writer, r movein.Report) error {
	s := r.Pay
	body := movedJSON{DryRun: r.DryRun, Tables: []movedTableJSON{}, Findings: []movedFindingJSON{}, Pay: movedSumsJSON{
		json.Number(s.Before.String()), json.Number(s.Earlier.String()), json.Number(s.Moved.String()), json.Number(s.Held.String()),
		json.Number(s.Repriced.String()), json.Number(s.After.String()), json.Number(s.Frozen.Moved.String()), json.Number(s.Frozen.Open.String()),
		json.Number(s.Frozen.Settled.String()), json.Number(s.Frozen.Waived.String()), s.Agree(),
	}}
	for _, t := range r.Tables {
		body.Tables = append(body.Tables, movedTableJSON{t.Name, t.Rows, t.Moved, t.Before, t.Held, t.Why, t.Unread})
	}
	for _, f := range r.Findings {
		body.Findings = append(body.Findings, movedFindingJSON{f.Table, f.ID, f.Column, string(f.Effect), f.Code, f.Was, f.Now})
	}
	return printJSON(out, body)
}
