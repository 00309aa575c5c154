-- +goose Up
CREATE TABLE price_current (
    singleton INT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (singleton)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE price_tables (
    version BIGINT NOT NULL,
    source VARCHAR(250) NOT NULL,
    loaded_by VARCHAR(100) NOT NULL,
    loaded_at BIGINT NOT NULL,
    row_count INT NOT NULL,
    PRIMARY KEY (version)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE price_rows (
    user_tier INT NOT NULL,
    procedure_code CHAR(5) NOT NULL,
    from_version BIGINT NOT NULL,
    until_version BIGINT NULL,
    code_category VARCHAR(20) NOT NULL,
    amount_cents BIGINT NOT NULL,
    PRIMARY KEY (user_tier, procedure_code, from_version),
    CONSTRAINT price_rows_table FOREIGN KEY (from_version) REFERENCES price_tables (version),
    KEY price_rows_current (until_version, user_tier, procedure_code)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE procedure_codes (
    procedure_code VARCHAR(10) NOT NULL,
    kind VARCHAR(20) NOT NULL,
    valid_from CHAR(10) NOT NULL,
    valid_until CHAR(10) NULL,
    description VARCHAR(2500) NOT NULL,
    category VARCHAR(20) NOT NULL,
    PRIMARY KEY (procedure_code, kind, valid_from)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE payment_runs (
    run_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    kind VARCHAR(10) NOT NULL,
    opened_at BIGINT NOT NULL,
    opened_by VARCHAR(100) NOT NULL,
    pay_date CHAR(10) NOT NULL,
    payments INT NOT NULL,
    opened_cents BIGINT NOT NULL,
    open_cents BIGINT NOT NULL,
    settled_cents BIGINT NOT NULL,
    cancelled_cents BIGINT NOT NULL,
    reversed_cents BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE payment_entries (
    entry_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    run_id BIGINT NOT NULL,
    kind VARCHAR(12) NOT NULL,
    payment_id BIGINT NULL,
    human_case_id BIGINT NOT NULL,
    generation INT NOT NULL,
    provider_id VARCHAR(100) NOT NULL,
    case_date CHAR(10) NOT NULL,
    pay_category VARCHAR(20) NULL,
    amount_cents BIGINT NOT NULL,
    price_table_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by VARCHAR(100) NOT NULL,
    settled_at BIGINT NULL,
    settled_by VARCHAR(100) NULL,
    cancelled_at BIGINT NULL,
    reversed_at BIGINT NULL,
    carried_by_run_id BIGINT NULL,
    CONSTRAINT payment_entries_run FOREIGN KEY (run_id) REFERENCES payment_runs (run_id),
    CONSTRAINT payment_entries_payment FOREIGN KEY (payment_id) REFERENCES payment_entries (entry_id),
    CONSTRAINT payment_entries_case FOREIGN KEY (human_case_id) REFERENCES case_ids (human_case_id),
    CONSTRAINT payment_entries_provider FOREIGN KEY (provider_id) REFERENCES users (user_id),
    CONSTRAINT payment_entries_carrier FOREIGN KEY (carried_by_run_id) REFERENCES payment_runs (run_id),
    UNIQUE KEY payment_entries_once (human_case_id, generation, kind),
    KEY payment_entries_by_run (run_id, kind),
    KEY payment_entries_by_payment (payment_id),
    KEY payment_entries_by_provider (provider_id, entry_id),
    KEY payment_entries_by_carrier (carried_by_run_id, kind)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE audit_entries (
    entry_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    happened_at BIGINT NOT NULL,
    actor_id VARCHAR(100) NOT NULL,
    actor_type INT NOT NULL,
    credential VARCHAR(20) NOT NULL,
    auth_mode VARCHAR(10) NOT NULL,
    action VARCHAR(40) NOT NULL,
    entity VARCHAR(20) NOT NULL,
    entity_id VARCHAR(100) NOT NULL,
    fields VARCHAR(1000) NOT NULL,
    things MEDIUMTEXT NULL,
    before_digest VARBINARY(32) NULL,
    after_digest VARBINARY(32) NULL,
    request_id VARCHAR(64) NOT NULL,
    address VARCHAR(64) NOT NULL,
    outcome VARCHAR(10) NOT NULL,
    code VARCHAR(60) NOT NULL,
    KEY audit_by_entity (entity, entity_id, entry_id),
    KEY audit_by_actor (actor_id, entry_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE outbox (
    task_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    topic VARCHAR(40) NOT NULL,
    payload VARCHAR(500) NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts INT NOT NULL,
    last_error VARCHAR(250) NOT NULL,
    done_at BIGINT NULL,
    KEY outbox_due (done_at, due_at, task_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE leases (
    lease VARCHAR(60) NOT NULL,
    holder VARCHAR(60) NOT NULL,
    number BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (lease)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE idempotency_keys (
    actor_id VARCHAR(100) NOT NULL,
    route VARCHAR(60) NOT NULL,
    request_key VARCHAR(100) NOT NULL,
    body_hash VARBINARY(32) NOT NULL,
    status INT NOT NULL,
    location VARCHAR(250) NOT NULL,
    entity_id VARCHAR(100) NOT NULL,
    created_at BIGINT NOT NULL,
    held_until BIGINT NOT NULL,
    PRIMARY KEY (actor_id, route, request_key),
    KEY idempotency_keys_by_age (created_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE case_status_labels (
    case_status INT NOT NULL,
    case_status_desc VARCHAR(200) NOT NULL,
    PRIMARY KEY (case_status)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE user_type_labels (
    user_type INT NOT NULL,
    user_type_desc VARCHAR(100) NOT NULL,
    user_max_case_status INT NULL,
    PRIMARY KEY (user_type)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE user_doc_types (
    doc_type VARCHAR(100) NOT NULL,
    doc_prefix VARCHAR(25) NOT NULL,
    PRIMARY KEY (doc_type)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE faqs (
    faq_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_type INT NOT NULL,
    faq_header VARCHAR(500) NOT NULL,
    faq_text MEDIUMTEXT NOT NULL,
    display_order INT NOT NULL,
    KEY faqs_by_type (user_type, display_order, faq_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

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
