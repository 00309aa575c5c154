-- +goose Up
CREATE TABLE bugs (
    bug_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    version BIGINT NOT NULL,
    title VARCHAR(200) NOT NULL,
    description TEXT NOT NULL,
    calling_page VARCHAR(200) NOT NULL,
    priority VARCHAR(20) NOT NULL,
    status VARCHAR(20) NOT NULL,
    reported_by VARCHAR(100) NOT NULL,
    request_id VARCHAR(64) NOT NULL,
    tracker_ref VARCHAR(100) NOT NULL,
    tracker_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT bugs_reporter FOREIGN KEY (reported_by) REFERENCES users (user_id),
    KEY bugs_by_reporter (reported_by, bug_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE client_requests (
    report_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    source VARCHAR(20) NOT NULL,
    user_id VARCHAR(100) NOT NULL,
    method VARCHAR(10) NOT NULL,
    endpoint VARCHAR(200) NOT NULL,
    response_status INT NOT NULL,
    execution_time_ms INT NOT NULL,
    logged_at BIGINT NOT NULL,
    KEY client_requests_by_age (logged_at, report_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- +goose Down
DROP TABLE client_requests;
DROP TABLE bugs;
