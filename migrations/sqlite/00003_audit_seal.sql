-- +goose Up
-- No foreign key to the entries: a seal outlives its entry and tells that it is gone.
CREATE TABLE audit_seal (
    seq INTEGER NOT NULL,
    entry_id INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (seq)
) STRICT;
CREATE UNIQUE INDEX audit_seal_by_entry ON audit_seal (entry_id);

CREATE TABLE audit_checkpoints (
    seq INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    entry_id INTEGER NOT NULL,
    hash BLOB NOT NULL,
    key_id TEXT NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (seq, made_at)
) STRICT;

-- The log is read newest first: every filter has its index in that order. Entries of one microsecond
-- come by entry_id, which both databases put at the end of every index.
DROP INDEX audit_by_entity;
DROP INDEX audit_by_actor;
CREATE INDEX audit_by_time ON audit_entries (happened_at);
CREATE INDEX audit_by_actor ON audit_entries (actor_id, happened_at);
CREATE INDEX audit_by_action ON audit_entries (action, happened_at);
CREATE INDEX audit_by_entity ON audit_entries (entity, happened_at);
CREATE INDEX audit_by_entity_id ON audit_entries (entity_id, happened_at);
CREATE INDEX audit_by_outcome ON audit_entries (outcome, happened_at);

-- +goose StatementBegin
CREATE TRIGGER audit_entries_unchanged BEFORE UPDATE ON audit_entries
BEGIN
    SELECT RAISE(ABORT, 'audit entries are never changed');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_entries_kept BEFORE DELETE ON audit_entries
BEGIN
    SELECT RAISE(ABORT, 'audit entries are never deleted');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_seal_unchanged BEFORE UPDATE ON audit_seal
BEGIN
    SELECT RAISE(ABORT, 'audit seals are never changed');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_seal_kept BEFORE DELETE ON audit_seal
BEGIN
    SELECT RAISE(ABORT, 'audit seals are never deleted');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_checkpoints_unchanged BEFORE UPDATE ON audit_checkpoints
BEGIN
    SELECT RAISE(ABORT, 'audit checkpoints are never changed');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_checkpoints_kept BEFORE DELETE ON audit_checkpoints
BEGIN
    SELECT RAISE(ABORT, 'audit checkpoints are never deleted');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER audit_entries_kept;
DROP TRIGGER audit_entries_unchanged;
DROP INDEX audit_by_outcome;
DROP INDEX audit_by_entity_id;
DROP INDEX audit_by_entity;
DROP INDEX audit_by_action;
DROP INDEX audit_by_actor;
DROP INDEX audit_by_time;
CREATE INDEX audit_by_entity ON audit_entries (entity, entity_id, entry_id);
CREATE INDEX audit_by_actor ON audit_entries (actor_id, entry_id);
DROP TABLE audit_checkpoints;
DROP TABLE audit_seal;
