-- +goose Up

-- How an address that letters go to stands. Letters come back to an address of ours with its token: worth a report, no more.
CREATE TABLE mail_addresses (
    address    text PRIMARY KEY CHECK (address <> ''),
    token      text        NOT NULL UNIQUE,
    person     text        NOT NULL,               -- to whom it was last written there
    state      text        NOT NULL DEFAULT 'ok' CHECK (state IN ('ok', 'soft', 'dead')),
    softs      int         NOT NULL DEFAULT 0,     -- letters that came back, and another may arrive
    since      timestamptz,                        -- the first of them
    status     text        NOT NULL DEFAULT '',    -- what the last report said
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX mail_addresses_dead ON mail_addresses (changed_at) WHERE state = 'dead';
