-- +goose Up
-- A task is taken back by what it is about.
CREATE INDEX outbox_payload ON outbox (payload);

-- +goose Down
DROP INDEX outbox_payload;
