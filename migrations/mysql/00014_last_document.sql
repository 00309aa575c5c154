-- +goose Up
-- The highest number that a document of the user ever had: numbers are not given twice.
ALTER TABLE users ADD COLUMN last_document BIGINT NOT NULL DEFAULT 0;
UPDATE users SET last_document = (SELECT COALESCE(MAX(d.position), 0) FROM user_documents d WHERE d.user_id = users.user_id);

-- +goose Down
ALTER TABLE users DROP COLUMN last_document;
