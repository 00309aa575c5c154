-- +goose Up
-- A keyed digest of object_key, which finds the documents that share an object. The version before writes none.
ALTER TABLE case_documents ADD COLUMN key_digest VARBINARY(32) NULL;
ALTER TABLE case_documents ADD KEY case_documents_by_key (key_digest);

-- +goose Down
ALTER TABLE case_documents DROP KEY case_documents_by_key;
ALTER TABLE case_documents DROP COLUMN key_digest;
