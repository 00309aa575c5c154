-- +goose Up
-- A task is taken back by what it is about.
ALTER TABLE outbox ADD KEY outbox_payload (payload);

-- +goose Down
ALTER TABLE outbox DROP KEY outbox_payload;
