package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"surgicase/application/operations"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/surgical"
)

// CasePurger purges deleted cases.
type CasePurger interface {
	PurgeCase(ctx context.Context, in operations.CasePurge, dryRun bool) (operations.CasePurged, error)
}

func caseCommands(p CasePurger) *cobra.Command {
	c := &cobra.Command{Use: "case", Short: "Manage cases as the operator"}
	c.AddCommand(purgeCase(p))
	return c
}

func purgeCase(p CasePurger) *cobra.Command {
	var reason string
	var dryRun, yes bool
	c := &cobra.Command{
		Use: "purge CASE", Args: cobra.ExactArgs(1),
		Short: "Remove a deleted case with its documents for good, before its time is over",
		Long: "Remove a deleted case with its codes, documents and history for good, before its time is over.\n\n" +
			"Its id stays taken. Its payments and the audit log stay; they hold no patient data.",
		Example: "  surgicase case purge case-17 --reason erasure_request --dry-run\n" +
			"  surgicase case purge case-17 --reason erasure_request --yes",
	}
	c.Flags().StringVar(&reason, "reason", "", "erasure_request, entered_by_mistake or other; it stands on the audit log")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be removed and remove nothing")
	c.Flags().BoolVar(&yes, "yes", false, "remove it: nothing brings it back")
	asJSON := jsonFlag(c)
	_ = c.MarkFlagRequired("reason")
	c.RunE = func(c *cobra.Command, args []string) error {
		if !yes && !dryRun {
			return fmt.Errorf("%w: nothing brings a purged case back: look with --dry-run, then repeat it with --yes", ErrUsage)
		}
		var bad fault.Collector
		id, err := ident.ParseCaseID(args[0])
		bad.Check("CASE", err)
		why, err := surgical.ParsePurgeReason(reason)
		bad.Check("--reason", err)
		if err := bad.Err(); err != nil {
			return usageError{err}
		}
		done, err := p.PurgeCase(c.Context(), operations.CasePurge{ID: id, Reason: why}, dryRun)
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(c.OutOrStdout(), purgedJSON(done, dryRun))
		}
		return printPurged(c.OutOrStdout(), done, dryRun)
	}
	return c
}

// purgedJSON has the members that POST /case/purge answers.
func purgedJSON(p operations.CasePurged, dryRun bool) map[string]any {
	return map[string]any{
		"case_id": string(p.ID), "human_case_id": p.Number, "dry_run": dryRun,
		"rows": map[string]int{
			"cases": p.Rows.Cases, "procedure_codes": p.Rows.Codes, "documents": p.Rows.Documents, "history": p.Rows.History,
		},
		"objects": p.Objects, "bytes": p.Bytes, "objects_shared": p.Shared,
	}
}

func printPurged(out io.Writer, p operations.CasePurged, dryRun bool) error {
	removed := "removed"
	if dryRun {
		removed = "would be removed"
	}
	_, err := fmt.Fprintf(out, "case %s (number %d)\n"+
		"%s from the database: %d case, %d procedure codes, %d documents, %d moves of its history\n"+
		"%s from the storage: %d objects, %d bytes\n", p.ID, p.Number,
		removed, p.Rows.Cases, p.Rows.Codes, p.Rows.Documents, p.Rows.History, removed, p.Objects, p.Bytes)
	if err == nil && p.Shared > 0 {
		_, err = fmt.Fprintf(out, "kept in the storage: %d objects that other cases name, too\n", p.Shared)
	}
	return err
}
