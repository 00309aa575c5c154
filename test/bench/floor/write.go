package main

import (
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// asked is the body of a request that writes.
type asked struct {
	ID       string   `json:"case_id"`
	Date     string   `json:"case_date"`
	Surgeon  int64    `json:"surgeon_id"`
	Facility int64    `json:"facility_id"`
	Codes    []string `json:"procedure_codes"`
	Patient  struct{ First, Last string }
	Demo     string   `json:"demo_file"`
	Note     string   `json:"note_file"`
	IDs      []string `json:"case_ids"`
	Status   int      `json:"new_status"`
}

func readBody(r *http.Request) (asked, error) {
	var in asked
	err := json.NewDecoder(r.Body).Decode(&in)
	return in, err
}

const userColumns = "SELECT user_id, version, user_email, first_name, last_name, addr1, addr2, city, state, zipcode, telephone, user_npi, referred_by_user," +
	" message_pref, states_licensed, timezone, credentials, ins_exp_date, tax_id, user_type, user_tier, max_case_status, active, npi_verified_at," +
	" registry_name, last_login_at, created_at, updated_at, deactivated_at FROM users WHERE user_id = ?"

// discard reads all rows of a query and keeps nothing.
func discard(tx *sql.Tx, query string, args ...any) error {
	found, err := tx.Query(query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = found.Close() }()
	names, err := found.Columns()
	if err != nil {
		return err
	}
	cells, targets := make([]any, len(names)), make([]any, len(names))
	for i := range cells {
		targets[i] = &cells[i]
	}
	for found.Next() {
		if err := found.Scan(targets...); err != nil {
			return err
		}
	}
	return found.Err()
}

// prices reads what a price depends on.
func prices(tx *sql.Tx, user string, codes []string) error {
	if err := discard(tx, userColumns, user); err != nil {
		return err
	}
	args := []any{}
	for _, code := range codes {
		args = append(args, code)
	}
	return discard(tx, "SELECT t.version, p.user_tier, p.procedure_code, p.code_category, p.amount_cents FROM price_current t LEFT JOIN price_rows p"+
		" ON p.until_version IS NULL AND p.user_tier IN (1) AND p.procedure_code IN "+marks(len(args)), args...)
}

func (f *floor) insert(tx *sql.Tx, into, returning string, args ...any) (int64, error) {
	query := "INSERT INTO " + into + " VALUES " + marks(len(args))
	if f.returning && returning != "" {
		var id int64
		return id, tx.QueryRow(query+" RETURNING "+returning, args...).Scan(&id)
	}
	done, err := tx.Exec(query, args...)
	if err != nil {
		return 0, err
	}
	return done.LastInsertId()
}

func (f *floor) create(r *http.Request) (any, error) {
	in, err := readBody(r)
	if err != nil {
		return nil, err
	}
	user, now := r.Header.Get("X-User-ID"), time.Now().UnixMicro()
	secret := make([]byte, 60) // as long as an encrypted name
	_, _ = rand.Read(secret)
	var number int64
	err = inTx(f.write, func(tx *sql.Tx) error {
		for query, id := range map[string]int64{
			"SELECT * FROM surgeons WHERE surgeon_id = ? AND active = 1 AND user_id = ?":    in.Surgeon,
			"SELECT * FROM facilities WHERE facility_id = ? AND active = 1 AND user_id = ?": in.Facility,
		} {
			if err := discard(tx, query, id, user); err != nil {
				return err
			}
		}
		if err := prices(tx, user, in.Codes); err != nil {
			return err
		}
		err := discard(tx, "SELECT c.case_id FROM cases c LEFT JOIN payment_entries p ON p.human_case_id = c.human_case_id AND p.kind = 'payment' AND p.settled_at IS NOT NULL"+
			" AND p.reversed_at IS NULL WHERE c.twin_digest = ? AND c.human_case_id <> ? AND (c.active = 1 OR p.entry_id IS NOT NULL) ORDER BY c.human_case_id LIMIT 1", secret[:32], 0)
		if err != nil {
			return err
		}
		if number, err = f.insert(tx, "case_ids (case_id)", "human_case_id", in.ID); err != nil {
			return err
		}
		_, err = f.insert(tx, "cases (human_case_id,case_id,version,user_id,case_date,patient_first,patient_last,ins_provider,surgeon_id,facility_id,case_status,"+
			"pay_amount_cents,pay_category,pay_status,pay_tier,pay_table_version,pay_code,priced_at,pay_generation,twin_digest,twin_slot,digest_key,submitted_at,created_at,updated_at,active)", "",
			number, in.ID, 1, user, in.Date, secret, secret, "P", in.Surgeon, in.Facility, 1, 27500, "GYN", "priced", 1, 1, in.Codes[0], now, 1, secret[:32], 0, secret, now, now, now, 1)
		if err != nil {
			return err
		}
		return f.parts(tx, number, user, in, secret, now)
	})
	return map[string]any{"case_id": in.ID, "human_case_id": number}, err
}

func (f *floor) parts(tx *sql.Tx, number int64, user string, in asked, secret []byte, now int64) error {
	if err := insertCodes(tx, number, in.Codes); err != nil {
		return err
	}
	_, err := tx.Exec("INSERT INTO case_documents (human_case_id,kind,slot,file_name,object_key,object_stored) VALUES (?,?,?,?,?,?),(?,?,?,?,?,?)",
		number, "demo", 0, secret, secret, 0, number, "note", 0, secret, secret, 0)
	if err != nil {
		return err
	}
	if _, err = f.insert(tx, "case_history (human_case_id,from_status,to_status,moved_at,actor_id)", "history_id", number, 0, 1, now, "system:auto"); err != nil {
		return err
	}
	return record(tx, entryOf(user, "case.create", "case", in.ID, ""))
}

func insertCodes(tx *sql.Tx, number int64, codes []string) error {
	var args []any
	for i, code := range codes {
		args = append(args, number, i, code, "")
	}
	_, err := tx.Exec("INSERT INTO case_procedure_codes (human_case_id,position,procedure_code,modifiers) VALUES (?,?,?,?)"+strings.Repeat(",(?,?,?,?)", len(codes)-1), args...)
	return err
}

func (f *floor) change(r *http.Request) (any, error) {
	in, err := readBody(r)
	if err != nil {
		return nil, err
	}
	user, now := r.Header.Get("X-User-ID"), time.Now().UnixMicro()
	err = inTx(f.write, func(tx *sql.Tx) error {
		var c row
		if err := tx.QueryRow("SELECT "+columns+tables+" WHERE c.case_id = ? AND c.active = 1 AND c.user_id = ?", in.ID, user).Scan(c.targets()...); err != nil {
			return err
		}
		for range 2 { // what was read, and what is to be replaced
			if err := complete(tx, []*row{&c}); err != nil {
				return err
			}
		}
		if err := prices(tx, user, in.Codes); err != nil {
			return err
		}
		_, err := tx.Exec("UPDATE cases SET version=?,user_id=?,case_date=?,patient_first=?,patient_last=?,ins_provider=?,surgeon_id=?,facility_id=?,case_status=?,pay_amount_cents=?,"+
			"pay_category=?,pay_status=?,pay_tier=?,pay_table_version=?,pay_code=?,priced_at=?,digest_key=?,updated_at=? WHERE human_case_id = ? AND version = ?",
			c.Version+1, user, c.Date, c.First, c.Last, c.Insurer, c.Surgeon, c.Facility, c.Status, c.Cents, c.Category, c.PayStatus, 1, 1, in.Codes[0], now, c.DigestKey, now, c.Number, c.Version)
		if err == nil {
			_, err = tx.Exec("DELETE FROM case_procedure_codes WHERE human_case_id = ?", c.Number)
		}
		if err == nil {
			err = insertCodes(tx, c.Number, in.Codes)
		}
		if err != nil {
			return err
		}
		return record(tx, entryOf(user, "case.edit", "case", in.ID, ""))
	})
	if err != nil {
		return nil, err
	}
	r.URL.RawQuery = "case_id=" + in.ID
	return f.getCase(r) // ours answers with the case as it stands now
}

// bulk moves cases that all stand at the same status.
func (f *floor) bulk(r *http.Request) (any, error) {
	in, err := readBody(r)
	if err != nil {
		return nil, err
	}
	user, now := r.Header.Get("X-User-ID"), time.Now().UnixMicro()
	err = inTx(f.write, func(tx *sql.Tx) error {
		ids := make([]any, len(in.IDs))
		for i, id := range in.IDs {
			ids[i] = id
		}
		var numbers, pairs, history []any
		var entries []entry
		err := each(tx, "SELECT "+columns+tables+" WHERE c.active = 1 AND c.case_id IN "+marks(len(ids)), ids, func(found *sql.Rows) error {
			var c row
			err := found.Scan(c.targets()...)
			numbers, pairs = append(numbers, c.Number), append(pairs, c.Number, c.Version)
			history = append(history, c.Number, c.Status, in.Status, now, user)
			entries = append(entries, entryOf(user, "case.move", "case", c.ID, ""))
			return err
		})
		if err != nil {
			return err
		}
		n := len(numbers)
		_, err = tx.Exec("UPDATE cases SET version = version + 1, updated_at = ?, case_status = ?, ready_for_billing_at = ? WHERE active = 1 AND human_case_id IN "+marks(n)+
			" AND (human_case_id, version) IN "+f.rows(2, n), append(append([]any{now, in.Status, now}, numbers...), pairs...)...)
		if err == nil {
			_, err = tx.Exec("INSERT INTO case_history (human_case_id,from_status,to_status,moved_at,actor_id) VALUES "+list(5, n), history...)
		}
		if err != nil {
			return err
		}
		return record(tx, entries...)
	})
	return map[string]any{"total_updated": len(in.IDs), "message": fmt.Sprint(len(in.IDs), " moved")}, err
}

// list is n rows of placeholders.
func list(width, n int) string { return marks(width) + strings.Repeat(","+marks(width), n-1) }

// rows is a list to look for rows in, in the words of the database.
func (f *floor) rows(width, n int) string {
	if f.returning {
		return "(VALUES " + list(width, n) + ")"
	}
	return "(" + list(width, n) + ")"
}
