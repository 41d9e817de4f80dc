-- +goose Up

-- How the gate of each worker before each ERP connection stands. For people and metrics: nothing is decided by it.
CREATE TABLE erp_gates (
    connection text        NOT NULL,
    worker     text        NOT NULL,
    phase      text        NOT NULL CHECK (phase IN ('open', 'trying', 'limited', 'resting', 'maintenance')),
    since      timestamptz NOT NULL,
    until      timestamptz,                  -- when somebody may ask again; NULL while it is open
    in_flight  integer     NOT NULL,
    limited    bigint      NOT NULL,         -- times that the ERP asked for time, since the worker began
    code       text        NOT NULL DEFAULT '',
    seen_at    timestamptz NOT NULL,
    PRIMARY KEY (connection, worker)
);
