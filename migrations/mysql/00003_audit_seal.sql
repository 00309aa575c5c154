-- +goose Up
-- No foreign key to the entries: a seal outlives its entry and tells that it is gone.
CREATE TABLE audit_seal (
    seq BIGINT NOT NULL,
    entry_id BIGINT NOT NULL,
    hash VARBINARY(32) NOT NULL,
    PRIMARY KEY (seq),
    UNIQUE KEY audit_seal_by_entry (entry_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE audit_checkpoints (
    seq BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    entry_id BIGINT NOT NULL,
    hash VARBINARY(32) NOT NULL,
    key_id VARCHAR(16) NOT NULL,
    signature VARBINARY(64) NOT NULL,
    PRIMARY KEY (seq, made_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The log is read newest first: every filter has its index in that order. Entries of one microsecond
-- come by entry_id, which both databases put at the end of every index. In one statement: two of the new
-- keys have the name of an old one, and a migration that broke off is repeated from its first statement.
ALTER TABLE audit_entries
    DROP KEY audit_by_entity,
    DROP KEY audit_by_actor,
    ADD KEY audit_by_time (happened_at),
    ADD KEY audit_by_actor (actor_id, happened_at),
    ADD KEY audit_by_action (action, happened_at),
    ADD KEY audit_by_entity (entity, happened_at),
    ADD KEY audit_by_entity_id (entity_id, happened_at),
    ADD KEY audit_by_outcome (outcome, happened_at);

-- With the binary log on, these need SUPER or log_bin_trust_function_creators (docs/operating.md).
CREATE TRIGGER audit_entries_unchanged BEFORE UPDATE ON audit_entries FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit entries are never changed';
CREATE TRIGGER audit_entries_kept BEFORE DELETE ON audit_entries FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit entries are never deleted';
CREATE TRIGGER audit_seal_unchanged BEFORE UPDATE ON audit_seal FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit seals are never changed';
CREATE TRIGGER audit_seal_kept BEFORE DELETE ON audit_seal FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit seals are never deleted';
CREATE TRIGGER audit_checkpoints_unchanged BEFORE UPDATE ON audit_checkpoints FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit checkpoints are never changed';
CREATE TRIGGER audit_checkpoints_kept BEFORE DELETE ON audit_checkpoints FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit checkpoints are never deleted';

-- +goose Down
DROP TRIGGER audit_entries_kept;
DROP TRIGGER audit_entries_unchanged;
ALTER TABLE audit_entries
    DROP KEY audit_by_outcome,
    DROP KEY audit_by_entity_id,
    DROP KEY audit_by_entity,
    DROP KEY audit_by_action,
    DROP KEY audit_by_actor,
    DROP KEY audit_by_time;
ALTER TABLE audit_entries
    ADD KEY audit_by_entity (entity, entity_id, entry_id),
    ADD KEY audit_by_actor (actor_id, entry_id);
DROP TABLE audit_checkpoints;
DROP TABLE audit_seal;
