package bootstrap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"surgicase/adapters/auditfile"
	"surgicase/application/operations"
	"surgicase/domain/audit"
	"surgicase/domain/mail"
	"surgicase/ports"
)

// deposit is where checkpoints lie out of the database's reach: in files, in the storage of objects, and in
// people's mail.
type deposit struct {
	folder  auditfile.Folder
	blobs   ports.Blobs
	notices *operations.Notices
	events  ports.Events
}

func newDeposits(c Config, blobs ports.Blobs, notices *operations.Notices, events ports.Events) deposit {
	return deposit{c.checkpointFolder(), blobs, notices, events}
}

// Checkpoints in the storage. It may be away when the program ends: nobody waits for it for long.
const (
	checkpointPrefix  = "checkpoints/"
	checkpointTimeout = 5 * time.Second
)

// store puts a checkpoint into the storage of objects. That it fails is told and no more: there is the file, and
// the next checkpoint signs this part of the chain, too.
func (d deposit) store(ctx context.Context, c audit.Checkpoint, text []byte) {
	ctx, cancel := context.WithTimeout(ctx, checkpointTimeout)
	defer cancel()
	object := ports.Object{Key: checkpointPrefix + auditfile.Name(c), Size: int64(len(text)), ContentType: "application/json"}
	if _, err := d.blobs.Put(ctx, object, bytes.NewReader(text)); err != nil {
		d.events.Happened(ctx, ports.WorkFailed("audit.checkpoint.storage", err))
	}
}

func (d deposit) keep(ctx context.Context, c audit.Checkpoint, public audit.PublicKey) (string, error) {
	path, err := d.folder.Keep(ctx, c, public)
	text, textErr := auditfile.Text(c, public)
	if textErr == nil {
		d.store(ctx, c, append(text, '\n'))
	}
	return path, errors.Join(err, textErr)
}

// announce mails a checkpoint to those who hear of failures.
func (d deposit) announce(ctx context.Context, c audit.Checkpoint, public audit.PublicKey) error {
	text, err := auditfile.Text(c, public)
	if err != nil {
		return err
	}
	return d.notices.TellAtOnce(ctx, mail.Checkpoint, fmt.Sprintf("checkpoint:%d:%d", c.Seq, c.At.UnixMicro()), mail.Values{
		"made_at": c.At.Format(time.RFC3339), "seals": strconv.FormatInt(c.Seq, 10), "checkpoint": string(text),
	})
}

// all reads the checkpoints in files and in the storage. An instance keeps in files only what it made itself, the
// storage has those of all; of days long gone the last one is read, which signs what those before it signed.
func (d deposit) all(ctx context.Context) ([]audit.Checkpoint, error) {
	all, err := d.folder.Checkpoints()
	if err != nil {
		return nil, err
	}
	var keys []string
	for object, err := range d.blobs.List(ctx, checkpointPrefix) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, object.Key)
	}
	for _, key := range thinned(keys) {
		c, err := d.stored(ctx, key)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// allRead is how many of the newest checkpoints are all read: those of two days at least.
const allRead = 100

// thinned keeps the last of each day out of the keys of checkpoints, which sort by how far the chain had come;
// the newest ones all stay.
func thinned(keys []string) []string {
	var kept []string
	for i, key := range keys {
		if i+allRead >= len(keys) || dayOf(keys[i+1]) != dayOf(key) {
			kept = append(kept, key)
		}
	}
	return kept
}

// dayOf returns the day in the name of a checkpoint: checkpoint-000000000222-20261130T195530.828905Z.json.
func dayOf(key string) string {
	day, _, _ := strings.Cut(key[strings.LastIndexByte(key, '-')+1:], "T")
	return day
}

func (d deposit) stored(ctx context.Context, key string) (audit.Checkpoint, error) {
	content, _, err := d.blobs.Get(ctx, key, ports.Span{})
	if err != nil {
		return audit.Checkpoint{}, err
	}
	defer func() { _ = content.Close() }()
	text, err := io.ReadAll(content)
	if err != nil {
		return audit.Checkpoint{}, err
	}
	return auditfile.ParseCheckpoint(key, text)
}
