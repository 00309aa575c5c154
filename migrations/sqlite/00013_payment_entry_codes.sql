-- +goose Up
-- The procedure codes that an entry pays or takes back, as bills write them, separated by spaces. NULL: not noted.
ALTER TABLE payment_entries ADD COLUMN codes TEXT NULL;

-- +goose Down
ALTER TABLE payment_entries DROP COLUMN codes;
