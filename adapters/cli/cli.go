// Package cli is the command line of the product.
package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"surgicase/domain/permission"
)

// ErrUsage marks errors of the person at the keyboard: the program exits with 2.
var ErrUsage = errors.New("wrong usage")

// Program is what the commands do.
type Program interface {
	Serve(ctx context.Context, demo bool) error
	MigrateUp(ctx context.Context) (int, error)
	MigrateDown(ctx context.Context, withoutBackup bool) (string, error)
	MigrateStatus(ctx context.Context) ([]Migration, error)
	CreateUser(ctx context.Context, in NewUser) error
	Check(ctx context.Context) ([]Finding, error)
	Health(ctx context.Context) error
	Importer
	Auditor
	KeyKeeper
	NPIKeeper
	Doorkeeper
	TemplateWriter
	Mover
	BackupKeeper
	StorageKeeper
	Scheduler
	CasePurger
}

// Migration is one step of the schema.
type Migration struct {
	Version int64
	Name    string
	Applied bool
}

// Finding is one thing that check looked at.
type Finding struct {
	What   string
	OK     bool
	Warn   bool // works, but should not stay so
	Detail string
}

// New makes the command line.
func New(p Program, version string) *cobra.Command {
	root := &cobra.Command{
		Use: "surgicase", Short: "The back office of a surgical practice: cases, their lifecycle and provider pay.",
		Long: "The back office of a surgical practice: cases, their lifecycle and provider pay.\n\n" +
			"Environment variables configure it; `surgicase check` says what they are worth. To try it:\n\n" +
			"  AUTH_MODE=trusted surgicase serve --demo\n\n" +
			"Commands exit with 0 when done, 1 when it could not be done, 2 when words or configuration are wrong.",
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetFlagErrorFunc(flagError)
	root.Version = version
	root.SetVersionTemplate("{{.Version}}\n")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(serve(p), migrate(p), user(p), tokenCommands(p), payCommands(p), codeCommands(p), auditCommands(p), keyCommands(p), templates(p), check(p), health(p), permissions(p), versionCommand(version))
	root.AddCommand(importReference(p), backupCommands(p), restore(p))
	root.AddCommand(npiCommands(p), storageCommands(p))
	root.AddCommand(scheduler(p), jobCommands(p), caseCommands(p))
	strict(root)
	return root
}

func serve(p Program) *cobra.Command {
	var demo bool
	c := &cobra.Command{
		Use: "serve", Short: "Answer HTTP until told to stop", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.Serve(c.Context(), demo) },
	}
	c.Flags().BoolVar(&demo, "demo", false, "fill an empty SQLite database with demonstration data first")
	return c
}

func migrate(p Program) *cobra.Command {
	c := &cobra.Command{Use: "migrate", Short: "Bring the database schema up to date, or back"}
	c.AddCommand(
		&cobra.Command{Use: "up", Short: "Apply every migration that is missing", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
			steps, err := p.MigrateUp(c.Context())
			if err == nil {
				fmt.Fprintf(c.OutOrStdout(), "%d migrations applied; the schema is up to date\n", steps)
			}
			return err
		}},
		migrateDown(p), migrateStatus(p),
	)
	return c
}

func migrateDown(p Program) *cobra.Command {
	var yes, withoutBackup bool
	c := &cobra.Command{Use: "down", Short: "Take the last migration back, with its data", Args: cobra.NoArgs}
	c.Flags().BoolVar(&yes, "yes", false, "delete what the last migration added; make a backup first")
	c.Flags().BoolVar(&withoutBackup, "without-backup", false, "do so also if no backup was made within 24 hours")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if !yes {
			return fmt.Errorf("%w: this deletes the data that the last migration added: make a backup now (`surgicase backup`), then repeat it with --yes", ErrUsage)
		}
		name, err := p.MigrateDown(c.Context(), withoutBackup)
		switch {
		case err != nil:
			return err
		case name == "":
			fmt.Fprintln(c.OutOrStdout(), "no migration is applied")
		default:
			fmt.Fprintf(c.OutOrStdout(), "%s taken back\n", name)
		}
		return nil
	}
	return c
}

func health(p Program) *cobra.Command {
	return &cobra.Command{
		Use: "health", Short: "Ask the server at HTTP_ADDR whether it is ready: exit code 0, else 1", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := p.Health(c.Context()); err != nil {
				return err
			}
			_, err := fmt.Fprintln(c.OutOrStdout(), "ready")
			return err
		},
	}
}

func migrateStatus(p Program) *cobra.Command {
	c := &cobra.Command{Use: "status", Short: "List the migrations and which are applied", Args: cobra.NoArgs}
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		states, err := p.MigrateStatus(c.Context())
		if err != nil {
			return err
		}
		list := newListing("VERSION", "NAME", "APPLIED")
		for _, s := range states {
			list.add(s.Version, s.Name, s.Applied)
		}
		return list.print(c.OutOrStdout(), *asJSON)
	}
	return c
}

func check(p Program) *cobra.Command {
	c := &cobra.Command{Use: "check", Short: "Open what the configuration names and say what works", Args: cobra.NoArgs}
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		findings, err := p.Check(c.Context())
		if err != nil {
			return err
		}
		failed := 0
		list := newListing("WHAT", "STATE", "DETAIL")
		for _, f := range findings {
			state := "ok"
			switch {
			case !f.OK:
				state = "PROBLEM"
				failed++
			case f.Warn:
				state = "warning"
			}
			list.add(f.What, state, f.Detail)
		}
		if err := list.print(c.OutOrStdout(), *asJSON); err != nil || failed == 0 {
			return err
		}
		return fmt.Errorf("%d of %d checks found a problem", failed, len(findings))
	}
	return c
}

func permissions(p Doorkeeper) *cobra.Command {
	c := &cobra.Command{Use: "permissions", Short: "Print who may do what", Args: cobra.NoArgs}
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		list := newListing("ACTION", "OWN FROM", "GROUP FROM", "ANY FROM", "TOKEN NEEDS", "MEANING")
		for _, r := range permission.Table {
			list.add(string(r.Action), lowest(r, permission.Own), lowest(r, permission.Grouped), lowest(r, permission.Other), string(r.Needs), meaning(r))
		}
		return list.print(c.OutOrStdout(), *asJSON)
	}
	c.AddCommand(explain(p))
	return c
}

// lowest is the lowest user type that may act in a relation, or nil.
func lowest(r permission.Rule, rel permission.Relation) any {
	if t := r.From(rel); t != 0 {
		return int(t)
	}
	return nil
}

func meaning(r permission.Rule) string {
	if r.Remark == "" {
		return r.Meaning
	}
	return r.Meaning + " (" + r.Remark + ")"
}

func versionCommand(version string) *cobra.Command {
	c := &cobra.Command{Use: "version", Short: "Print the version", Args: cobra.NoArgs}
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if *asJSON {
			return printJSON(c.OutOrStdout(), map[string]any{"version": version})
		}
		_, err := fmt.Fprintln(c.OutOrStdout(), version)
		return err
	}
	return c
}
