-- +goose Up
CREATE TABLE comments (
    id       text PRIMARY KEY,
    document text        NOT NULL REFERENCES documents (id),
    author   text        NOT NULL,
    kind     text        NOT NULL CHECK (kind IN ('comment', 'urge')),
    text     text        NOT NULL,
    at       timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX comments_document ON comments (document, at, id);

CREATE TABLE attachments (
    id          text PRIMARY KEY,
    name        text        NOT NULL,
    type        text        NOT NULL,
    size        bigint      NOT NULL,
    sha256      text        NOT NULL,
    key         text        NOT NULL, -- where the file store keeps it
    uploader    text        NOT NULL,
    uploaded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE attached ( -- which documents show an attachment
    attachment text NOT NULL REFERENCES attachments (id),
    document   text NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    PRIMARY KEY (attachment, document)
);
CREATE INDEX attached_document ON attached (document);

CREATE TABLE imports (
    id         text PRIMARY KEY,
    actor      text        NOT NULL,
    name       text        NOT NULL,
    total      int         NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE import_rows (
    import      text        NOT NULL REFERENCES imports (id),
    n           int         NOT NULL CHECK (n > 0),
    content     text        NOT NULL,
    state       text        NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'failed')),
    document    text        NOT NULL DEFAULT '',
    fault       text        NOT NULL DEFAULT '', -- JSON, where it failed
    next_try    timestamptz NOT NULL DEFAULT clock_timestamp(),
    tries       int         NOT NULL DEFAULT 0,
    finished_at timestamptz,
    PRIMARY KEY (import, n)
);
CREATE INDEX import_rows_waiting ON import_rows (next_try) WHERE state = 'pending';

CREATE TABLE sessions (
    token_hash text PRIMARY KEY,
    person     text        NOT NULL DEFAULT '',
    data       bytea       NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_person ON sessions (person) WHERE person <> '';
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE tokens (
    id           text PRIMARY KEY,
    hash         text        NOT NULL UNIQUE,
    person       text        NOT NULL,
    name         text        NOT NULL,
    scopes       text[]      NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz
);
CREATE INDEX tokens_person ON tokens (person, created_at);

CREATE TABLE checkpoints (
    n           bigint PRIMARY KEY,
    at          timestamptz NOT NULL,
    predecessor text        NOT NULL,
    hash        text        NOT NULL,
    body        text        NOT NULL,
    key_id      text        NOT NULL,
    signature   text        NOT NULL
);

CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON comments FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON attachments FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON checkpoints FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON checkpoints FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE comments ENABLE ALWAYS TRIGGER guard;
ALTER TABLE attachments ENABLE ALWAYS TRIGGER guard;
ALTER TABLE checkpoints ENABLE ALWAYS TRIGGER guard;
ALTER TABLE checkpoints ENABLE ALWAYS TRIGGER guard_all;
