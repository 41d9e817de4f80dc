-- +goose Up

-- How people want to be told, and when they are away. No evidence: theirs alone to change.
CREATE TABLE wishes (
    person     text PRIMARY KEY,
    wishes     text        NOT NULL, -- JSON: domain/notice.Wishes
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
