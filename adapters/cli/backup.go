package cli

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"surgicase/application/backups"
	"surgicase/domain/audit"
)

// BackupKeeper makes, restores and verifies backups. An empty key is that of the newest one.
type BackupKeeper interface {
	MakeBackup(ctx context.Context, tell func(backups.Progress)) (made backups.Backup, removed []string, err error)
	ListBackups(ctx context.Context) ([]StoredBackup, error)
	VerifyBackup(ctx context.Context, key string, isDeep bool, tell func(backups.Progress)) (backups.Verified, error)
	RestoreBackup(ctx context.Context, key string, isUnsigned bool, tell func(backups.Progress)) (backups.Backup, error)
	BackupKeys(ctx context.Context, isNew bool) (public []audit.PublicKey, secret []byte, err error)
}

// StoredBackup is a backup as the storage knows it.
type StoredBackup struct {
	Key   string
	Bytes int64
}

func backupCommands(p BackupKeeper) *cobra.Command {
	c := &cobra.Command{
		Use: "backup", Short: "Store an encrypted backup of everything, while the program runs; remove those that are too old", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			bar := backupBar{newBar(c.ErrOrStderr())}
			made, removed, err := p.MakeBackup(c.Context(), bar.tell)
			bar.end()
			if made.Key != "" && err == nil {
				fmt.Fprintf(c.OutOrStdout(), "%s: %d rows of %d tables, %d bytes, %s\n", made.Key, made.Rows(), len(made.Tables), made.Size, made.Signature)
			}
			for _, key := range removed {
				fmt.Fprintf(c.OutOrStdout(), "%s removed\n", key)
			}
			return err
		},
	}
	c.AddCommand(listBackups(p), verifyBackup(p), backupKeys(p))
	return c
}

func verifyBackup(p BackupKeeper) *cobra.Command {
	c := &cobra.Command{Use: "verify [KEY]", Short: "Restore a backup into a scratch database, verify its audit trail, and look for every object it refers to", Args: cobra.MaximumNArgs(1)}
	asJSON := jsonFlag(c)
	isDeep := c.Flags().Bool("deep", false, "read every object and compare its content, too, not only its size")
	c.RunE = func(c *cobra.Command, args []string) error {
		bar := backupBar{newBar(c.ErrOrStderr())}
		v, err := p.VerifyBackup(c.Context(), first(args), *isDeep, bar.tell)
		bar.end()
		switch {
		case v.Key == "":
		case *asJSON:
			err = errors.Join(err, printJSON(c.OutOrStdout(), verifiedObject(v)))
		default:
			printVerified(c.OutOrStdout(), v)
		}
		return err
	}
	return c
}

func verifiedObject(v backups.Verified) map[string]any {
	return map[string]any{
		"key": v.Key, "made_at": v.MadeAt, "program": v.Program, "schema": v.Schema, "signature": v.Signature, "rows": v.Rows(), "tables": len(v.Tables), "encrypted_values": v.Sealed,
		"audit_sealed": v.Trail.Last.Seq, "audit_unsealed": v.Trail.Unsealed, "audit_checkpoints": v.Trail.Checkpoints,
		"objects": v.Objects, "missing": append([]string{}, v.Missing...), "damaged": append([]string{}, v.Damaged...), "lost_keys": keyIDs(v.LostKeys),
		"sound": v.Err() == nil,
	}
}

func listBackups(p BackupKeeper) *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List the backups, newest first", Args: cobra.NoArgs}
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		all, err := p.ListBackups(c.Context())
		if err != nil {
			return err
		}
		list := newListing("KEY", "BYTES")
		for _, b := range all {
			list.add(b.Key, b.Bytes)
		}
		return list.print(c.OutOrStdout(), *asJSON)
	}
	return c
}

func printVerified(out io.Writer, v backups.Verified) {
	fmt.Fprintf(out, "%s of %s, made by %s with schema version %d, %s\n", v.Key, v.MadeAt.Format("2006-01-02 15:04:05 MST"), v.Program, v.Schema, v.Signature)
	fmt.Fprintf(out, "restored: %d rows of %d tables, %d encrypted values\n", v.Rows(), len(v.Tables), v.Sealed)
	fmt.Fprintf(out, "audit trail: %d entries sealed, %d waiting for their seal, %d checkpoints met\n", v.Trail.Last.Seq, v.Trail.Unsealed, v.Trail.Checkpoints)
	fmt.Fprintf(out, "objects: %d referred to, %d missing, %d damaged\n", v.Objects, len(v.Missing), len(v.Damaged))
	for _, place := range v.Missing {
		fmt.Fprintln(out, "missing:", place)
	}
	for _, place := range v.Damaged {
		fmt.Fprintln(out, "damaged:", place)
	}
}

func restore(p BackupKeeper) *cobra.Command {
	c := &cobra.Command{
		Use: "restore [KEY]", Short: "Put a backup into the configured database, which must be empty; it may be of another kind than the one it was made of", Args: cobra.MaximumNArgs(1),
	}
	isUnsigned := c.Flags().Bool("unsigned", false, "restore a backup that no known key has signed: only if you know where it comes from")
	c.RunE = func(c *cobra.Command, args []string) error {
		bar := backupBar{newBar(c.ErrOrStderr())}
		done, err := p.RestoreBackup(c.Context(), first(args), *isUnsigned, bar.tell)
		bar.end()
		if err == nil {
			fmt.Fprintf(c.OutOrStdout(), "%s restored: %d rows of %d tables, %s\n", done.Key, done.Rows(), len(done.Tables), done.Signature)
		}
		return err
	}
	return c
}

func backupKeys(p BackupKeeper) *cobra.Command {
	c := &cobra.Command{
		Use: "keys", Short: "Print the public keys by which backups are verified, for BACKUP_VERIFY_KEYS; keep them apart from the backups", Args: cobra.NoArgs,
		Example: "  surgicase backup keys --new    # prints a secret for surgicase/backup-signing-key, too",
	}
	isNew := c.Flags().Bool("new", false, "make a signing key; whatever today's key has signed stays valid")
	c.RunE = func(c *cobra.Command, _ []string) error {
		public, secret, err := p.BackupKeys(c.Context(), *isNew)
		if err != nil {
			return err
		}
		if *isNew {
			fmt.Fprintf(c.OutOrStdout(), "%s\n", secret)
		}
		for _, key := range public {
			fmt.Fprintf(c.OutOrStdout(), "%s\n", base64.StdEncoding.EncodeToString(key))
		}
		return nil
	}
	return c
}

// backupBar shows how far a backup, a trial or a restoration is.
type backupBar struct{ *bar }

func (b backupBar) tell(p backups.Progress) {
	switch p.Step {
	case backups.PuttingIn:
		b.show(string(p.Step), p.Done, p.Of, "%d rows restored", p.Rows)
	case backups.TakingOut, backups.Comparing:
		b.show(string(p.Step), p.Done, p.Of, "%d of %d tables, %d rows", p.Done, p.Of, p.Rows)
	case backups.Verifying:
		b.counting(string(p.Step), "entries of the audit trail")(p.Done, p.Of)
	case backups.Finding:
		b.show(string(p.Step), 0, 0, "%d", p.Done)
	}
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// keyIDs are the ids of keys as numbers, an empty list if there are none.
func keyIDs[ID ~uint32](ids []ID) []uint32 {
	numbers := make([]uint32, len(ids))
	for i, id := range ids {
		numbers[i] = uint32(id)
	}
	return numbers
}
