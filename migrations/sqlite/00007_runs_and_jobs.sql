-- +goose Up
CREATE TABLE payment_run_held (
    run_id INTEGER NOT NULL,
    human_case_id INTEGER NOT NULL,
    provider_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (run_id, human_case_id),
    CONSTRAINT payment_run_held_run FOREIGN KEY (run_id) REFERENCES payment_runs (run_id),
    CONSTRAINT payment_run_held_case FOREIGN KEY (human_case_id) REFERENCES case_ids (human_case_id)
) STRICT, WITHOUT ROWID;

-- What is open and what waits to be carried is asked for often and is little of a ledger that only grows.
CREATE INDEX payment_entries_by_state ON payment_entries (kind, settled_at, cancelled_at, run_id);

-- When a scheduler first knew a job: what should have run before was never missed.
CREATE TABLE jobs (
    job TEXT NOT NULL,
    known_since INTEGER NOT NULL,
    PRIMARY KEY (job)
) STRICT;

-- One row for each instant at which a job is due. Whoever works on it holds the lease until it expires.
CREATE TABLE job_runs (
    job_run_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    job TEXT NOT NULL,
    scheduled_at INTEGER NOT NULL,
    by_hand INTEGER NOT NULL,
    started_by TEXT NOT NULL,
    state TEXT NOT NULL,
    holder TEXT NOT NULL,
    lease INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER NULL,
    outcome TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX job_runs_once ON job_runs (job, scheduled_at);
CREATE INDEX job_runs_by_state ON job_runs (state, lease_until);

-- +goose Down
DROP TABLE job_runs;
DROP TABLE jobs;
DROP INDEX payment_entries_by_state;
DROP TABLE payment_run_held;
