-- +goose Up
CREATE TABLE price_current (
    singleton INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (singleton)
) STRICT;

CREATE TABLE price_tables (
    version INTEGER NOT NULL,
    source TEXT NOT NULL,
    loaded_by TEXT NOT NULL,
    loaded_at INTEGER NOT NULL,
    row_count INTEGER NOT NULL,
    PRIMARY KEY (version)
) STRICT;

CREATE TABLE price_rows (
    user_tier INTEGER NOT NULL,
    procedure_code TEXT NOT NULL,
    from_version INTEGER NOT NULL,
    until_version INTEGER NULL,
    code_category TEXT NOT NULL,
    amount_cents INTEGER NOT NULL,
    PRIMARY KEY (user_tier, procedure_code, from_version),
    CONSTRAINT price_rows_table FOREIGN KEY (from_version) REFERENCES price_tables (version)
) STRICT, WITHOUT ROWID;
CREATE INDEX price_rows_current ON price_rows (until_version, user_tier, procedure_code);

CREATE TABLE procedure_codes (
    procedure_code TEXT NOT NULL,
    kind TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_until TEXT NULL,
    description TEXT NOT NULL,
    category TEXT NOT NULL,
    PRIMARY KEY (procedure_code, kind, valid_from)
) STRICT;

CREATE TABLE payment_runs (
    run_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    opened_by TEXT NOT NULL,
    pay_date TEXT NOT NULL,
    payments INTEGER NOT NULL,
    opened_cents INTEGER NOT NULL,
    open_cents INTEGER NOT NULL,
    settled_cents INTEGER NOT NULL,
    cancelled_cents INTEGER NOT NULL,
    reversed_cents INTEGER NOT NULL
) STRICT;

CREATE TABLE payment_entries (
    entry_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    run_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    payment_id INTEGER NULL,
    human_case_id INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    provider_id TEXT NOT NULL,
    case_date TEXT NOT NULL,
    pay_category TEXT NULL,
    amount_cents INTEGER NOT NULL,
    price_table_version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    settled_at INTEGER NULL,
    settled_by TEXT NULL,
    cancelled_at INTEGER NULL,
    reversed_at INTEGER NULL,
    carried_by_run_id INTEGER NULL,
    CONSTRAINT payment_entries_run FOREIGN KEY (run_id) REFERENCES payment_runs (run_id),
    CONSTRAINT payment_entries_payment FOREIGN KEY (payment_id) REFERENCES payment_entries (entry_id),
    CONSTRAINT payment_entries_case FOREIGN KEY (human_case_id) REFERENCES case_ids (human_case_id),
    CONSTRAINT payment_entries_provider FOREIGN KEY (provider_id) REFERENCES users (user_id),
    CONSTRAINT payment_entries_carrier FOREIGN KEY (carried_by_run_id) REFERENCES payment_runs (run_id)
) STRICT;
CREATE UNIQUE INDEX payment_entries_once ON payment_entries (human_case_id, generation, kind);
CREATE INDEX payment_entries_by_run ON payment_entries (run_id, kind);
CREATE INDEX payment_entries_by_payment ON payment_entries (payment_id);
CREATE INDEX payment_entries_by_provider ON payment_entries (provider_id, entry_id);
CREATE INDEX payment_entries_by_carrier ON payment_entries (carried_by_run_id, kind);

CREATE TABLE audit_entries (
    entry_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    happened_at INTEGER NOT NULL,
    actor_id TEXT NOT NULL,
    actor_type INTEGER NOT NULL,
    credential TEXT NOT NULL,
    auth_mode TEXT NOT NULL,
    action TEXT NOT NULL,
    entity TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    fields TEXT NOT NULL,
    things TEXT NULL,
    before_digest BLOB NULL,
    after_digest BLOB NULL,
    request_id TEXT NOT NULL,
    address TEXT NOT NULL,
    outcome TEXT NOT NULL,
    code TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_entity ON audit_entries (entity, entity_id, entry_id);
CREATE INDEX audit_by_actor ON audit_entries (actor_id, entry_id);

CREATE TABLE outbox (
    task_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    last_error TEXT NOT NULL,
    done_at INTEGER NULL
) STRICT;
CREATE INDEX outbox_due ON outbox (done_at, due_at, task_id);

CREATE TABLE leases (
    lease TEXT NOT NULL,
    holder TEXT NOT NULL,
    number INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (lease)
) STRICT;

CREATE TABLE idempotency_keys (
    actor_id TEXT NOT NULL,
    route TEXT NOT NULL,
    request_key TEXT NOT NULL,
    body_hash BLOB NOT NULL,
    status INTEGER NOT NULL,
    location TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    held_until INTEGER NOT NULL,
    PRIMARY KEY (actor_id, route, request_key)
) STRICT;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE case_status_labels (
    case_status INTEGER NOT NULL,
    case_status_desc TEXT NOT NULL,
    PRIMARY KEY (case_status)
) STRICT;

CREATE TABLE user_type_labels (
    user_type INTEGER NOT NULL,
    user_type_desc TEXT NOT NULL,
    user_max_case_status INTEGER NULL,
    PRIMARY KEY (user_type)
) STRICT;

CREATE TABLE user_doc_types (
    doc_type TEXT NOT NULL,
    doc_prefix TEXT NOT NULL,
    PRIMARY KEY (doc_type)
) STRICT;

CREATE TABLE faqs (
    faq_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    user_type INTEGER NOT NULL,
    faq_header TEXT NOT NULL,
    faq_text TEXT NOT NULL,
    display_order INTEGER NOT NULL
) STRICT;
CREATE INDEX faqs_by_type ON faqs (user_type, display_order, faq_id);

INSERT INTO price_current (singleton, version) VALUES (1, 0);

INSERT INTO case_status_labels (case_status, case_status_desc) VALUES
    (0, 'Draft'), (1, 'Submitted'), (10, 'Ready for billing'), (15, 'Pending payment'), (20, 'Paid'),
    (30, 'Sent to biller'), (40, 'Payment received'), (50, 'Sent to negotiation'), (60, 'Settled'),
    (70, 'Sent to IDR'), (80, 'IDR decision'), (400, 'Rejected'), (500, 'Closed');

INSERT INTO user_type_labels (user_type, user_type_desc, user_max_case_status) VALUES
    (1, 'Basic Provider', 20), (7, 'Group Admin', 20), (10, 'Case Admin', 500), (20, 'User Admin', 500),
    (100, 'Global Admin', 500), (999, 'System Admin', 500);

INSERT INTO user_doc_types (doc_type, doc_prefix) VALUES
    ('Board Certification', 'CERT'), ('DEA Registration', 'DEA'), ('Medical License', 'LIC');

-- +goose Down
DROP TABLE faqs;
DROP TABLE user_doc_types;
DROP TABLE user_type_labels;
DROP TABLE case_status_labels;
DROP TABLE idempotency_keys;
DROP TABLE leases;
DROP TABLE outbox;
DROP TABLE audit_entries;
DROP TABLE payment_entries;
DROP TABLE payment_runs;
DROP TABLE procedure_codes;
DROP TABLE price_rows;
DROP TABLE price_tables;
DROP TABLE price_current;
