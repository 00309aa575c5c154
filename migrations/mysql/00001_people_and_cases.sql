-- +goose Up
CREATE TABLE users (
    user_id VARCHAR(100) NOT NULL,
    version BIGINT NOT NULL,
    user_email VARCHAR(250) NOT NULL,
    first_name VARCHAR(250) NOT NULL,
    last_name VARCHAR(250) NOT NULL,
    addr1 VARCHAR(250) NOT NULL,
    addr2 VARCHAR(250) NOT NULL,
    city VARCHAR(250) NOT NULL,
    state VARCHAR(50) NOT NULL,
    zipcode VARCHAR(20) NOT NULL,
    telephone VARCHAR(20) NOT NULL,
    user_npi BIGINT NULL,
    referred_by_user VARCHAR(100) NOT NULL,
    message_pref INT NOT NULL,
    states_licensed VARCHAR(500) NOT NULL,
    timezone VARCHAR(64) NOT NULL,
    credentials VARCHAR(100) NOT NULL,
    ins_exp_date CHAR(10) NULL,
    tax_id VARBINARY(255) NULL,
    user_type INT NOT NULL,
    user_tier INT NOT NULL,
    max_case_status INT NOT NULL,
    active INT NOT NULL,
    npi_verified_at BIGINT NULL,
    registry_name VARCHAR(250) NOT NULL,
    last_login_at BIGINT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deactivated_at BIGINT NULL,
    PRIMARY KEY (user_id),
    KEY users_by_name (active, last_name, first_name, user_id),
    KEY users_by_type (active, user_type),
    KEY users_by_npi (user_npi)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE user_documents (
    user_id VARCHAR(100) NOT NULL,
    position INT NOT NULL,
    document_type VARCHAR(100) NOT NULL,
    document_name VARBINARY(1100) NOT NULL,
    object_key VARBINARY(1500) NOT NULL,
    object_stored INT NOT NULL,
    size_bytes BIGINT NULL,
    content_type VARCHAR(100) NULL,
    sha256 VARBINARY(32) NULL,
    uploaded_by VARCHAR(100) NULL,
    uploaded_at BIGINT NULL,
    PRIMARY KEY (user_id, position),
    CONSTRAINT user_documents_user FOREIGN KEY (user_id) REFERENCES users (user_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE surgeons (
    surgeon_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    version BIGINT NOT NULL,
    user_id VARCHAR(100) NOT NULL,
    first_name VARCHAR(250) NOT NULL,
    last_name VARCHAR(250) NOT NULL,
    surgeon_npi BIGINT NULL,
    surgeon_addr VARCHAR(100) NOT NULL,
    surgeon_city VARCHAR(50) NOT NULL,
    surgeon_state VARCHAR(50) NOT NULL,
    surgeon_zip VARCHAR(20) NOT NULL,
    active INT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT NULL,
    CONSTRAINT surgeons_user FOREIGN KEY (user_id) REFERENCES users (user_id),
    KEY surgeons_by_user (user_id, active, surgeon_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE facilities (
    facility_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    version BIGINT NOT NULL,
    user_id VARCHAR(100) NOT NULL,
    facility_name VARCHAR(1000) NOT NULL,
    facility_npi BIGINT NULL,
    facility_addr VARCHAR(100) NOT NULL,
    facility_city VARCHAR(50) NOT NULL,
    facility_state VARCHAR(50) NOT NULL,
    facility_zip VARCHAR(20) NOT NULL,
    active INT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT NULL,
    CONSTRAINT facilities_user FOREIGN KEY (user_id) REFERENCES users (user_id),
    KEY facilities_by_user (user_id, active, facility_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE user_groups (
    group_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    version BIGINT NOT NULL,
    group_desc VARCHAR(500) NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE group_members (
    group_id BIGINT NOT NULL,
    user_id VARCHAR(100) NOT NULL,
    group_admin INT NOT NULL,
    PRIMARY KEY (group_id, user_id),
    CONSTRAINT group_members_group FOREIGN KEY (group_id) REFERENCES user_groups (group_id),
    CONSTRAINT group_members_user FOREIGN KEY (user_id) REFERENCES users (user_id),
    KEY group_members_by_user (user_id, group_admin, group_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE case_ids (
    human_case_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    case_id VARCHAR(100) NOT NULL,
    UNIQUE KEY case_ids_by_id (case_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE cases (
    human_case_id BIGINT NOT NULL,
    case_id VARCHAR(100) NOT NULL,
    version BIGINT NOT NULL,
    user_id VARCHAR(100) NOT NULL,
    case_date CHAR(10) NOT NULL,
    patient_first VARBINARY(1100) NOT NULL,
    patient_last VARBINARY(1100) NOT NULL,
    patient_dob VARBINARY(255) NULL,
    ins_provider VARCHAR(250) NULL,
    surgeon_id BIGINT NULL,
    facility_id BIGINT NULL,
    case_status INT NOT NULL,
    pay_amount_cents BIGINT NOT NULL,
    pay_category VARCHAR(20) NULL,
    pay_status VARCHAR(20) NOT NULL,
    pay_tier INT NOT NULL,
    pay_table_version BIGINT NOT NULL,
    pay_code VARCHAR(5) NULL,
    priced_at BIGINT NULL,
    pay_generation INT NOT NULL,
    twin_digest VARBINARY(32) NOT NULL,
    twin_slot BIGINT NOT NULL,
    digest_key VARBINARY(255) NOT NULL,
    submitted_at BIGINT NULL,
    ready_for_billing_at BIGINT NULL,
    pending_payment_at BIGINT NULL,
    paid_to_provider_at BIGINT NULL,
    sent_to_biller_at BIGINT NULL,
    received_pmnt_at BIGINT NULL,
    sent_to_negotiation_at BIGINT NULL,
    settled_at BIGINT NULL,
    sent_to_idr_at BIGINT NULL,
    idr_decision_at BIGINT NULL,
    rejected_at BIGINT NULL,
    closed_at BIGINT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    active INT NOT NULL,
    deleted_at BIGINT NULL,
    deleted_by VARCHAR(100) NULL,
    PRIMARY KEY (human_case_id),
    CONSTRAINT cases_number FOREIGN KEY (human_case_id) REFERENCES case_ids (human_case_id),
    CONSTRAINT cases_user FOREIGN KEY (user_id) REFERENCES users (user_id),
    CONSTRAINT cases_surgeon FOREIGN KEY (surgeon_id) REFERENCES surgeons (surgeon_id),
    CONSTRAINT cases_facility FOREIGN KEY (facility_id) REFERENCES facilities (facility_id),
    UNIQUE KEY cases_by_id (case_id),
    UNIQUE KEY cases_by_twin (twin_digest, twin_slot),
    KEY cases_by_owner (user_id, active, case_id),
    KEY cases_by_status (active, case_status, case_date, case_id),
    KEY cases_by_date (active, case_date, case_status, pay_amount_cents),
    KEY cases_by_surgeon (surgeon_id),
    KEY cases_by_facility (facility_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE case_procedure_codes (
    human_case_id BIGINT NOT NULL,
    position INT NOT NULL,
    procedure_code CHAR(5) NOT NULL,
    modifiers VARCHAR(12) NOT NULL,
    PRIMARY KEY (human_case_id, position),
    CONSTRAINT case_codes_case FOREIGN KEY (human_case_id) REFERENCES cases (human_case_id),
    KEY case_codes_by_code (procedure_code)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE case_documents (
    human_case_id BIGINT NOT NULL,
    kind VARCHAR(10) NOT NULL,
    slot BIGINT NOT NULL,
    file_name VARBINARY(1100) NOT NULL,
    object_key VARBINARY(1500) NOT NULL,
    object_stored INT NOT NULL,
    size_bytes BIGINT NULL,
    content_type VARCHAR(100) NULL,
    sha256 VARBINARY(32) NULL,
    uploaded_by VARCHAR(100) NULL,
    uploaded_at BIGINT NULL,
    PRIMARY KEY (human_case_id, kind, slot),
    CONSTRAINT case_documents_case FOREIGN KEY (human_case_id) REFERENCES cases (human_case_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE case_history (
    history_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    human_case_id BIGINT NOT NULL,
    from_status INT NOT NULL,
    to_status INT NOT NULL,
    moved_at BIGINT NOT NULL,
    actor_id VARCHAR(100) NOT NULL,
    reason VARCHAR(500) NULL,
    run_id BIGINT NULL,
    CONSTRAINT case_history_case FOREIGN KEY (human_case_id) REFERENCES cases (human_case_id),
    KEY case_history_by_case (human_case_id, history_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

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
