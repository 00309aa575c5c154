-- +goose Up
-- The days of these instants where the practice is. NULL: from before, the day in UTC.
ALTER TABLE payment_runs ADD COLUMN opened_on CHAR(10) NULL;
ALTER TABLE payment_entries ADD COLUMN entered_on CHAR(10) NULL;

-- Whether what providers owed from earlier runs was carried into the run. Runs from before carried nothing.
ALTER TABLE payment_runs ADD COLUMN carries_balances INT NOT NULL DEFAULT 0;

-- What a provider owes from earlier runs when a run is opened: reversals that exceeded what there was to pay.
-- after_run_id is the run before: of two runs that are opened at once only one carries a balance.
CREATE TABLE payment_run_balances (
    run_id BIGINT NOT NULL,
    provider_id VARCHAR(100) NOT NULL,
    owed_cents BIGINT NOT NULL,
    after_run_id BIGINT NOT NULL,
    PRIMARY KEY (run_id, provider_id),
    UNIQUE KEY payment_run_balances_once (provider_id, after_run_id),
    CONSTRAINT payment_run_balances_run FOREIGN KEY (run_id) REFERENCES payment_runs (run_id),
    CONSTRAINT payment_run_balances_provider FOREIGN KEY (provider_id) REFERENCES users (user_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Who confirmed a price table for the cases of the person who loaded it.
ALTER TABLE price_tables ADD COLUMN confirmed_by VARCHAR(100) NULL;
ALTER TABLE price_tables ADD COLUMN confirmed_at BIGINT NULL;

-- +goose Down
ALTER TABLE price_tables DROP COLUMN confirmed_at;
ALTER TABLE price_tables DROP COLUMN confirmed_by;
DROP TABLE payment_run_balances;
ALTER TABLE payment_runs DROP COLUMN carries_balances;
ALTER TABLE payment_entries DROP COLUMN entered_on;
ALTER TABLE payment_runs DROP COLUMN opened_on;
