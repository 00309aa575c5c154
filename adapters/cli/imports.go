package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"surgicase/application/payments"
	"surgicase/domain/directory"
	"surgicase/domain/pay"
)

// Importer loads files that the practice has: price tables and code catalogues.
type Importer interface {
	LoadPrices(ctx context.Context, load payments.Load) (payments.Loaded, error)
	PreviewPrices(ctx context.Context, load payments.Load) (payments.Loaded, error)
	ConfirmPrices(ctx context.Context, version pay.TableVersion) (payments.ConfirmResult, error)
	ImportCodes(ctx context.Context, codes []directory.ProcedureCode) error
}

func payCommands(p Importer) *cobra.Command {
	c := &cobra.Command{Use: "pay", Short: "Load price tables: CSV files with user_tier, procedure_code, code_pay_amount and code_category"}
	c.AddCommand(
		priceCommand("import", "Load a price table and price every case below 15 by it", p.LoadPrices),
		priceCommand("preview", "Say which cases a price table would change by how much, and write nothing", p.PreviewPrices),
		confirmCommand(p),
	)
	return c
}

func priceCommand(verb, short string, do func(context.Context, payments.Load) (payments.Loaded, error)) *cobra.Command {
	var whole bool
	var asJSON *bool
	c := &cobra.Command{
		Use: verb + " FILE.csv", Short: short, Args: cobra.ExactArgs(1), Example: "  surgicase pay " + verb + " prices.csv --replace-tiers",
		RunE: func(c *cobra.Command, args []string) error {
			rows, err := readFile(args[0], readPrices)
			if err != nil {
				return err
			}
			done, err := do(c.Context(), payments.Load{Rows: rows, Whole: whole, Source: filepath.Base(args[0]), At: "rows"})
			if err != nil {
				return err
			}
			return printLoaded(c.OutOrStdout(), done, *asJSON)
		},
	}
	c.Flags().BoolVar(&whole, "replace-tiers", false, "replace the entire tiers that the file names, not only its codes")
	asJSON = jsonFlag(c)
	return c
}

func confirmCommand(p Importer) *cobra.Command {
	var version int64
	c := &cobra.Command{
		Use: "confirm", Short: "Confirm loaded prices, so that runs pay those who loaded them by them", Args: cobra.NoArgs,
		Example: "  surgicase pay confirm --table-version 4",
	}
	c.Flags().Int64Var(&version, "table-version", 0, "the price table as it stands at this version; 0 is the current one")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		result, err := p.ConfirmPrices(c.Context(), pay.TableVersion(version))
		if err != nil {
			return err
		}
		list := newListing("VERSION", "LOADED BY", "LOADED AT", "SOURCE")
		for _, t := range result.Confirmed {
			list.add(t.Version, t.By, t.At, t.Source)
		}
		return list.print(c.OutOrStdout(), *asJSON)
	}
	return c
}

func printLoaded(out io.Writer, l payments.Loaded, asJSON bool) error {
	list := newListing("CASE", "NUMBER", "OWNER", "BEFORE", "AFTER", "DIFFERENCE", "PAY STATUS")
	for _, c := range l.Changes {
		list.add(c.ID, c.Number, c.Owner, c.Before.Amount, c.Pay.Amount, c.Pay.Amount-c.Before.Amount, c.Pay.Status)
	}
	if asJSON {
		return printJSON(out, map[string]any{"version": l.Version, "cases": l.Cases, "total": cellValue(l.Total), "changes": list.objects()})
	}
	err := list.print(out, false)
	fmt.Fprintf(out, "table version %d: %d of %d cases below 15 change, by %s together\n", l.Version, len(l.Changes), l.Cases, l.Total)
	return err
}

func codeCommands(p Importer) *cobra.Command {
	c := &cobra.Command{Use: "codes", Short: "Import procedure codes under your own licence: CSV files with code, description, kind, category, effective and end"}
	c.AddCommand(&cobra.Command{
		Use: "import FILE.csv", Short: "Store or replace codes by code, kind and first day", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			codes, err := readFile(args[0], readCodes)
			if err != nil {
				return err
			}
			if err := p.ImportCodes(c.Context(), codes); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%d codes imported\n", len(codes))
			return err
		},
	})
	return c
}

// readFile reads a whole file by a reader of its format.
func readFile[T any](path string, read func(io.Reader) ([]T, error)) ([]T, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, FileError(path, err)
	}
	defer func() { _ = file.Close() }()
	return read(file)
}
