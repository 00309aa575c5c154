-- +goose Up
-- What the NPI registry said: of which NPI, when, and the name it holds (empty if it knows none).
ALTER TABLE users ADD COLUMN verified_npi BIGINT NULL;
UPDATE users SET verified_npi = user_npi WHERE npi_verified_at IS NOT NULL;
ALTER TABLE surgeons ADD COLUMN verified_npi BIGINT NULL;
ALTER TABLE surgeons ADD COLUMN npi_verified_at BIGINT NULL;
ALTER TABLE surgeons ADD COLUMN registry_name VARCHAR(250) NOT NULL DEFAULT '';
ALTER TABLE facilities ADD COLUMN verified_npi BIGINT NULL;
ALTER TABLE facilities ADD COLUMN npi_verified_at BIGINT NULL;
ALTER TABLE facilities ADD COLUMN registry_name VARCHAR(250) NOT NULL DEFAULT '';

CREATE TABLE npi_directory (
    npi BIGINT NOT NULL PRIMARY KEY,
    entity_type INT NOT NULL,
    organization_name VARCHAR(100) NOT NULL,
    last_name VARCHAR(35) NOT NULL,
    first_name VARCHAR(35) NOT NULL,
    address VARCHAR(55) NOT NULL,
    city VARCHAR(40) NOT NULL,
    state VARCHAR(40) NOT NULL,
    zip VARCHAR(20) NOT NULL,
    updated_on VARCHAR(10) NOT NULL,
    deactivated_on VARCHAR(10) NOT NULL,
    reactivated_on VARCHAR(10) NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- A row for every word of the name of an active record: part is 1 for last names, 2 for first names,
-- 3 for organizations. The row holds all words, so that a search for several reads nothing else.
CREATE TABLE npi_words (
    part INT NOT NULL,
    word VARCHAR(80) NOT NULL,
    npi BIGINT NOT NULL,
    state VARCHAR(2) NOT NULL,
    words VARCHAR(400) NOT NULL,
    PRIMARY KEY (part, word, npi)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE npi_files (
    file_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    content_hash VARBINARY(32) NOT NULL,
    file_name VARCHAR(255) NOT NULL,
    file_size BIGINT NOT NULL,
    rows_done BIGINT NOT NULL,
    rows_added BIGINT NOT NULL,
    rows_changed BIGINT NOT NULL,
    rows_unchanged BIGINT NOT NULL,
    rows_rejected BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT NULL,
    UNIQUE KEY npi_files_by_content (content_hash)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE npi_rejected_rows (
    file_id BIGINT NOT NULL,
    row_no BIGINT NOT NULL,
    reason VARCHAR(250) NOT NULL,
    PRIMARY KEY (file_id, row_no),
    CONSTRAINT npi_rejected_rows_file FOREIGN KEY (file_id) REFERENCES npi_files (file_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- +goose Down
DROP TABLE npi_rejected_rows;
DROP TABLE npi_files;
DROP TABLE npi_words;
DROP TABLE npi_directory;
ALTER TABLE facilities DROP COLUMN registry_name;
ALTER TABLE facilities DROP COLUMN npi_verified_at;
ALTER TABLE facilities DROP COLUMN verified_npi;
ALTER TABLE surgeons DROP COLUMN registry_name;
ALTER TABLE surgeons DROP COLUMN npi_verified_at;
ALTER TABLE surgeons DROP COLUMN verified_npi;
ALTER TABLE users DROP COLUMN verified_npi;
