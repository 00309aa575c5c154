-- +goose Up
CREATE TABLE payment_run_held (
    run_id BIGINT NOT NULL,
    human_case_id BIGINT NOT NULL,
    provider_id VARCHAR(100) NOT NULL,
    reason VARCHAR(40) NOT NULL,
    PRIMARY KEY (run_id, human_case_id),
    CONSTRAINT payment_run_held_run FOREIGN KEY (run_id) REFERENCES payment_runs (run_id),
    CONSTRAINT payment_run_held_case FOREIGN KEY (human_case_id) REFERENCES case_ids (human_case_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- What is open and what waits to be carried is asked for often and is little of a ledger that only grows.
CREATE INDEX payment_entries_by_state ON payment_entries (kind, settled_at, cancelled_at, run_id);

-- When a scheduler first knew a job: what should have run before was never missed.
CREATE TABLE jobs (
    job VARCHAR(60) NOT NULL,
    known_since BIGINT NOT NULL,
    PRIMARY KEY (job)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- One row for each instant at which a job is due. Whoever works on it holds the lease until it expires.
CREATE TABLE job_runs (
    job_run_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    job VARCHAR(60) NOT NULL,
    scheduled_at BIGINT NOT NULL,
    by_hand INT NOT NULL,
    started_by VARCHAR(100) NOT NULL,
    state VARCHAR(10) NOT NULL,
    holder VARCHAR(40) NOT NULL,
    lease BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    attempts INT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT NULL,
    outcome VARCHAR(500) NOT NULL,
    UNIQUE KEY job_runs_once (job, scheduled_at),
    KEY job_runs_by_state (state, lease_until)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- +goose Down
DROP TABLE job_runs;
DROP TABLE jobs;
DROP INDEX payment_entries_by_state ON payment_entries;
DROP TABLE payment_run_held;
