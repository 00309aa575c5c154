-- +goose Up
CREATE TABLE api_tokens (
    token_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    user_id TEXT NOT NULL,
    token_name TEXT NOT NULL,
    token_digest BLOB NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    last_used_at INTEGER NULL,
    revoked_at INTEGER NULL,
    CONSTRAINT api_tokens_user FOREIGN KEY (user_id) REFERENCES users (user_id)
) STRICT;
CREATE UNIQUE INDEX api_tokens_by_digest ON api_tokens (token_digest);
CREATE INDEX api_tokens_by_user ON api_tokens (user_id, token_id);

-- +goose Down
DROP TABLE api_tokens;
