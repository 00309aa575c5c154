-- +goose Up
-- For each migration from this one on, the oldest program that may run once it is applied, by the newest migration
-- that the program knows. A program that finds migrations it does not know runs if all of them allow it.
CREATE TABLE schema_compatibility (
    version BIGINT NOT NULL PRIMARY KEY,
    oldest_program BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
INSERT INTO schema_compatibility (version, oldest_program) VALUES (19, 18);

-- +goose Down
DROP TABLE schema_compatibility;
