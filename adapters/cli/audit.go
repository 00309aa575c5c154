package cli

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"surgicase/application/operations"
	"surgicase/domain/audit"
)

// Auditor verifies, exports and signs the audit trail.
type Auditor interface {
	VerifyAudit(ctx context.Context, of Evidence, progress Progress) (audit.Report, error)
	ExportAudit(ctx context.Context, file string, progress Progress) (links int64, err error)
	SignAudit(ctx context.Context) (operations.Deposited, error)
}

// Evidence names what is to be verified: an export or, without one, the configured database; and by
// which checkpoints and keys.
type Evidence struct {
	Export      string
	Checkpoints []string // files or folders, beside those in the database or the export
	PublicKeys  []string // files, or the keys themselves in base64
}

// Progress hears how many entries or rows of how many are done.
type Progress func(done, of int64)

func auditCommands(p Auditor) *cobra.Command {
	c := &cobra.Command{Use: "audit", Short: "Verify, export and sign the audit trail"}
	c.AddCommand(auditVerify(p), auditExport(p), auditCheckpoint(p))
	return c
}

func auditVerify(p Auditor) *cobra.Command {
	var of Evidence
	var asJSON *bool
	c := &cobra.Command{
		Use: "verify", Short: "Check that nothing in the audit trail was changed, removed or put in; the exit code is 1 if something was", Args: cobra.NoArgs,
		Example: "  surgicase audit verify\n  surgicase audit verify --from trail.ndjson --checkpoint /mnt/safe/checkpoints --public-key checkpoint.pub",
		RunE: func(c *cobra.Command, _ []string) error {
			bar := newBar(c.ErrOrStderr())
			report, err := p.VerifyAudit(c.Context(), of, bar.counting("verifying", "entries"))
			bar.end()
			var broken *audit.Broken
			switch {
			case *asJSON && (err == nil || errors.As(err, &broken)):
				return errors.Join(err, printJSON(c.OutOrStdout(), reportObject(report, broken)))
			case err != nil:
				return err
			}
			printReport(c.OutOrStdout(), report)
			return nil
		},
	}
	asJSON = jsonFlag(c)
	c.Flags().StringVar(&of.Export, "from", "", "an exported file, instead of the database")
	c.Flags().StringArrayVar(&of.Checkpoints, "checkpoint", nil, "a checkpoint that was kept, or a folder of them (repeatable)")
	c.Flags().StringArrayVar(&of.PublicKeys, "public-key", nil, "a public key of checkpoints in base64, or a file with one (repeatable); without it that of the configured secret")
	return c
}

// reportObject is a report for programs. Of a broken trail it holds where it is broken and nothing of the rest.
func reportObject(r audit.Report, broken *audit.Broken) map[string]any {
	if broken != nil {
		return map[string]any{"sound": false, "broken": map[string]any{
			"why": broken.Why, "seal": orNull(broken.Seq), "entry": orNull(broken.Entry), "detail": broken.Text,
		}}
	}
	missing := make([]map[string]int64, len(r.MissingIDs))
	for i, ids := range r.MissingIDs {
		missing[i] = map[string]int64{"from": ids.From, "to": ids.To}
	}
	return map[string]any{
		"sound": true, "sealed": r.Last.Seq, "unsealed": r.Unsealed, "last_entry": orNull(r.Last.Entry), "last_hash": hex.EncodeToString(r.Last.Hash),
		"checkpoints": r.Checkpoints, "checkpoints_unchecked": r.Unproven, "keyed": r.Keyed, "keyed_unchecked": r.Unchecked,
		"missing": r.Missing, "missing_ids": missing,
	}
}

// orNull is a number, or nothing where 0 means that there is none.
func orNull(number int64) any {
	if number == 0 {
		return nil
	}
	return number
}

func printReport(out io.Writer, r audit.Report) {
	fmt.Fprintf(out, "the trail is whole: %d entries sealed, %d waiting for their seal, %d checkpoints met\n", r.Last.Seq, r.Unsealed, r.Checkpoints)
	if r.Last.Seq > 0 {
		fmt.Fprintf(out, "the last seal is %d, of entry %d: %x\n", r.Last.Seq, r.Last.Entry, r.Last.Hash)
	}
	if r.Keyed > 0 {
		fmt.Fprintf(out, "%d seals are of the keyed chain\n", r.Keyed)
	}
	if r.Unchecked > 0 {
		fmt.Fprintf(out, "note: the chain key is not at hand (surgicase/keys), so %d keyed seals were not made again: only signatures, numbers and ids were checked\n", r.Unchecked)
	}
	if missing := r.MissingText(); missing != "" {
		fmt.Fprintf(out, "note: %s: a transaction of MySQL that was rolled back leaves such a gap, and so does an entry that was removed\n", missing)
	}
	switch {
	case r.Unproven > 0:
		fmt.Fprintf(out, "note: no public key is known (--public-key), so the signatures of %d checkpoints were not checked\n", r.Unproven)
	case r.Checkpoints == 0:
		fmt.Fprintln(out, "note: there was no checkpoint, so nobody can know whether the end was cut off (--checkpoint)")
	}
}

func auditExport(p Auditor) *cobra.Command {
	return &cobra.Command{
		Use: "export FILE", Short: "Write the whole audit trail to a file of JSON lines that audit verify --from can check anywhere", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			bar := newBar(c.ErrOrStderr())
			links, err := p.ExportAudit(c.Context(), args[0], bar.counting("exporting", "entries"))
			bar.end()
			if err == nil {
				fmt.Fprintf(c.OutOrStdout(), "%d entries exported to %s\n", links, args[0])
			}
			return err
		},
	}
}

func auditCheckpoint(p Auditor) *cobra.Command {
	return &cobra.Command{
		Use: "checkpoint", Short: "Seal what is left and sign how far the audit trail has come; keep the file in another place", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			made, err := p.SignAudit(c.Context())
			if err == nil {
				fmt.Fprintf(c.OutOrStdout(), "checkpoint at seal %d written to %s\npublic key %s: %s\n", made.Seq, made.Place, made.KeyID, base64.StdEncoding.EncodeToString(made.Public))
			}
			return err
		},
	}
}
