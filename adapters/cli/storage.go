package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"surgicase/application/storage"
)

// StorageKeeper looks after the store of objects.
type StorageKeeper interface {
	PlanStorage(ctx context.Context) ([]storage.Setting, error)
	ArrangeStorage(ctx context.Context) ([]storage.Setting, error)
	CopyStorage(ctx context.Context, from, to string, tell func(storage.Progress)) (storage.Copied, error)
}

func storageCommands(p StorageKeeper) *cobra.Command {
	c := &cobra.Command{Use: "storage", Short: "Look after the storage of documents: set it up, copy it to another"}
	c.AddCommand(storageSetup(p), storageCopy(p))
	return c
}

func storageCopy(p StorageKeeper) *cobra.Command {
	var asJSON *bool
	c := &cobra.Command{
		Use: "copy FROM TO", Short: "Copy every object to another storage, checksums verified; what is the same there is left alone",
		Long: "Both are URLs as STORAGE_URL takes them. One with a key in it is better given as env:NAME, so that nobody reads\n" +
			"it among the processes. Broken off, the same command goes on where it ended. Nothing is removed anywhere.",
		Args: cobra.ExactArgs(2), Example: "  surgicase storage copy env:STORAGE_URL file:///mnt/new/objects\n  surgicase storage copy file:///srv/objects env:NEW_STORAGE_URL --json",
		RunE: func(c *cobra.Command, args []string) error {
			bar := copyBar{newBar(c.ErrOrStderr())}
			done, err := p.CopyStorage(c.Context(), args[0], args[1], bar.tell)
			bar.end()
			if *asJSON {
				return joined(err, writeCopied(c.OutOrStdout(), done, err))
			}
			printCopied(c.OutOrStdout(), done, err)
			return err
		},
	}
	asJSON = jsonFlag(c)
	return c
}

// joined prefers the error of the work to that of telling about it.
func joined(work, telling error) error {
	if work != nil {
		return work
	}
	return telling
}

func printCopied(out io.Writer, done storage.Copied, err error) {
	for _, f := range done.Failures {
		fmt.Fprintf(out, "  %s/…: %s\n", f.Folder, f.Err)
	}
	if err == nil {
		fmt.Fprintf(out, "%d objects: %d copied (%s), %d the same already, %d removed meanwhile; every checksum holds\n", done.Objects, done.Copied, bytesOf(done.Bytes), done.Same, done.Gone)
	} else if done.Objects > 0 {
		fmt.Fprintf(out, "%d objects looked at: %d copied (%s), %d the same already, %d removed meanwhile, %d failed\n", done.Objects, done.Copied, bytesOf(done.Bytes), done.Same, done.Gone, done.Failed)
	}
}

// copiedForm is the outcome of a copy as JSON.
type copiedForm struct {
	Complete bool         `json:"complete"`
	Objects  int64        `json:"objects"`
	Copied   int64        `json:"copied"`
	Same     int64        `json:"same"`
	Gone     int64        `json:"gone"`
	Failed   int64        `json:"failed"`
	Bytes    int64        `json:"bytes_copied"`
	Seconds  float64      `json:"seconds"`
	Failures []failedForm `json:"failures"`
}

type failedForm struct {
	Folder string `json:"folder"`
	Reason string `json:"reason"`
}

func writeCopied(out io.Writer, done storage.Copied, err error) error {
	form := copiedForm{
		Complete: err == nil, Objects: done.Objects, Copied: done.Copied, Same: done.Same, Gone: done.Gone, Failed: done.Failed, Bytes: done.Bytes,
		Seconds: done.Took.Seconds(), Failures: []failedForm{},
	}
	for _, f := range done.Failures {
		form.Failures = append(form.Failures, failedForm{f.Folder, f.Err.Error()})
	}
	return printJSON(out, form)
}

// bytesOf writes a size for people.
func bytesOf(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d bytes", n)
}

// copyBar shows how far a copy is.
type copyBar struct{ *bar }

func (b copyBar) tell(p storage.Progress) {
	speed, left := pace(p.Bytes, p.Bytes, p.OfBytes-p.Bytes, p.Took)
	b.show("copying", p.Bytes, max(p.OfBytes, p.Bytes, 1), "%d of %d objects, %s a second, %s left", p.Objects, p.OfObjects, bytesOf(speed), left)
}
