-- +goose Up
CREATE TABLE email_log (
    email_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL,
    occasion TEXT NOT NULL,
    report_type TEXT NOT NULL,
    email_type TEXT NOT NULL,
    to_address TEXT NOT NULL,
    user_id TEXT NOT NULL,
    run_id INTEGER NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    enclosures TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    handovers INTEGER NOT NULL,
    claimed_until INTEGER NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    ended_at INTEGER NULL
) STRICT;
CREATE UNIQUE INDEX email_log_once ON email_log (occasion, to_address, user_id);
CREATE INDEX email_log_by_status ON email_log (status, email_id);
CREATE INDEX email_log_by_report ON email_log (report_type, email_id);

CREATE TABLE report_recipients (
    recipient_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    report_name TEXT NOT NULL,
    email_address TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX report_recipients_once ON report_recipients (report_name, email_address);

-- +goose Down
DROP TABLE report_recipients;
DROP TABLE email_log;
