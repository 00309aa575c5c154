package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"surgicase/application/operations"
)

// KeyKeeper looks after the keys of the encrypted columns.
type KeyKeeper interface {
	NewKeySet() ([]byte, error)
	KeysStatus(ctx context.Context) (operations.KeysStatus, error)
	RotateKeys(ctx context.Context, how operations.Rotation) (operations.Rotated, error)
	RetireKeys(ctx context.Context, learning time.Duration) (operations.Retired, error)
	AddChainKey(ctx context.Context) (operations.ChainKeyAdded, error)
}

func keyCommands(p KeyKeeper) *cobra.Command {
	c := &cobra.Command{Use: "keys", Short: "Look after the keys of the encrypted columns"}
	c.AddCommand(keysNew(p), keysStatus(p), keysRotate(p), keysRetire(p), keysAddChain(p))
	return c
}

func keysNew(p KeyKeeper) *cobra.Command {
	return &cobra.Command{
		Use: "new", Short: "Print a fresh key set, for an installation that has none yet", Args: cobra.NoArgs,
		Example: "  surgicase keys new | aws secretsmanager create-secret --name surgicase/keys --secret-string file:///dev/stdin",
		RunE: func(c *cobra.Command, _ []string) error {
			set, err := p.NewKeySet()
			if err == nil {
				fmt.Fprintln(c.OutOrStdout(), string(set))
			}
			return err
		},
	}
}

func keysStatus(p KeyKeeper) *cobra.Command {
	c := &cobra.Command{Use: "status", Short: "List the keys and how many values are encrypted with each", Args: cobra.NoArgs}
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		status, err := p.KeysStatus(c.Context())
		if err != nil {
			return err
		}
		list := newListing("KEY", "STATE", "ADDED", "PRIMARY SINCE", "VALUES")
		for i, k := range status.Keys {
			list.add(k.ID, keyState(status.Keys, i), k.Added, k.Promoted, k.Values)
		}
		if *asJSON {
			err = printJSON(c.OutOrStdout(), map[string]any{"origin": status.Origin, "keys": list.objects()})
		} else if err = list.print(c.OutOrStdout(), false); err == nil {
			_, err = fmt.Fprintf(c.OutOrStdout(), "The key set is %s.\n", status.Origin)
		}
		if err == nil {
			err = status.Err()
		}
		return err
	}
	return c
}

func keysAddChain(p KeyKeeper) *cobra.Command {
	var out string
	c := &cobra.Command{
		Use: "add-chain-key", Short: "Add a key of the audit chain: instances seal with it as they hear of it", Args: cobra.NoArgs,
		Long: "Adds a key of the audit chain to the key set. The instance that seals signs the boundary at which the keyed chain begins.\n" +
			"Run it once every instance is of a release that knows the keyed chain; on SQLite the first start of such a release does it.",
		RunE: func(c *cobra.Command, _ []string) error {
			added, err := p.AddChainKey(c.Context())
			if err != nil {
				return err
			}
			if added.HandOver != nil {
				return handOver(c.OutOrStdout(), filepath.Join(out, fmt.Sprintf("surgicase-keys-chain-%s.json", added.ID)), added.HandOver,
					"4. The servers begin the keyed chain by themselves.")
			}
			fmt.Fprintf(c.OutOrStdout(), "The key set has the chain key %s; the servers begin the keyed chain as they hear of it.\n", added.ID)
			return nil
		},
	}
	c.Flags().StringVar(&out, "out", ".", "folder for the new key set, if it is kept where this program cannot write")
	return c
}

// keyState says what a key is for: those after the primary one are new, those before it old.
func keyState(keys []operations.KeyUse, i int) string {
	switch {
	case keys[i].Missing:
		return "MISSING"
	case keys[i].Primary:
		return "primary"
	}
	for _, earlier := range keys[:i] {
		if earlier.Primary {
			return "new, reads only"
		}
	}
	return "old, reads only"
}

const waitUsage = "how long servers take to hear of a changed key set; 0s if none is running"

func keysRotate(p KeyKeeper) *cobra.Command {
	var wait time.Duration
	var out string
	c := &cobra.Command{
		Use: "rotate", Short: "Make a new primary key and encrypt everything with it, while servers go on; or finish that",
		Long: "Adds a key to the key set, waits until every running server has it, makes it the primary key and encrypts every value with it.\n" +
			"Interrupted, it goes on from where it was when it is run again. Old keys stay until `surgicase keys retire`.\n" +
			"The keys of the digests that find duplicates are never rotated: no duplicate would be found any more.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if wait < 0 {
				return fmt.Errorf("%w: --wait is negative", ErrUsage)
			}
			bar := newRotation(c.ErrOrStderr())
			done, err := p.RotateKeys(c.Context(), operations.Rotation{Learning: wait, Tell: bar.tell})
			bar.end()
			switch {
			case errors.Is(err, context.Canceled):
				return errors.New("interrupted: run `surgicase keys rotate` again to go on")
			case err != nil:
				return err
			case done.HandOver != nil:
				return handOver(c.OutOrStdout(), filepath.Join(out, fmt.Sprintf("surgicase-keys-%d-%s.json", done.Key, done.Step)), done.HandOver,
					"4. Run `surgicase keys rotate` there again.")
			}
			fmt.Fprintf(c.OutOrStdout(), "%d values were encrypted anew; every value has the key %d.\n", done.Values, done.Key)
			return unreadable(done.Unreadable)
		},
	}
	c.Flags().DurationVar(&wait, "wait", operations.KeyLearning, waitUsage)
	c.Flags().StringVar(&out, "out", ".", "folder for the new key set, if it is kept where this program cannot write")
	return c
}

// unreadable names the first values that could not be opened.
func unreadable(places []string) error {
	if len(places) == 0 {
		return nil
	}
	const shown = 10
	return fmt.Errorf("but %d values cannot be read with any key and stay as they are: %s", len(places), strings.Join(places[:min(shown, len(places))], ", "))
}

func keysRetire(p KeyKeeper) *cobra.Command {
	var wait time.Duration
	var out string
	c := &cobra.Command{
		Use: "retire", Short: "Drop the old keys that no value is encrypted with; backups from before need them",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			done, err := p.RetireKeys(c.Context(), wait)
			if err != nil {
				return err
			}
			for _, k := range done.Kept {
				fmt.Fprintf(c.OutOrStdout(), "The key %d stays: %d values are encrypted with it. Run `surgicase keys rotate`.\n", k.ID, k.Values)
			}
			if done.HandOver != nil {
				return handOver(c.OutOrStdout(), filepath.Join(out, fmt.Sprintf("surgicase-keys-without-%d.json", done.Dropped[0])), done.HandOver)
			}
			for _, id := range done.Dropped {
				fmt.Fprintf(c.OutOrStdout(), "The key %d is no longer in the key set. Backups made before its rotation need it: keep the key set of that time with them.\n", id)
			}
			if len(done.Dropped)+len(done.Kept) == 0 {
				fmt.Fprintln(c.OutOrStdout(), "There are no old keys.")
			}
			return nil
		},
	}
	c.Flags().DurationVar(&wait, "wait", operations.KeyLearning, waitUsage)
	c.Flags().StringVar(&out, "out", ".", "folder for the new key set, if it is kept where this program cannot write")
	return c
}

// handOver writes a key set for the operator and says what to do with it. It never overwrites a file.
func handOver(out io.Writer, path string, set []byte, further ...string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("the new key set cannot be written: %w", err)
	}
	_, err = file.Write(set)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("the new key set cannot be written: %w", err)
	}
	fmt.Fprintf(out, "The key set is kept where this program cannot write. What it shall be is in\n\n    %s\n\n"+
		"1. Put its contents in place for every server and for this command: as SURGICASE_KEYS or the mounted file.\n"+
		"2. Restart the servers, one after the other. All of them must have it before you go on.\n"+
		"3. Keep the old key set with the backups, and remove the file.\n", path)
	for _, line := range further {
		fmt.Fprintln(out, line)
	}
	return nil
}
