-- +goose Up
-- NULL is format 1: what was sealed before, and what a release from before seals.
ALTER TABLE audit_seal ADD COLUMN key_id TEXT NULL;

-- A checkpoint with this key is the boundary after which every seal has it.
ALTER TABLE audit_checkpoints ADD COLUMN begins_key TEXT NULL;
CREATE INDEX audit_checkpoints_by_begins_key ON audit_checkpoints (begins_key, seq);

-- +goose StatementBegin
CREATE TRIGGER audit_seal_keyed BEFORE INSERT ON audit_seal
WHEN NEW.key_id IS NULL AND EXISTS (SELECT 1 FROM audit_checkpoints WHERE begins_key IS NOT NULL AND seq < NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'audit seals have a key after the boundary');
END;
-- +goose StatementEnd

-- REPLACE deletes without a word to the triggers for DELETE unless a connection asks for recursive triggers.
-- +goose StatementBegin
CREATE TRIGGER audit_entries_once BEFORE INSERT ON audit_entries
WHEN EXISTS (SELECT 1 FROM audit_entries WHERE entry_id = NEW.entry_id)
BEGIN
    SELECT RAISE(ABORT, 'audit entries are never replaced');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_seal_once BEFORE INSERT ON audit_seal
WHEN EXISTS (SELECT 1 FROM audit_seal WHERE seq = NEW.seq OR entry_id = NEW.entry_id)
BEGIN
    SELECT RAISE(ABORT, 'audit seals are never replaced');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_checkpoints_once BEFORE INSERT ON audit_checkpoints
WHEN EXISTS (SELECT 1 FROM audit_checkpoints WHERE seq = NEW.seq AND made_at = NEW.made_at)
BEGIN
    SELECT RAISE(ABORT, 'audit checkpoints are never replaced');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER audit_checkpoints_once;
DROP TRIGGER audit_seal_once;
DROP TRIGGER audit_entries_once;
DROP TRIGGER audit_seal_keyed;
DROP INDEX audit_checkpoints_by_begins_key;
ALTER TABLE audit_checkpoints DROP COLUMN begins_key;
ALTER TABLE audit_seal DROP COLUMN key_id;
