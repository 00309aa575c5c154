-- +goose Up
-- NULL is format 1: what was sealed before, and what a release from before seals.
ALTER TABLE audit_seal ADD COLUMN key_id VARCHAR(16) NULL;

-- A checkpoint with this key is the boundary after which every seal has it.
ALTER TABLE audit_checkpoints
    ADD COLUMN begins_key VARCHAR(16) NULL,
    ADD KEY audit_checkpoints_by_begins_key (begins_key, seq);

-- +goose StatementBegin
CREATE TRIGGER audit_seal_keyed BEFORE INSERT ON audit_seal FOR EACH ROW
    IF NEW.key_id IS NULL AND EXISTS (SELECT 1 FROM audit_checkpoints WHERE begins_key IS NOT NULL AND seq < NEW.seq) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit seals have a key after the boundary';
    END IF;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER audit_seal_keyed;
ALTER TABLE audit_checkpoints
    DROP KEY audit_checkpoints_by_begins_key,
    DROP COLUMN begins_key;
ALTER TABLE audit_seal DROP COLUMN key_id;
