-- +goose Up
CREATE TABLE email_log (
    email_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    message_id VARCHAR(200) NOT NULL,
    occasion VARCHAR(150) NOT NULL,
    report_type VARCHAR(50) NOT NULL,
    email_type VARCHAR(20) NOT NULL,
    to_address VARCHAR(250) NOT NULL,
    user_id VARCHAR(100) NOT NULL,
    run_id BIGINT NULL,
    subject VARCHAR(500) NOT NULL,
    body TEXT NOT NULL,
    enclosures TEXT NOT NULL,
    status VARCHAR(20) NOT NULL,
    reason VARCHAR(50) NOT NULL,
    attempts INT NOT NULL,
    handovers INT NOT NULL,
    claimed_until BIGINT NULL,
    created_at BIGINT NOT NULL,
    created_by VARCHAR(100) NOT NULL,
    ended_at BIGINT NULL,
    UNIQUE KEY email_log_once (occasion, to_address, user_id),
    KEY email_log_by_status (status, email_id),
    KEY email_log_by_report (report_type, email_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE report_recipients (
    recipient_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    report_name VARCHAR(100) NOT NULL,
    email_address VARCHAR(250) NOT NULL,
    first_name VARCHAR(100) NOT NULL,
    last_name VARCHAR(100) NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE KEY report_recipients_once (report_name, email_address)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- +goose Down
DROP TABLE report_recipients;
DROP TABLE email_log;
