package auditfile

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"surgicase/domain/audit"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
)

// An export is a file of JSON lines: a head, the checkpoints, the links in order of their seals, those
// without a seal, and an end that says how many lines there were. One line is read at a time.
type exportLine struct {
	Head       *exportHead     `json:"surgicase_audit_export,omitempty"`
	Checkpoint *checkpointForm `json:"checkpoint,omitempty"`
	Seal       *sealForm       `json:"seal,omitempty"`
	Entry      *entryForm      `json:"entry,omitempty"`
	End        *exportEnd      `json:"end,omitempty"`
}

type exportHead struct {
	Format int    `json:"format"`
	At     string `json:"exported_at"`
	Seals  int64  `json:"seals"`
}

type exportEnd struct {
	Links int64 `json:"links"`
}

type sealForm struct {
	Seq   int64  `json:"seq"`
	Entry int64  `json:"entry_id"`
	Hash  hexed  `json:"hash"`
	Key   string `json:"chain_key,omitempty"`
}

// entryForm is an entry with the names of the stored columns.
type entryForm struct {
	ID         int64    `json:"entry_id"`
	At         string   `json:"happened_at"`
	Actor      string   `json:"actor_id"`
	ActorType  int      `json:"actor_type"`
	Credential string   `json:"credential"`
	Mode       string   `json:"auth_mode"`
	Action     string   `json:"action"`
	Entity     string   `json:"entity"`
	EntityID   string   `json:"entity_id"`
	Fields     []string `json:"fields,omitempty"`
	Things     []string `json:"things"`
	Before     *hexed   `json:"before_digest"`
	After      *hexed   `json:"after_digest"`
	RequestID  string   `json:"request_id"`
	Address    string   `json:"address"`
	Outcome    string   `json:"outcome"`
	Code       string   `json:"code,omitempty"`
}

// hexed is bytes as hexadecimal text.
type hexed []byte

// MarshalText writes the text.
func (h hexed) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h), nil }

// UnmarshalText reads the text.
func (h *hexed) UnmarshalText(text []byte) (err error) {
	*h, err = hex.AppendDecode([]byte{}, text)
	return err
}

const (
	exportFormat = 2        // 1 has no members for the keyed chain, and else is the same
	longestLine  = 64 << 20 // a list read of a hundred thousand cases fits a hundred times
)

// Export writes a trail to a file and says how many links it has. The file is whole or not there.
func Export(path string, e audit.Evidence, progress func(done int64)) (links int64, err error) {
	err = write(path, func(draft io.Writer) (err error) {
		links, err = Write(draft, e, progress)
		return err
	})
	return links, err
}

// Write writes a trail and says how many links it has.
func Write(to io.Writer, e audit.Evidence, progress func(done int64)) (links int64, err error) {
	buffer := bufio.NewWriterSize(to, 1<<16)
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(exportLine{Head: &exportHead{exportFormat, writeTime(e.At), e.Seals}}); err != nil {
		return 0, err
	}
	for _, c := range e.Checkpoints {
		form := formOf(c)
		if err := encoder.Encode(exportLine{Checkpoint: &form}); err != nil {
			return 0, err
		}
	}
	for l, err := range e.Links {
		if err == nil {
			err = encoder.Encode(lineOf(l))
		}
		if err != nil {
			return links, err
		}
		if links++; links%progressEvery == 0 {
			progress(links)
		}
	}
	return links, errors.Join(encoder.Encode(exportLine{End: &exportEnd{links}}), buffer.Flush())
}

// progressEvery is after how many lines progress is told.
const progressEvery = 10_000

func lineOf(l audit.Link) exportLine {
	var line exportLine
	if l.Sealed {
		line.Seal = &sealForm{l.Seal.Seq, l.Seal.Entry, l.Seal.Hash, l.Seal.ChainKey}
	}
	if e := l.Entry; e != nil {
		line.Entry = &entryForm{
			ID: e.ID, At: writeTime(e.At), Actor: string(e.Actor.User), ActorType: int(e.Actor.Type), Credential: e.Actor.Credential, Mode: e.Actor.Mode,
			Action: string(e.Action), Entity: e.Entity, EntityID: e.EntityID, Fields: e.Fields, Things: e.Things, Before: (*hexed)(pointer(e.Before)),
			After: (*hexed)(pointer(e.After)), RequestID: e.Actor.RequestID, Address: e.Actor.Address, Outcome: string(e.Outcome), Code: e.Code,
		}
	}
	return line
}

func pointer(b []byte) *[]byte {
	if b == nil {
		return nil
	}
	return &b
}

func (l exportLine) link() audit.Link {
	var out audit.Link
	if l.Seal != nil {
		out.Sealed, out.Seal = true, audit.Seal{Seq: l.Seal.Seq, Entry: l.Seal.Entry, Hash: l.Seal.Hash, ChainKey: l.Seal.Key}
	}
	if f := l.Entry; f != nil {
		at, err := time.Parse(timeForm, f.At)
		if err != nil {
			at = time.Time{} // no entry is of then, so it will not fit its seal
		}
		out.Entry = &audit.Stored{ID: f.ID, Entry: audit.Entry{
			At: at,
			Actor: permission.Actor{
				User: ident.UserID(f.Actor), Type: permission.UserType(f.ActorType), Credential: f.Credential, Mode: f.Mode, RequestID: f.RequestID, Address: f.Address,
			},
			Action: permission.Action(f.Action), Entity: f.Entity, EntityID: f.EntityID, Fields: f.Fields, Things: f.Things,
			Before: bytesOf(f.Before), After: bytesOf(f.After), Outcome: audit.Outcome(f.Outcome), Code: f.Code,
		}}
	}
	return out
}

func bytesOf(h *hexed) []byte {
	if h == nil {
		return nil
	}
	return *h
}

// Read reads an export: its head and checkpoints at once, its links as they are asked for.
//
// Faults: Invalid "export_unreadable", also out of the links.
func Read(from io.Reader) (audit.Evidence, error) {
	lines := &lines{scanner: bufio.NewScanner(from)}
	lines.scanner.Buffer(make([]byte, 1<<16), longestLine)
	first, err := lines.next()
	if err == nil && (first.Head == nil || first.Head.Format < 1 || first.Head.Format > exportFormat) {
		err = lines.unreadable(errors.New("this is no export of an audit trail in format 1 or 2"))
	}
	if err != nil {
		return audit.Evidence{}, err
	}
	e := audit.Evidence{Seals: first.Head.Seals}
	if e.At, err = time.Parse(timeForm, first.Head.At); err != nil {
		return e, lines.unreadable(err)
	}
	line, err := lines.next()
	for ; err == nil && line.Checkpoint != nil; line, err = lines.next() {
		c, err := line.Checkpoint.checkpoint()
		if err != nil {
			return e, lines.unreadable(err)
		}
		e.Checkpoints = append(e.Checkpoints, c)
	}
	e.Links = links(lines, line, err)
	return e, nil
}

func links(lines *lines, line exportLine, err error) iter.Seq2[audit.Link, error] {
	return func(yield func(audit.Link, error) bool) {
		for read := int64(0); ; read++ {
			if err == nil && line.End != nil {
				if line.End.Links != read {
					yield(audit.Link{}, lines.unreadable(fmt.Errorf("there should be %d links and are %d", line.End.Links, read)))
				}
				return
			}
			if err == nil && line.Seal == nil && line.Entry == nil {
				err = lines.unreadable(errors.New("this is neither a seal nor an entry"))
			}
			if err != nil {
				yield(audit.Link{}, err)
				return
			}
			if !yield(line.link(), nil) {
				return
			}
			line, err = lines.next()
		}
	}
}

// lines reads an export line by line.
type lines struct {
	scanner *bufio.Scanner
	number  int
}

func (l *lines) next() (exportLine, error) {
	l.number++
	var line exportLine
	if !l.scanner.Scan() {
		return line, l.unreadable(errors.Join(l.scanner.Err(), errors.New("the file ends before its end")))
	}
	decoder := json.NewDecoder(bytes.NewReader(l.scanner.Bytes()))
	decoder.DisallowUnknownFields() // a member under another name would be as good as gone
	if err := decoder.Decode(&line); err != nil {
		return line, l.unreadable(err)
	}
	if decoder.More() {
		return line, l.unreadable(errors.New("something follows on the line"))
	}
	return line, nil
}

func (l *lines) unreadable(cause error) error {
	return fault.New(fault.Invalid, "export_unreadable", "line %d of the export cannot be read", l.number).Because(cause)
}
