-- +goose Up

-- The record is searched by when, by whom and for whom, and by kind; always the newest first.
CREATE INDEX events_at ON events (at, stream, seq);
CREATE INDEX events_actor ON events (actor, at, stream, seq);
CREATE INDEX events_behalf ON events (on_behalf_of, at, stream, seq) WHERE on_behalf_of <> '';
CREATE INDEX events_kind ON events (kind, at, stream, seq);
CREATE INDEX documents_by_number ON documents (number) WHERE number IS NOT NULL;
