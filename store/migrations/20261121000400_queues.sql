-- +goose Up
CREATE TABLE starts (
    document   text PRIMARY KEY REFERENCES documents (id),
    bulk       boolean     NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    next_try   timestamptz NOT NULL,
    tries      int         NOT NULL DEFAULT 0,
    done_at    timestamptz
);
CREATE INDEX starts_waiting ON starts (bulk, next_try) WHERE done_at IS NULL;

CREATE TABLE notices (
    id         text PRIMARY KEY, -- <stream>.<seq>.<n>.<person>: an event owes a notice once
    kind       text        NOT NULL,
    person     text        NOT NULL, -- '' where a role is told that nobody holds
    role       text        NOT NULL,
    entity     text        NOT NULL,
    document   text        NOT NULL,
    task       text        NOT NULL,
    quiet      boolean     NOT NULL,
    data       jsonb       NOT NULL, -- arguments of the text, for display
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    next_try   timestamptz NOT NULL DEFAULT clock_timestamp(),
    tries      int         NOT NULL DEFAULT 0,
    sent_at    timestamptz,
    read_at    timestamptz,
    failure    text        NOT NULL DEFAULT ''
);
CREATE INDEX notices_waiting ON notices (next_try) WHERE sent_at IS NULL AND NOT quiet;
CREATE INDEX notices_person ON notices (person, created_at DESC, id DESC);
