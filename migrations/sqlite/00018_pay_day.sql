-- +goose Up
-- The days of these instants where the practice is. NULL: from before, the day in UTC.
ALTER TABLE payment_runs ADD COLUMN opened_on TEXT NULL;
ALTER TABLE payment_entries ADD COLUMN entered_on TEXT NULL;

-- Whether what providers owed from earlier runs was carried into the run. Runs from before carried nothing.
ALTER TABLE payment_runs ADD COLUMN carries_balances INTEGER NOT NULL DEFAULT 0;

-- What a provider owes from earlier runs when a run is opened: reversals that exceeded what there was to pay.
-- after_run_id is the run before: of two runs that are opened at once only one carries a balance.
CREATE TABLE payment_run_balances (
    run_id INTEGER NOT NULL,
    provider_id TEXT NOT NULL,
    owed_cents INTEGER NOT NULL,
    after_run_id INTEGER NOT NULL,
    PRIMARY KEY (run_id, provider_id),
    CONSTRAINT payment_run_balances_once UNIQUE (provider_id, after_run_id),
    CONSTRAINT payment_run_balances_run FOREIGN KEY (run_id) REFERENCES payment_runs (run_id),
    CONSTRAINT payment_run_balances_provider FOREIGN KEY (provider_id) REFERENCES users (user_id)
);

-- Who confirmed a price table for the cases of the person who loaded it.
ALTER TABLE price_tables ADD COLUMN confirmed_by TEXT NULL;
ALTER TABLE price_tables ADD COLUMN confirmed_at INTEGER NULL;

-- +goose Down
ALTER TABLE price_tables DROP COLUMN confirmed_at;
ALTER TABLE price_tables DROP COLUMN confirmed_by;
DROP TABLE payment_run_balances;
ALTER TABLE payment_runs DROP COLUMN carries_balances;
ALTER TABLE payment_entries DROP COLUMN entered_on;
ALTER TABLE payment_runs DROP COLUMN opened_on;
