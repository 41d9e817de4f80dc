-- +goose Up

-- The same file and the same invoice are looked for while somebody writes. The numbers are read out of the revisions
-- themselves, so that nothing beside them can be wrong; most revisions name no invoice and are not in the index.
CREATE INDEX attachments_sha256 ON attachments (sha256);
CREATE INDEX revisions_invoices ON revisions
    USING gin (jsonb_path_query_array(content::jsonb, '$.lines[*].invoice'))
    WHERE content LIKE '%"invoice":"%';

CREATE TABLE templates ( -- what somebody fills in again and again: theirs alone, and no evidence of anything
    id       text PRIMARY KEY,
    owner    text        NOT NULL,
    type     text        NOT NULL,
    name     text        NOT NULL CHECK (name <> ''),
    content  text        NOT NULL,
    saved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (owner, name)
);
