-- +goose Up
-- What was moved in from the service before this one: what each row became, and a keyed digest of it.
CREATE TABLE arrivals (
    source_table VARCHAR(64) NOT NULL,
    source_id VARCHAR(100) NOT NULL,
    became VARCHAR(120) NOT NULL,
    content_digest VARBINARY(32) NOT NULL,
    PRIMARY KEY (source_table, source_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- +goose Down
DROP TABLE arrivals;
