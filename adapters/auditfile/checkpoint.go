// Package auditfile keeps the audit trail in files: checkpoints out of the database's reach, and exports
// that can be verified anywhere.
package auditfile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
)

// checkpointForm is a checkpoint as JSON. The public key is there to be compared with the one that is
// known; who trusts the one in the file trusts whoever wrote it.
type checkpointForm struct {
	Seq       int64  `json:"seq"`
	Entry     int64  `json:"entry_id"`
	Hash      hexed  `json:"hash"`
	At        string `json:"at"`
	KeyID     string `json:"key_id"`
	Signature hexed  `json:"signature"`
	PublicKey []byte `json:"public_key,omitempty"`
	Begins    string `json:"begins_chain_key,omitempty"`
}

func formOf(c audit.Checkpoint) checkpointForm {
	return checkpointForm{Seq: c.Seq, Entry: c.Entry, Hash: c.Hash, At: writeTime(c.At), KeyID: c.KeyID, Signature: c.Signature, Begins: c.Begins}
}

func (f checkpointForm) checkpoint() (audit.Checkpoint, error) {
	at, err := time.Parse(timeForm, f.At)
	return audit.Checkpoint{Seal: audit.Seal{Seq: f.Seq, Entry: f.Entry, Hash: f.Hash}, At: at, KeyID: f.KeyID, Signature: f.Signature, Begins: f.Begins}, err
}

// timeForm writes instants to the microsecond, as they are stored.
const timeForm = "2006-01-02T15:04:05.000000Z"

func writeTime(t time.Time) string { return t.UTC().Format(timeForm) }

// Text is a checkpoint as it stands in a file.
func Text(c audit.Checkpoint, public audit.PublicKey) ([]byte, error) {
	form := formOf(c)
	form.PublicKey = public
	return json.MarshalIndent(form, "", "  ")
}

// Name is what the file of a checkpoint is called: they sort by how far the chain had come.
func Name(c audit.Checkpoint) string {
	return fmt.Sprintf("checkpoint-%012d-%s.json", c.Seq, c.At.UTC().Format("20060102T150405.000000Z"))
}

const checkpointFiles = "checkpoint-*.json"

// Folder keeps checkpoints as files that only this user can read.
type Folder string

// Keep writes a checkpoint and gives the name of its file. A file is whole or not there.
func (dir Folder) Keep(_ context.Context, c audit.Checkpoint, public audit.PublicKey) (path string, err error) {
	content, err := Text(c, public)
	if err != nil {
		return "", err
	}
	path = filepath.Join(string(dir), Name(c))
	err = os.MkdirAll(string(dir), 0o700)
	if err == nil {
		err = write(path, func(draft io.Writer) error {
			_, err := draft.Write(append(content, '\n'))
			return err
		})
	}
	if err != nil {
		return "", fault.New(fault.Unavailable, "checkpoint_unwritable", "the checkpoint cannot be written to %s", string(dir)).Because(err)
	}
	return path, nil
}

// write makes a file that only this user can read, whole or not at all.
func write(path string, fill func(io.Writer) error) error {
	draft, err := os.CreateTemp(filepath.Dir(path), ".draft-*") // CreateTemp makes it readable for this user only
	if err != nil {
		return err
	}
	err = fill(draft)
	if err = errors.Join(err, draft.Sync(), draft.Close()); err == nil {
		err = os.Rename(draft.Name(), path)
	}
	if err != nil {
		_ = os.Remove(draft.Name())
	}
	return err
}

// ReadCheckpoints reads a checkpoint, or all in a folder; a folder that is not there holds none.
//
// Faults: Invalid "checkpoint_unreadable".
func ReadCheckpoints(path string) ([]audit.Checkpoint, error) {
	files := []string{path}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		if files, err = filepath.Glob(filepath.Join(path, checkpointFiles)); err != nil {
			return nil, err
		}
	}
	var all []audit.Checkpoint
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, unreadable(file, err)
		}
		c, err := ParseCheckpoint(file, text)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

func unreadable(name string, cause error) error {
	return fault.New(fault.Invalid, "checkpoint_unreadable", "%s is no checkpoint", name).Because(cause)
}

// ParseCheckpoint reads a checkpoint as Text writes it, out of a file or object of a name.
//
// Faults: Invalid "checkpoint_unreadable".
func ParseCheckpoint(name string, text []byte) (audit.Checkpoint, error) {
	var form checkpointForm
	if err := json.Unmarshal(text, &form); err != nil {
		return audit.Checkpoint{}, unreadable(name, err)
	}
	c, err := form.checkpoint()
	if err != nil {
		return audit.Checkpoint{}, unreadable(name, err)
	}
	return c, nil
}

// Checkpoints reads those in the folder.
func (dir Folder) Checkpoints() ([]audit.Checkpoint, error) {
	if _, err := os.Stat(string(dir)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return ReadCheckpoints(string(dir))
}
