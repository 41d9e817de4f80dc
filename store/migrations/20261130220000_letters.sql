-- +goose Up

-- A letter that asks somebody to decide: its link is bound to what they were asked, and only the hash of it is kept. What the
-- link is worth is judged when it is used. A letter that was tried again has a row for each try.
CREATE TABLE letters (
    id           text PRIMARY KEY,
    notice       text        NOT NULL, -- that it tells of
    person       text        NOT NULL CHECK (person <> ''),
    task         text        NOT NULL,
    document     text        NOT NULL REFERENCES documents (id),
    round        int         NOT NULL,
    content_hash text        NOT NULL,
    page         text        NOT NULL UNIQUE CHECK (page <> ''), -- hash of the token in its link
    made_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at   timestamptz NOT NULL
);
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON letters FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE letters ENABLE ALWAYS TRIGGER guard;
