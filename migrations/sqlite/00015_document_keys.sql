-- +goose Up
-- A keyed digest of object_key, which finds the documents that share an object. The version before writes none.
ALTER TABLE case_documents ADD COLUMN key_digest BLOB NULL;
CREATE INDEX case_documents_by_key ON case_documents (key_digest);

-- +goose Down
DROP INDEX case_documents_by_key;
ALTER TABLE case_documents DROP COLUMN key_digest;
