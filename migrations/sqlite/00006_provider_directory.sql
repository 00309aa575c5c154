-- +goose Up
-- What the NPI registry said: of which NPI, when, and the name it holds (empty if it knows none).
ALTER TABLE users ADD COLUMN verified_npi INTEGER NULL;
UPDATE users SET verified_npi = user_npi WHERE npi_verified_at IS NOT NULL;
ALTER TABLE surgeons ADD COLUMN verified_npi INTEGER NULL;
ALTER TABLE surgeons ADD COLUMN npi_verified_at INTEGER NULL;
ALTER TABLE surgeons ADD COLUMN registry_name TEXT NOT NULL DEFAULT '';
ALTER TABLE facilities ADD COLUMN verified_npi INTEGER NULL;
ALTER TABLE facilities ADD COLUMN npi_verified_at INTEGER NULL;
ALTER TABLE facilities ADD COLUMN registry_name TEXT NOT NULL DEFAULT '';

CREATE TABLE npi_directory (
    npi INTEGER NOT NULL PRIMARY KEY,
    entity_type INTEGER NOT NULL,
    organization_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    first_name TEXT NOT NULL,
    address TEXT NOT NULL,
    city TEXT NOT NULL,
    state TEXT NOT NULL,
    zip TEXT NOT NULL,
    updated_on TEXT NOT NULL,
    deactivated_on TEXT NOT NULL,
    reactivated_on TEXT NOT NULL
);

-- A row for every word of the name of an active record: part is 1 for last names, 2 for first names,
-- 3 for organizations. The row holds all words, so that a search for several reads nothing else.
CREATE TABLE npi_words (
    part INTEGER NOT NULL,
    word TEXT NOT NULL,
    npi INTEGER NOT NULL,
    state TEXT NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (part, word, npi)
) WITHOUT ROWID;

CREATE TABLE npi_files (
    file_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    content_hash BLOB NOT NULL,
    file_name TEXT NOT NULL,
    file_size INTEGER NOT NULL,
    rows_done INTEGER NOT NULL,
    rows_added INTEGER NOT NULL,
    rows_changed INTEGER NOT NULL,
    rows_unchanged INTEGER NOT NULL,
    rows_rejected INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER NULL
);
CREATE UNIQUE INDEX npi_files_by_content ON npi_files (content_hash);

CREATE TABLE npi_rejected_rows (
    file_id INTEGER NOT NULL REFERENCES npi_files (file_id),
    row_no INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (file_id, row_no)
);

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
