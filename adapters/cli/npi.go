package cli

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"surgicase/application/npidirectory"
	"surgicase/domain/fault"
	"surgicase/domain/npi"
)

// NPIKeeper keeps the provider directory.
type NPIKeeper interface {
	ImportNPIs(ctx context.Context, src npidirectory.Source, tell func(npidirectory.Progress)) (npidirectory.Imported, error)
	SyncNPIs(ctx context.Context, tell func(npidirectory.Progress)) ([]npidirectory.Imported, error)
	RejectedNPIs(ctx context.Context, file, after int64, limit int) ([]npi.Rejection, error)
}

func npiCommands(p NPIKeeper) *cobra.Command {
	c := &cobra.Command{Use: "npi", Short: "Keep the provider directory, the local copy of the NPI registry"}
	c.AddCommand(npiImport(p), npiSync(p))
	return c
}

func npiImport(p NPIKeeper) *cobra.Command {
	var rejected string
	c := &cobra.Command{
		Use: "import FILE.zip|FILE.csv", Short: "Load a monthly or weekly file of NPPES (V2), or the report of deactivated NPIs",
		Long: "Loads a file of NPPES, each once by its content. Broken off, it goes on where it ended when it is started\nagain. What is in the directory can be searched meanwhile.",
		Args: cobra.ExactArgs(1), Example: "  surgicase npi import NPPES_Data_Dissemination_January_2026_V2.zip",
		RunE: func(c *cobra.Command, args []string) error {
			file, err := os.Open(args[0])
			if err != nil {
				return FileError(args[0], err)
			}
			defer func() { _ = file.Close() }()
			info, err := file.Stat()
			if err == nil && !info.Mode().IsRegular() {
				err = errors.New("it is not a file")
			}
			if err != nil {
				return FileError(args[0], err)
			}
			bar := newImportBar(c.ErrOrStderr())
			done, err := p.ImportNPIs(c.Context(), npidirectory.Source{Name: filepath.Base(args[0]), Size: info.Size(), Content: file}, bar.tell)
			bar.end()
			if err != nil {
				return in(args[0], err)
			}
			printImported(c.OutOrStdout(), done)
			if rejected == "" {
				return nil
			}
			return writeRejected(c.Context(), p, done.ID, rejected)
		},
	}
	c.Flags().StringVar(&rejected, "rejected", "", "write the rejected rows and the reasons to this CSV file")
	return c
}

// in has a fault of a file's content name the file.
func in(file string, err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		return err
	}
	named := *f
	named.Safe = file + ": " + f.Safe
	return &named
}

func npiSync(p NPIKeeper) *cobra.Command {
	return &cobra.Command{
		Use: "sync", Short: "Fetch and load the weekly files that are published and not loaded yet", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			bar := newImportBar(c.ErrOrStderr())
			done, err := p.SyncNPIs(c.Context(), bar.tell)
			bar.end()
			for _, one := range done {
				printImported(c.OutOrStdout(), one)
			}
			if err == nil && len(done) == 0 {
				fmt.Fprintln(c.OutOrStdout(), "the directory is up to date")
			}
			return err
		},
	}
}

func printImported(out io.Writer, done npidirectory.Imported) {
	if done.Already {
		fmt.Fprintf(out, "%s was loaded on %s: nothing to do\n", done.File.Name, done.FinishedAt.Format(time.DateTime))
		return
	}
	t := done.Tally
	fmt.Fprintf(out, "%s: %d rows, %d added, %d changed, %d unchanged, %d rejected\n", done.File.Name, t.Rows, t.Added, t.Changed, t.Unchanged, t.Rejected)
	for _, r := range done.Rejected {
		fmt.Fprintf(out, "  row %d: %s\n", r.Row, r.Reason)
	}
	if more := t.Rejected - int64(len(done.Rejected)); more > 0 {
		fmt.Fprintf(out, "  and %d more; --rejected FILE.csv writes them\n", more)
	}
}

// rejectedPage is how many rejected rows are read at once.
const rejectedPage = 1000

func writeRejected(ctx context.Context, p NPIKeeper, file int64, path string) error {
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	w := csv.NewWriter(to)
	_ = w.Write([]string{"row", "reason"}) // Error tells
	for after := int64(0); ; {
		list, err := p.RejectedNPIs(ctx, file, after, rejectedPage)
		if err != nil {
			return errors.Join(err, to.Close())
		}
		for _, r := range list {
			after = r.Row
			_ = w.Write([]string{strconv.FormatInt(r.Row, 10), r.Reason}) // Error tells
		}
		if len(list) < rejectedPage {
			break
		}
	}
	w.Flush()
	return errors.Join(w.Error(), to.Close())
}
