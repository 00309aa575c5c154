package sqlstore

import "testing"

func TestSubject(t *testing.T) {
	for sql, want := range map[string][2]string{
		"SELECT a, b FROM cases c WHERE x = ?":                    {"select", "cases"},
		"SELECT `users`.`user_id` FROM `users` WHERE a = 1":       {"select", "users"},
		"SELECT (SELECT MAX(p.made_at) FROM audit_checkpoints p)": {"select", "audit_checkpoints"},
		"SELECT COUNT(*) FROM (SELECT 1 FROM cases) x":            {"select", ""},
		"SELECT 1": {"select", ""},
		"INSERT INTO \"cases\" (\"a\",\"b\") VALUES (?,?)":          {"insert", "cases"},
		"INSERT INTO outbox(topic) VALUES (?)":                      {"insert", "outbox"},
		"  UPDATE cases SET a = ? WHERE b IN (SELECT x FROM users)": {"update", "cases"},
		"DELETE FROM leases WHERE lease = ?":                        {"delete", "leases"},
		"CREATE TABLE x (a INTEGER)":                                {"other", ""},
		"":                                                          {"other", ""},
		"UPDATE":                                                    {"update", ""},
	} {
		if operation, table := subject(sql); operation != want[0] || table != want[1] {
			t.Errorf("%q: %s of %q, want %s of %q", sql, operation, table, want[0], want[1])
		}
	}
}
