-- +goose Up
CREATE TABLE vendor_names (
    user_id TEXT NOT NULL,
    vendor_name TEXT NOT NULL,
    vendor_key TEXT NOT NULL,
    named_at INTEGER NOT NULL,
    PRIMARY KEY (user_id),
    CONSTRAINT vendor_names_user FOREIGN KEY (user_id) REFERENCES users (user_id)
) STRICT;
CREATE UNIQUE INDEX vendor_names_once ON vendor_names (vendor_key);

CREATE TABLE report_passwords (
    holder TEXT NOT NULL,
    report_password BLOB NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (holder)
) STRICT;

CREATE TABLE generated_files (
    file_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    slot TEXT NULL,
    object_key TEXT NOT NULL,
    file_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    run_id INTEGER NULL,
    provider_id TEXT NULL,
    case_from TEXT NULL,
    case_to TEXT NULL,
    content_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    records INTEGER NOT NULL,
    total_cents INTEGER NOT NULL,
    changes TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    CONSTRAINT generated_files_run FOREIGN KEY (run_id) REFERENCES payment_runs (run_id)
) STRICT;
CREATE UNIQUE INDEX generated_files_once ON generated_files (slot);
CREATE INDEX generated_files_by_run ON generated_files (run_id, file_id);
CREATE INDEX generated_files_by_kind ON generated_files (kind, file_id);

-- +goose Down
DROP TABLE generated_files;
DROP TABLE report_passwords;
DROP TABLE vendor_names;
