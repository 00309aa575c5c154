-- +goose Up
CREATE TABLE bugs (
    bug_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    version INTEGER NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    calling_page TEXT NOT NULL,
    priority TEXT NOT NULL,
    status TEXT NOT NULL,
    reported_by TEXT NOT NULL,
    request_id TEXT NOT NULL,
    tracker_ref TEXT NOT NULL,
    tracker_version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT bugs_reporter FOREIGN KEY (reported_by) REFERENCES users (user_id)
) STRICT;
CREATE INDEX bugs_by_reporter ON bugs (reported_by, bug_id);

CREATE TABLE client_requests (
    report_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    user_id TEXT NOT NULL,
    method TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    response_status INTEGER NOT NULL,
    execution_time_ms INTEGER NOT NULL,
    logged_at INTEGER NOT NULL
) STRICT;
CREATE INDEX client_requests_by_age ON client_requests (logged_at, report_id);

-- +goose Down
DROP TABLE client_requests;
DROP TABLE bugs;
