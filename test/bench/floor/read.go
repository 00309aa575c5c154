package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"time"
)

const columns = "c.human_case_id, c.case_id, c.version, c.user_id, c.case_date, c.patient_first, c.patient_last, c.patient_dob," +
	" c.ins_provider, c.surgeon_id, c.facility_id, c.case_status, c.pay_amount_cents, c.pay_category, c.pay_status, c.pay_tier," +
	" c.pay_table_version, c.pay_code, c.priced_at, c.pay_generation, c.twin_slot, c.digest_key, c.submitted_at, c.ready_for_billing_at," +
	" c.pending_payment_at, c.paid_to_provider_at, c.sent_to_biller_at, c.received_pmnt_at, c.sent_to_negotiation_at, c.settled_at," +
	" c.sent_to_idr_at, c.idr_decision_at, c.rejected_at, c.closed_at, c.created_at, c.updated_at, c.deleted_at, c.deleted_by," +
	" p.entry_id, p.run_id, p.settled_at, p.cancelled_at, p.reversed_at"

const tables = " FROM cases c LEFT JOIN payment_entries p ON p.human_case_id = c.human_case_id AND p.generation = c.pay_generation AND p.kind = 'payment'"

const sheet = "SELECT " + columns + ", s.first_name, s.last_name, f.facility_name, u.first_name, u.last_name, u.active" + tables +
	" JOIN users u ON u.user_id = c.user_id LEFT JOIN surgeons s ON s.surgeon_id = c.surgeon_id LEFT JOIN facilities f ON f.facility_id = c.facility_id"

// row is a case as it is answered.
type row struct {
	Number                           int64  `json:"human_case_id"`
	ID                               string `json:"case_id"`
	Version                          int64  `json:"version"`
	Owner, Date                      string
	First, Last, Born                []byte
	Insurer                          sql.NullString
	Surgeon, Facility                sql.NullInt64
	Status, Cents                    int64
	Category, PayStatus              sql.NullString
	Tier, Table                      int64
	Winner                           sql.NullString
	PricedAt                         sql.NullInt64
	Generation, Slot                 int64
	DigestKey                        []byte `json:"-"`
	Stamps                           [12]sql.NullInt64
	Created, Updated                 int64
	DeletedAt                        sql.NullInt64
	DeletedBy                        sql.NullString
	Payment                          [5]sql.NullInt64
	SurgeonFirst, SurgeonLast, Place sql.NullString
	OwnerFirst, OwnerLast            string
	OwnerActive                      int
	Codes                            []string
	Descriptions                     map[string]string
	Files                            map[string][]byte
}

func (r *row) targets() []any {
	out := []any{
		&r.Number, &r.ID, &r.Version, &r.Owner, &r.Date, &r.First, &r.Last, &r.Born, &r.Insurer, &r.Surgeon, &r.Facility, &r.Status, &r.Cents,
		&r.Category, &r.PayStatus, &r.Tier, &r.Table, &r.Winner, &r.PricedAt, &r.Generation, &r.Slot, &r.DigestKey,
	}
	for i := range r.Stamps {
		out = append(out, &r.Stamps[i])
	}
	out = append(out, &r.Created, &r.Updated, &r.DeletedAt, &r.DeletedBy)
	for i := range r.Payment {
		out = append(out, &r.Payment[i])
	}
	return out
}

func (r *row) sheetTargets() []any {
	return append(r.targets(), &r.SurgeonFirst, &r.SurgeonLast, &r.Place, &r.OwnerFirst, &r.OwnerLast, &r.OwnerActive)
}

func (f *floor) getCase(r *http.Request) (any, error) {
	id, user := r.URL.Query().Get("case_id"), r.Header.Get("X-User-ID")
	tx, err := f.read.BeginTx(r.Context(), nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	var c row
	if err := tx.Stmt(f.one).QueryRow(id, user).Scan(c.sheetTargets()...); err != nil { //nolint:sqlclosecheck // closed with the transaction
		return nil, err
	}
	rows := []*row{&c}
	if err := complete(tx, rows); err != nil {
		return nil, err
	}
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	return map[string]any{"case": rows[0]}, f.journal.note(entryOf(user, "case.read", "case", id, ""))
}

func (f *floor) filter(r *http.Request) (any, error) {
	user := r.Header.Get("X-User-ID")
	tx, err := f.read.BeginTx(r.Context(), nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	found, err := tx.Stmt(f.list).Query(user, user) //nolint:sqlclosecheck // closed with the transaction
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }()
	var rows []*row
	var numbers []string
	for found.Next() {
		c := &row{}
		if err := found.Scan(c.sheetTargets()...); err != nil {
			return nil, err
		}
		rows = append(rows, c)
		numbers = append(numbers, fmt.Sprint(c.Number))
	}
	if err := complete(tx, rows); err != nil {
		return nil, err
	}
	labels, err := tx.Stmt(f.labels).Query() //nolint:sqlclosecheck // closed with the transaction
	if err != nil {
		return nil, err
	}
	defer func() { _ = labels.Close() }()
	texts := map[int]string{}
	for labels.Next() {
		var status int
		var text string
		if err := labels.Scan(&status, &text); err != nil {
			return nil, err
		}
		texts[status] = text
	}
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	return map[string]any{"cases": rows}, f.journal.note(entryOf(user, "case.read", "cases", user, strings.Join(numbers, ",")))
}

// complete adds codes, documents and descriptions in three statements.
func complete(tx *sql.Tx, rows []*row) error {
	byNumber := make(map[int64]*row, len(rows))
	numbers := make([]any, len(rows))
	for i, c := range rows {
		byNumber[c.Number], numbers[i], c.Files, c.Descriptions = c, c.Number, map[string][]byte{}, map[string]string{}
	}
	in := marks(len(numbers))
	codes := map[string]bool{}
	err := each(tx, "SELECT human_case_id, procedure_code, modifiers FROM case_procedure_codes WHERE human_case_id IN "+in+" ORDER BY human_case_id, position", numbers, func(found *sql.Rows) error {
		var number int64
		var code, modifiers string
		err := found.Scan(&number, &code, &modifiers)
		byNumber[number].Codes, codes[code] = append(byNumber[number].Codes, code+modifiers), true
		return err
	})
	if err != nil {
		return err
	}
	err = each(tx, "SELECT human_case_id, kind, file_name, object_key, object_stored FROM case_documents WHERE human_case_id IN "+in+" AND slot = 0", numbers, func(found *sql.Rows) error {
		var number int64
		var kind string
		var name, key []byte
		var stored int
		err := found.Scan(&number, &kind, &name, &key, &stored)
		byNumber[number].Files[kind] = name
		return err
	})
	if err != nil || len(codes) == 0 {
		return err
	}
	var list []any
	for code := range codes {
		list = append(list, code)
	}
	texts := map[string]string{}
	err = each(tx, "SELECT procedure_code, valid_from, valid_until, description FROM procedure_codes WHERE procedure_code IN "+marks(len(list))+
		" ORDER BY procedure_code, valid_from DESC, kind", list, func(found *sql.Rows) error {
		var code, from, text string
		var until sql.NullString
		err := found.Scan(&code, &from, &until, &text)
		texts[code] = text
		return err
	})
	for _, c := range rows {
		for _, code := range c.Codes {
			c.Descriptions[code] = texts[code]
		}
	}
	return err
}

func marks(n int) string { return "(?" + strings.Repeat(",?", n-1) + ")" }

func each(tx *sql.Tx, query string, args []any, visit func(*sql.Rows) error) error {
	found, err := tx.Query(query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = found.Close() }()
	for found.Next() {
		if err := visit(found); err != nil {
			return err
		}
	}
	return found.Err()
}

// entry is a row of the audit trail.
type entry []any

const entryColumns = "INSERT INTO audit_entries (happened_at, actor_id, actor_type, credential, auth_mode, action, entity, entity_id, fields, things," +
	" before_digest, after_digest, request_id, address, outcome, code) VALUES "

func entryOf(user, action, kind, id, things string) entry {
	return entry{
		time.Now().UnixMicro(), user, 1, "header", "trusted", action, kind, id, "",
		sql.NullString{String: things, Valid: things != ""},
		nil, nil, "0190f0a2-7f2e-7c3a-9a52-000000000777", "127.0.0.1", "read", "",
	}
}

// journal commits the entries of concurrent reads together, as ours does.
type journal struct {
	db      *sql.DB
	mu      sync.Mutex
	waiting []note
	busy    bool
}

type note struct {
	entry entry
	done  chan error
}

func (j *journal) note(e entry) error {
	n := note{e, make(chan error, 1)}
	j.mu.Lock()
	j.waiting = append(j.waiting, n)
	lead := !j.busy
	j.busy = true
	j.mu.Unlock()
	if lead {
		go j.write()
	}
	return <-n.done
}

func (j *journal) write() {
	for {
		j.mu.Lock()
		notes := j.waiting
		j.waiting, j.busy = nil, len(j.waiting) > 0
		j.mu.Unlock()
		if len(notes) == 0 {
			return
		}
		err := inTx(j.db, func(tx *sql.Tx) error {
			entries := make([]entry, len(notes))
			for i := range notes {
				entries[i] = notes[i].entry
			}
			return record(tx, entries...)
		})
		for _, n := range notes {
			n.done <- err
		}
	}
}

func record(tx *sql.Tx, entries ...entry) error {
	var args []any
	for _, e := range entries {
		args = append(args, e...)
	}
	_, err := tx.Exec(entryColumns+marks(16)+strings.Repeat(","+marks(16), len(entries)-1), args...)
	return err
}

func inTx(db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

// mallocs tells how many objects the program has allocated so far.
func mallocs(w http.ResponseWriter, _ *http.Request) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	_, _ = fmt.Fprintf(w, "go_memstats_mallocs_total %d\n", m.Mallocs)
}
