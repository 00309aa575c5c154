package bootstrap

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"go.uber.org/fx"

	"surgicase/adapters/auditfile"
	"surgicase/adapters/cli"
	"surgicase/adapters/sqlstore"
	"surgicase/application/operations"
	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// sealPause is how long an entry may lie before the sealer looks.
const sealPause = time.Second

// checkpointFolder is where checkpoints are kept.
func (c Config) checkpointFolder() auditfile.Folder {
	return auditfile.Folder(filepath.Join(c.DataDir, "checkpoints"))
}

// newDesk gives the notary its key. One is made when there is none and the database is SQLite; else
// serving does not start without it.
func newDesk(c Config, secrets ports.Secrets, ids ports.IDs, out deposit) (operations.Desk, error) {
	secret, err := secretOrMade(context.Background(), c, secrets, ports.CheckpointKeySecret, func() ([]byte, error) { return operations.NewCheckpointKey(ids) })
	if err != nil {
		return operations.Desk{}, err
	}
	signer, _, err := operations.ReadCheckpointKey(secret)
	return operations.Desk{Signer: signer, Deposit: out.keep, Announce: out.announce}, placed(secrets, ports.CheckpointKeySecret, err)
}

// newSealer seals with the chain keys of the key set.
func newSealer(store *sqlstore.Store, clock ports.Clock, ids ports.IDs) *operations.Sealer {
	return operations.NewSealer(store, clock, ids).Keyed(store)
}

// watchPause is how often an instance looks whether entries are sealed.
const watchPause = 10 * time.Second

// watchChain has this instance notice by its own clock that entries are not sealed.
func watchChain(life fx.Lifecycle, watch *operations.ChainWatch, events ports.Events) {
	loop{name: "audit.watch", pause: watchPause, work: watch.Work}.run(life, events)
}

// needChainKey begins the keyed chain on SQLite, where the program keeps the key set, and refuses to start
// where the chain has a key that the key set lacks. On MySQL the operator adds the key once all instances
// know the keyed chain: until then they seal in format 1.
func needChainKey(ctx context.Context, store *sqlstore.Store, secrets ports.Secrets, keys *operations.Keys) error {
	var boundary audit.Checkpoint
	err := store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		boundary, err = r.Seals.Boundary(ctx)
		return err
	})
	if err != nil {
		return err
	}
	_, have := store.ChainKey("")
	if boundary.Begins != "" {
		if _, known := store.ChainKey(boundary.Begins); !known {
			return ConfigFaults{fmt.Sprintf("the audit log is sealed with the chain key %s, which the key set does not hold: put the right key set in place (%s)",
				boundary.Begins, secrets.Origin(ports.KeySetSecret))}
		}
		return nil
	}
	if have || store.Dialect() != "sqlite" {
		return nil
	}
	added, err := keys.AddChainKey(ctx, permission.System("start"))
	if err != nil || added.HandOver != nil {
		return err // a key set that the program cannot write: it goes on in format 1 and says so
	}
	_, err = store.RefreshKeys(ctx)
	return err
}

// runNotary seals and signs the audit trail while the app runs.
func runNotary(life fx.Lifecycle, notary *operations.Notary, events ports.Events) {
	loop{name: "audit.seal", pause: sealPause, work: notary.Work, last: notary.Finish}.run(life, events)
}

// sealing seals what a command has left on the trail, unless a server does. Without one running nobody
// else would, and after a minute the trail would count as broken.
type sealing struct {
	store  *sqlstore.Store
	sealer *operations.Sealer
	events ports.Events
}

func (s sealing) after(ctx context.Context) {
	if s.store.CheckVersion(ctx) != nil {
		return // there may be no trail yet
	}
	if _, err := s.sealer.Finish(ctx); err != nil {
		s.events.Happened(ctx, ports.WorkFailed("audit.seal", err))
	}
}

// steady keeps the collector ahead of a stream of entries, also on a busy machine: what they need at once
// is a fraction of this.
func steady() { debug.SetMemoryLimit(16 << 20) }

// VerifyAudit checks the trail in the database or in an export. It needs no key of the encrypted
// columns and writes nothing.
func (p *program) VerifyAudit(ctx context.Context, of cli.Evidence, progress cli.Progress) (audit.Report, error) {
	steady()
	c, err := LoadConfig(p.env, false)
	if err != nil {
		return audit.Report{}, err
	}
	kept, err := readCheckpoints(of.Checkpoints)
	if err != nil {
		return audit.Report{}, err
	}
	keys, err := p.publicKeys(ctx, c, of.PublicKeys)
	if err != nil {
		return audit.Report{}, err
	}
	chainKeys, err := p.chainKeys(ctx, c)
	if err != nil {
		return audit.Report{}, err
	}
	verify := func(e audit.Evidence) (report audit.Report, err error) {
		e.ChainKeys = chainKeys
		report, err = e.Verify(kept, keys, func(done int64) { progress(done, e.Seals) })
		progress(e.Seals, e.Seals)
		return report, err
	}
	if of.Export != "" {
		return verifyExport(of.Export, verify)
	}
	inPlace, err := c.checkpointFolder().Checkpoints()
	if err != nil {
		return audit.Report{}, err
	}
	kept = append(kept, inPlace...)
	var report audit.Report
	err = p.withTrail(ctx, c, func(trail *operations.Trail) error {
		return trail.Read(ctx, func(e audit.Evidence) (err error) {
			report, err = verify(e)
			return err
		})
	})
	return report, err
}

// verifyTrail is the daily verification. It trusts the checkpoint key at hand, and those before it.
func verifyTrail(ctx context.Context, out deposit, secrets ports.Secrets, trail *operations.Trail, who permission.Actor) (string, error) {
	secret, err := secrets.Get(ctx, ports.CheckpointKeySecret)
	if err != nil {
		return "", err
	}
	_, keys, err := operations.ReadCheckpointKey(secret)
	if err != nil {
		return "", err
	}
	kept, err := out.all(ctx)
	if err != nil {
		return "", err
	}
	set, err := secrets.Get(ctx, ports.KeySetSecret)
	if err != nil {
		return "", err
	}
	chainKeys, err := sqlstore.ChainKeysOf(set)
	if err != nil {
		return "", err
	}
	report, err := trail.With(chainKeys).Verify(ctx, who, kept, keys)
	if err != nil {
		return "", err
	}
	if report.Unchecked > 0 {
		return "", fault.New(fault.Unavailable, "chain_key_missing", "%d seals could not be checked: the key set does not hold their chain key.", report.Unchecked)
	}
	text := fmt.Sprintf("%d entries and %d checkpoints are sound, %d entries wait for their seal", report.Last.Seq, report.Checkpoints, report.Unsealed)
	if missing := report.MissingText(); missing != "" {
		text += "; " + missing
	}
	return text, nil
}

// chainKeys returns the chain keys of the configured key set; without a key set there are none, and seals of
// format 2 are not checked against them.
func (p *program) chainKeys(ctx context.Context, c Config) ([]audit.ChainKey, error) {
	secrets, err := openSecrets(c, p.env)
	if err != nil {
		return nil, err
	}
	set, err := secrets.Get(ctx, ports.KeySetSecret)
	if errors.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	keys, err := sqlstore.ChainKeysOf(set)
	return keys, placed(secrets, ports.KeySetSecret, err)
}

func verifyExport(path string, verify func(audit.Evidence) (audit.Report, error)) (audit.Report, error) {
	file, err := os.Open(path)
	if err != nil {
		return audit.Report{}, cli.FileError(path, err)
	}
	defer func() { _ = file.Close() }()
	e, err := auditfile.Read(file)
	if err != nil {
		return audit.Report{}, err
	}
	return verify(e)
}

// withTrail opens the database without the keys of the encrypted columns: an auditor needs none.
func (p *program) withTrail(ctx context.Context, c Config, do func(*operations.Trail) error) error {
	secrets, err := openSecrets(c, p.env)
	if err != nil {
		return err
	}
	config, err := c.store(ctx, secrets, nil, hearing{})
	if err != nil {
		return root(err)
	}
	store, err := stores[c.DatabaseURL.scheme()](config)
	if err != nil {
		return err
	}
	if err = store.CheckVersion(ctx); err == nil {
		err = do(operations.NewTrail(store, systemClock{}))
	}
	return errors.Join(err, store.Close())
}

// publicKeys are those that are named; without any, those of the configured secret, if there is one.
func (p *program) publicKeys(ctx context.Context, c Config, named []string) ([]audit.PublicKey, error) {
	var keys []audit.PublicKey
	for _, text := range named {
		if content, err := os.ReadFile(text); err == nil {
			text = string(content)
		}
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("%w: --public-key is neither a file nor a key in base64", cli.ErrUsage)
		}
		key, err := audit.ParsePublicKey(raw)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	if len(keys) > 0 {
		return keys, nil
	}
	secrets, err := openSecrets(c, p.env)
	if err != nil {
		return nil, err
	}
	secret, err := secrets.Get(ctx, ports.CheckpointKeySecret)
	if errors.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	_, keys, err = operations.ReadCheckpointKey(secret)
	return keys, placed(secrets, ports.CheckpointKeySecret, err)
}

func readCheckpoints(paths []string) ([]audit.Checkpoint, error) {
	var all []audit.Checkpoint
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			return nil, cli.FileError(path, err)
		}
		some, err := auditfile.ReadCheckpoints(path)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// ExportAudit writes the whole trail to a file. The file is whole or not there.
func (p *program) ExportAudit(ctx context.Context, path string, progress cli.Progress) (links int64, err error) {
	steady()
	var trail *operations.Trail
	err = p.run(ctx, []any{&trail}, func(ctx context.Context) error {
		return trail.Export(ctx, permission.System("cli"), func(e audit.Evidence) (err error) {
			links, err = auditfile.Export(path, e, func(done int64) { progress(done, e.Seals) })
			progress(e.Seals, e.Seals)
			return err
		})
	})
	return links, err
}

// SignAudit seals what is left and makes a checkpoint.
func (p *program) SignAudit(ctx context.Context) (made operations.Deposited, err error) {
	var notary *operations.Notary
	err = p.run(ctx, []any{&notary}, func(ctx context.Context) (err error) {
		made, err = notary.Sign(ctx)
		return err
	})
	return made, err
}
