-- +goose Up
CREATE TABLE vendor_names (
    user_id VARCHAR(100) NOT NULL,
    vendor_name VARCHAR(41) NOT NULL,
    vendor_key VARCHAR(41) NOT NULL,
    named_at BIGINT NOT NULL,
    PRIMARY KEY (user_id),
    CONSTRAINT vendor_names_user FOREIGN KEY (user_id) REFERENCES users (user_id),
    UNIQUE KEY vendor_names_once (vendor_key)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE report_passwords (
    holder VARCHAR(100) NOT NULL,
    report_password VARBINARY(500) NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (holder)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE generated_files (
    file_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    slot VARCHAR(170) NULL,
    object_key VARCHAR(255) NOT NULL,
    file_name VARCHAR(120) NOT NULL,
    kind VARCHAR(40) NOT NULL,
    run_id BIGINT NULL,
    provider_id VARCHAR(100) NULL,
    case_from CHAR(10) NULL,
    case_to CHAR(10) NULL,
    content_type VARCHAR(100) NOT NULL,
    size_bytes BIGINT NOT NULL,
    sha256 VARBINARY(32) NOT NULL,
    records INT NOT NULL,
    total_cents BIGINT NOT NULL,
    changes MEDIUMTEXT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by VARCHAR(100) NOT NULL,
    CONSTRAINT generated_files_run FOREIGN KEY (run_id) REFERENCES payment_runs (run_id),
    UNIQUE KEY generated_files_once (slot),
    KEY generated_files_by_run (run_id, file_id),
    KEY generated_files_by_kind (kind, file_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- +goose Down
DROP TABLE generated_files;
DROP TABLE report_passwords;
DROP TABLE vendor_names;
