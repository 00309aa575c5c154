-- +goose Up
CREATE TABLE users (
    user_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    user_email TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    addr1 TEXT NOT NULL,
    addr2 TEXT NOT NULL,
    city TEXT NOT NULL,
    state TEXT NOT NULL,
    zipcode TEXT NOT NULL,
    telephone TEXT NOT NULL,
    user_npi INTEGER NULL,
    referred_by_user TEXT NOT NULL,
    message_pref INTEGER NOT NULL,
    states_licensed TEXT NOT NULL,
    timezone TEXT NOT NULL,
    credentials TEXT NOT NULL,
    ins_exp_date TEXT NULL,
    tax_id BLOB NULL,
    user_type INTEGER NOT NULL,
    user_tier INTEGER NOT NULL,
    max_case_status INTEGER NOT NULL,
    active INTEGER NOT NULL,
    npi_verified_at INTEGER NULL,
    registry_name TEXT NOT NULL,
    last_login_at INTEGER NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deactivated_at INTEGER NULL,
    PRIMARY KEY (user_id)
) STRICT;
CREATE INDEX users_by_name ON users (active, last_name, first_name, user_id);
CREATE INDEX users_by_type ON users (active, user_type);
CREATE INDEX users_by_npi ON users (user_npi);

CREATE TABLE user_documents (
    user_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    document_type TEXT NOT NULL,
    document_name BLOB NOT NULL,
    object_key BLOB NOT NULL,
    object_stored INTEGER NOT NULL,
    size_bytes INTEGER NULL,
    content_type TEXT NULL,
    sha256 BLOB NULL,
    uploaded_by TEXT NULL,
    uploaded_at INTEGER NULL,
    PRIMARY KEY (user_id, position),
    CONSTRAINT user_documents_user FOREIGN KEY (user_id) REFERENCES users (user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE surgeons (
    surgeon_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    version INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    surgeon_npi INTEGER NULL,
    surgeon_addr TEXT NOT NULL,
    surgeon_city TEXT NOT NULL,
    surgeon_state TEXT NOT NULL,
    surgeon_zip TEXT NOT NULL,
    active INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER NULL,
    CONSTRAINT surgeons_user FOREIGN KEY (user_id) REFERENCES users (user_id)
) STRICT;
CREATE INDEX surgeons_by_user ON surgeons (user_id, active, surgeon_id);

CREATE TABLE facilities (
    facility_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    version INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    facility_name TEXT NOT NULL,
    facility_npi INTEGER NULL,
    facility_addr TEXT NOT NULL,
    facility_city TEXT NOT NULL,
    facility_state TEXT NOT NULL,
    facility_zip TEXT NOT NULL,
    active INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER NULL,
    CONSTRAINT facilities_user FOREIGN KEY (user_id) REFERENCES users (user_id)
) STRICT;
CREATE INDEX facilities_by_user ON facilities (user_id, active, facility_id);

CREATE TABLE user_groups (
    group_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    version INTEGER NOT NULL,
    group_desc TEXT NOT NULL
) STRICT;

CREATE TABLE group_members (
    group_id INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    group_admin INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id),
    CONSTRAINT group_members_group FOREIGN KEY (group_id) REFERENCES user_groups (group_id),
    CONSTRAINT group_members_user FOREIGN KEY (user_id) REFERENCES users (user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_members_by_user ON group_members (user_id, group_admin, group_id);

CREATE TABLE case_ids (
    human_case_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    case_id TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX case_ids_by_id ON case_ids (case_id);

CREATE TABLE cases (
    human_case_id INTEGER NOT NULL,
    case_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    case_date TEXT NOT NULL,
    patient_first BLOB NOT NULL,
    patient_last BLOB NOT NULL,
    patient_dob BLOB NULL,
    ins_provider TEXT NULL,
    surgeon_id INTEGER NULL,
    facility_id INTEGER NULL,
    case_status INTEGER NOT NULL,
    pay_amount_cents INTEGER NOT NULL,
    pay_category TEXT NULL,
    pay_status TEXT NOT NULL,
    pay_tier INTEGER NOT NULL,
    pay_table_version INTEGER NOT NULL,
    pay_code TEXT NULL,
    priced_at INTEGER NULL,
    pay_generation INTEGER NOT NULL,
    twin_digest BLOB NOT NULL,
    twin_slot INTEGER NOT NULL,
    digest_key BLOB NOT NULL,
    submitted_at INTEGER NULL,
    ready_for_billing_at INTEGER NULL,
    pending_payment_at INTEGER NULL,
    paid_to_provider_at INTEGER NULL,
    sent_to_biller_at INTEGER NULL,
    received_pmnt_at INTEGER NULL,
    sent_to_negotiation_at INTEGER NULL,
    settled_at INTEGER NULL,
    sent_to_idr_at INTEGER NULL,
    idr_decision_at INTEGER NULL,
    rejected_at INTEGER NULL,
    closed_at INTEGER NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    active INTEGER NOT NULL,
    deleted_at INTEGER NULL,
    deleted_by TEXT NULL,
    PRIMARY KEY (human_case_id),
    CONSTRAINT cases_number FOREIGN KEY (human_case_id) REFERENCES case_ids (human_case_id),
    CONSTRAINT cases_user FOREIGN KEY (user_id) REFERENCES users (user_id),
    CONSTRAINT cases_surgeon FOREIGN KEY (surgeon_id) REFERENCES surgeons (surgeon_id),
    CONSTRAINT cases_facility FOREIGN KEY (facility_id) REFERENCES facilities (facility_id)
) STRICT;
CREATE UNIQUE INDEX cases_by_id ON cases (case_id);
CREATE UNIQUE INDEX cases_by_twin ON cases (twin_digest, twin_slot);
CREATE INDEX cases_by_owner ON cases (user_id, active, case_id);
CREATE INDEX cases_by_status ON cases (active, case_status, case_date, case_id);
CREATE INDEX cases_by_date ON cases (active, case_date, case_status, pay_amount_cents);
CREATE INDEX cases_by_surgeon ON cases (surgeon_id);
CREATE INDEX cases_by_facility ON cases (facility_id);

CREATE TABLE case_procedure_codes (
    human_case_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    procedure_code TEXT NOT NULL,
    modifiers TEXT NOT NULL,
    PRIMARY KEY (human_case_id, position),
    CONSTRAINT case_codes_case FOREIGN KEY (human_case_id) REFERENCES cases (human_case_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_codes_by_code ON case_procedure_codes (procedure_code);

CREATE TABLE case_documents (
    human_case_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    slot INTEGER NOT NULL,
    file_name BLOB NOT NULL,
    object_key BLOB NOT NULL,
    object_stored INTEGER NOT NULL,
    size_bytes INTEGER NULL,
    content_type TEXT NULL,
    sha256 BLOB NULL,
    uploaded_by TEXT NULL,
    uploaded_at INTEGER NULL,
    PRIMARY KEY (human_case_id, kind, slot),
    CONSTRAINT case_documents_case FOREIGN KEY (human_case_id) REFERENCES cases (human_case_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE case_history (
    history_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    human_case_id INTEGER NOT NULL,
    from_status INTEGER NOT NULL,
    to_status INTEGER NOT NULL,
    moved_at INTEGER NOT NULL,
    actor_id TEXT NOT NULL,
    reason TEXT NULL,
    run_id INTEGER NULL,
    CONSTRAINT case_history_case FOREIGN KEY (human_case_id) REFERENCES cases (human_case_id)
) STRICT;
CREATE INDEX case_history_by_case ON case_history (human_case_id, history_id);

-- +goose Down
DROP TABLE case_history;
DROP TABLE case_documents;
DROP TABLE case_procedure_codes;
DROP TABLE cases;
DROP TABLE case_ids;
DROP TABLE group_members;
DROP TABLE user_groups;
DROP TABLE facilities;
DROP TABLE surgeons;
DROP TABLE user_documents;
DROP TABLE users;
