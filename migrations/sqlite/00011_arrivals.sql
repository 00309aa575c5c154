-- +goose Up
-- What was moved in from the service before this one: what each row became, and a keyed digest of it.
CREATE TABLE arrivals (
    source_table TEXT NOT NULL,
    source_id TEXT NOT NULL,
    became TEXT NOT NULL,
    content_digest BLOB NOT NULL,
    PRIMARY KEY (source_table, source_id)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE arrivals;
