package sqlstore

import (
	"database/sql"
	"fmt"
	"strings"

	"surgicase/domain/audit"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
)

// entryColumns are all columns of an audit entry, in the order in which entryScan takes them.
const entryColumns = "e.entry_id, e.happened_at, e.actor_id, e.actor_type, e.credential, e.auth_mode, e.action, e.entity, e.entity_id," +
	" e.fields, e.things, e.before_digest, e.after_digest, e.request_id, e.address, e.outcome, e.code"

// entryScan takes an entry out of a row; of an outer join all columns may be NULL.
type entryScan struct {
	id, at, actorType                                                                          sql.NullInt64
	actor, credential, mode, action, entity, entityID, fields, request, address, outcome, code textColumn
	things                                                                                     sql.NullString
	before, after                                                                              []byte
}

// textColumn takes a text, or nothing for NULL, without the detours of sql.NullString: they are felt
// when a trail of a million entries is verified.
type textColumn string

// Scan implements sql.Scanner.
func (t *textColumn) Scan(value any) error {
	switch v := value.(type) {
	case string:
		*t = textColumn(v)
	case []byte:
		*t = textColumn(v)
	case nil:
		*t = ""
	default:
		return fmt.Errorf("a text column holds %T", value)
	}
	return nil
}

func (s *entryScan) targets(first ...any) []any {
	return append(first, &s.id, &s.at, &s.actor, &s.actorType, &s.credential, &s.mode, &s.action, &s.entity, &s.entityID,
		&s.fields, &s.things, &s.before, &s.after, &s.request, &s.address, &s.outcome, &s.code)
}

// entry gives the entry of the row.
func (s *entryScan) entry() audit.Stored {
	e := audit.Stored{ID: s.id.Int64, Entry: audit.Entry{
		At: instant(s.at.Int64),
		Actor: permission.Actor{
			User: ident.UserID(s.actor), Type: permission.UserType(s.actorType.Int64), Credential: string(s.credential), Mode: string(s.mode),
			RequestID: string(s.request), Address: string(s.address),
		},
		Action: permission.Action(s.action), Entity: string(s.entity), EntityID: string(s.entityID),
		Before: s.before, After: s.after, Outcome: audit.Outcome(s.outcome), Code: string(s.code),
	}}
	if s.fields != "" {
		e.Fields = strings.Split(string(s.fields), ",")
	}
	if s.things.Valid {
		e.Things = strings.Split(s.things.String, ",")
	}
	return e
}

// entries reads rows of entryColumns to their end.
func entries(rows *sql.Rows) ([]audit.Stored, error) {
	defer func() { _ = rows.Close() }()
	list := []audit.Stored{}
	var scan entryScan
	for targets := scan.targets(); rows.Next(); {
		if err := rows.Scan(targets...); err != nil {
			return list, err
		}
		list = append(list, scan.entry())
	}
	return list, rows.Err()
}
