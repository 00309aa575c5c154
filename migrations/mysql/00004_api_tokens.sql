-- +goose Up
CREATE TABLE api_tokens (
    token_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id VARCHAR(100) NOT NULL,
    token_name VARCHAR(100) NOT NULL,
    token_digest VARBINARY(32) NOT NULL,
    scopes VARCHAR(100) NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT NULL,
    revoked_at BIGINT NULL,
    CONSTRAINT api_tokens_user FOREIGN KEY (user_id) REFERENCES users (user_id),
    UNIQUE KEY api_tokens_by_digest (token_digest),
    KEY api_tokens_by_user (user_id, token_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- +goose Down
DROP TABLE api_tokens;
