package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.uber.org/fx"

	"surgicase/adapters/cli"
	"surgicase/adapters/sqlstore"
	"surgicase/application/operations"
	"surgicase/domain/fault"
	"surgicase/ports"
)

// version is the one version string of the product; the build sets it.
var version = "dev"

// Exit codes of the program. docs/operating.md explains them, and a test holds it to them.
const (
	exitFailed = 1 // what was asked for could not be done
	exitUsage  = 2 // wrong arguments or configuration
)

// Main runs the program and returns its exit code.
func Main() int {
	closeUmask()
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	p := &program{env: environmentOf(os.Environ())}
	err := cli.New(p, version).ExecuteContext(ctx)
	var faults ConfigFaults
	switch {
	case err == nil:
		return 0
	case errors.As(err, &faults):
		for _, line := range faults {
			_, _ = fmt.Fprintln(os.Stderr, line)
		}
		return exitUsage
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errors.New("interrupted before it was done")
	}
	_, _ = fmt.Fprintln(os.Stderr, "surgicase:", sentence(err))
	return exitCode(err)
}

// exitCode returns the code of an error: a program that may not run on the schema is as wrong there as a variable.
func exitCode(err error) int {
	if isUsage(err) || fault.CodeOf(err) == "schema_newer" {
		return exitUsage
	}
	return exitFailed
}

// sentence is what a person at the terminal needs: the safe text of a fault with its fields and
// cause, else the error itself.
func sentence(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err.Error()
	}
	text := f.Safe
	for _, field := range f.Fields {
		text += "\n  " + strings.TrimPrefix(field.Location, "body.") + " " + field.Message
	}
	if f.Cause != nil && (errors.Is(f, fault.Unavailable) || errors.Is(f, fault.Upstream) || errors.Is(f, fault.Invalid)) {
		text += " (" + f.Cause.Error() + ")"
	}
	return text
}

// isUsage reports whether an error is about the words of the command line: a fault of a flag, too.
func isUsage(err error) bool {
	var f *fault.Error
	if errors.Is(err, cli.ErrUsage) {
		return true
	}
	return errors.As(err, &f) && slices.ContainsFunc(f.Fields, func(field fault.Field) bool { return strings.HasPrefix(field.Location, "--") })
}

func environmentOf(lines []string) environment {
	env := environment{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, "=")
		env[name] = value
	}
	return env
}

// program implements the commands of the command line.
type program struct{ env environment }

// run is runOnAnySchema on a database that has the schema of this program. SQLite is migrated; on MySQL the
// error names the command.
func (p *program) run(ctx context.Context, targets []any, do func(context.Context) error) error {
	var store *sqlstore.Store
	return p.runOnAnySchema(ctx, append(targets, &store), func(ctx context.Context) error {
		if err := requireSchema(ctx, store); err != nil {
			return err
		}
		return do(ctx)
	})
}

// requireSchema migrates a SQLite database that is older than the program. Any other schema is an error.
func requireSchema(ctx context.Context, store *sqlstore.Store) error {
	err := store.CheckVersion(ctx)
	if fault.CodeOf(err) == "schema_version" && store.Dialect() == "sqlite" {
		_, err = store.MigrateUp(ctx)
	}
	return err
}

// runOnAnySchema starts what is needed to fill in the targets, hands over to do, seals what that has left on the
// audit trail, and stops it again.
func (p *program) runOnAnySchema(ctx context.Context, targets []any, do func(context.Context) error) error {
	c, err := LoadConfig(p.env, false)
	if err != nil {
		return err
	}
	var seal sealing
	app := fx.New(core(c, p.env, Parts{}), fx.Populate(append(targets, &seal.store, &seal.sealer, &seal.events)...))
	if err := app.Err(); err != nil {
		return root(err)
	}
	if err := app.Start(ctx); err != nil {
		return root(err)
	}
	err = do(ctx)
	seal.after(context.WithoutCancel(ctx))
	return errors.Join(err, app.Stop(context.WithoutCancel(ctx)))
}

// root takes fx's own words off an error of the start. What is missing or wrong before anything was begun is
// configuration: it names the secret or the variable.
func root(err error) error {
	var faults ConfigFaults
	var f *fault.Error
	switch {
	case errors.As(err, &faults):
		return faults
	case !errors.As(err, &f):
		return err
	case errors.Is(f, fault.Invalid), errors.Is(f, fault.NotFound):
		return ConfigFaults{sentence(f)}
	}
	return f
}

// Serve answers HTTP until it is told to stop. With demo it first fills an empty SQLite database.
func (p *program) Serve(ctx context.Context, demo bool) error {
	c, err := LoadConfig(p.env, true)
	if err != nil {
		return err
	}
	if demo && c.DatabaseURL.scheme() != "sqlite" {
		return fmt.Errorf("%w: --demo needs a SQLite database", cli.ErrUsage)
	}
	c.keepPrivate()
	app := fx.New(core(c, p.env, Parts{}), fx.Invoke(prepareSchema(ctx)), demoData(ctx, demo), httpSide(announce(c, demo)))
	if err := app.Err(); err != nil {
		return root(err)
	}
	if err := app.Start(ctx); err != nil {
		return root(err)
	}
	code := 0
	select {
	case <-ctx.Done():
	case s := <-app.Wait():
		code = s.ExitCode
	}
	err = app.Stop(context.WithoutCancel(ctx))
	if code != 0 {
		err = errors.Join(err, errors.New("the server stopped by itself"))
	}
	return err
}

// prepareSchema migrates SQLite; a schema on which the program may not run stops the start. So do keys that are not
// those of the database. What works and should not stay so is a warning.
func prepareSchema(ctx context.Context) func(Config, environment, *sqlstore.Store, ports.Secrets, *operations.Keys, ports.Events) error {
	return func(c Config, env environment, store *sqlstore.Store, secrets ports.Secrets, keys *operations.Keys, events ports.Events) error {
		if store.Dialect() == "sqlite" {
			if _, err := store.MigrateUp(ctx); err != nil {
				return err
			}
		}
		schema, err := store.Schema(ctx)
		if err == nil {
			err = schema.Check()
		}
		if err != nil {
			return err
		}
		if schema.IsNewer() {
			_, _ = fmt.Fprintf(os.Stderr, "Warning: the database has schema version %d, this program knows %d and may run on it\n",
				schema.Have, schema.Known)
		}
		if err := refuseUnknownKeys(ctx, store, secrets); err != nil {
			return err
		}
		if err := needChainKey(ctx, store, secrets, keys); err != nil {
			return err
		}
		warnAtStart(ctx, c, env, secrets, store, events)
		return nil
	}
}

func announce(c Config, demo bool) func(net.Addr) {
	scheme := "http"
	if c.TLSCert != "" {
		scheme = "https"
	}
	return func(addr net.Addr) {
		_, _ = fmt.Fprintf(os.Stderr, "SurgiCase %s serves %s://%s\nDocumentation: %s://%s/docs\n", version, scheme, addr, scheme, addr)
		if offline := c.offline(); len(offline) > 0 {
			_, _ = fmt.Fprintln(os.Stderr, "Warning: "+strings.Join(offline, "; "))
		}
		if c.ReportPassword == npiPasswords {
			_, _ = fmt.Fprintln(os.Stderr, "Warning: REPORT_PASSWORD=npi locks providers' reports with what others can find out: lastname_npi")
		}
		if demo {
			_, _ = fmt.Fprintln(os.Stderr, demoIntroduction())
		}
	}
}

// MigrateUp brings the schema up to date.
func (p *program) MigrateUp(ctx context.Context) (int, error) {
	var store *sqlstore.Store
	var steps int
	err := p.runOnAnySchema(ctx, []any{&store}, func(ctx context.Context) (err error) {
		if steps, err = store.MigrateUp(ctx); err != nil {
			return err
		}
		return store.CheckVersion(ctx)
	})
	return steps, err
}

// MigrateDown takes the last migration back, with withoutBackup also if no backup was made lately.
func (p *program) MigrateDown(ctx context.Context, withoutBackup bool) (string, error) {
	var store *sqlstore.Store
	var clock ports.Clock
	var name string
	err := p.runOnAnySchema(ctx, []any{&store, &clock}, func(ctx context.Context) (err error) {
		if !withoutBackup {
			if err := requireBackup(ctx, store, clock.Now()); err != nil {
				return err
			}
		}
		name, err = store.MigrateDown(ctx)
		return err
	})
	return name, err
}

// maxBackupAge is how old the newest backup may be when a migration is taken back.
const maxBackupAge = day

// requireBackup returns an error if the database knows of no backup that was made within maxBackupAge.
func requireBackup(ctx context.Context, store *sqlstore.Store, now time.Time) error {
	schema, err := store.Schema(ctx)
	if err != nil || schema.Have == 0 {
		return err // there is nothing to take back
	}
	last, err := store.LastBackup(ctx)
	if err != nil {
		return err
	}
	if age := now.Sub(last); age >= 0 && age <= maxBackupAge {
		return nil
	}
	made := "none was ever made"
	if !last.IsZero() {
		made = "the newest is of " + last.Format(time.RFC3339)
	}
	return fmt.Errorf("%w: this deletes the data that the last migration added,"+
		" and there is no backup of the last 24 hours (%s): "+
		"run `surgicase backup` first, or repeat it with --without-backup", cli.ErrUsage, made)
}

// MigrateStatus lists the migrations.
func (p *program) MigrateStatus(ctx context.Context) ([]cli.Migration, error) {
	var store *sqlstore.Store
	var out []cli.Migration
	err := p.runOnAnySchema(ctx, []any{&store}, func(ctx context.Context) error {
		states, err := store.MigrationStatus(ctx)
		for _, s := range states {
			out = append(out, cli.Migration{Version: s.Version, Name: s.Name, Applied: s.Applied})
		}
		return err
	})
	return out, err
}
