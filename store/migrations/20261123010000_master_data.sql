-- +goose Up

-- What an ERP has under which code. No row is ever deleted: what is there no more is gone.
CREATE TABLE master_rows (
    connection text NOT NULL,
    kind       text NOT NULL,
    code       text NOT NULL,
    name       text NOT NULL,
    erp_id     text NOT NULL,
    active     boolean NOT NULL,
    gone       boolean NOT NULL DEFAULT false,
    attributes text NOT NULL DEFAULT '{}', -- JSON
    run        uuid NOT NULL,              -- that changed it last
    PRIMARY KEY (connection, kind, code)
);

-- Every time it was read: what came, what changed, what somebody must look at first.
CREATE TABLE master_runs (
    id          uuid PRIMARY KEY,
    connection  text        NOT NULL,
    entities    text[]      NOT NULL,
    by_person   text        NOT NULL DEFAULT '', -- '' = by schedule or an operator
    state       text        NOT NULL CHECK (state IN ('applied', 'held', 'failed')),
    complete    boolean     NOT NULL,
    came        integer     NOT NULL,
    counts      text        NOT NULL DEFAULT '{}', -- JSON: what happened, how often
    held        text        NOT NULL DEFAULT '[]', -- JSON: changes that would break something in use
    remarks     text        NOT NULL DEFAULT '[]', -- JSON: rows that were mended or left out
    code        text        NOT NULL DEFAULT '',   -- of the fault, where it failed
    detail      text        NOT NULL DEFAULT '',
    as_of       timestamptz NOT NULL,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX master_runs_newest ON master_runs (connection, finished_at DESC);
