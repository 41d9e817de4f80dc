-- +goose Up
-- What another system calls the document that it had made; '' for what people wrote themselves.
ALTER TABLE documents ADD COLUMN origin_source text NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN origin_reference text NOT NULL DEFAULT '';
-- Whatever happens on the way: one thing over there is one document here.
CREATE UNIQUE INDEX documents_origin ON documents (origin_source, origin_reference) WHERE origin_source <> '';

CREATE TABLE inbound_messages ( -- one thing that another system asked for, under the name that it has there 入站消息
    id          text        PRIMARY KEY,
    source      text        NOT NULL,
    external_id text        NOT NULL,
    entities    text[]      NOT NULL, -- of the source
    entity      text        NOT NULL DEFAULT '', -- of the document; '' while nobody knows
    body        text        NOT NULL,
    body_hash   text        NOT NULL,
    state       text        NOT NULL CHECK (state IN ('received', 'submitted', 'refused', 'ignored')),
    document    text        NOT NULL DEFAULT '',
    fault       text        NOT NULL DEFAULT '', -- why it was refused
    decided_by  text        NOT NULL DEFAULT '', -- who asked to try again, or to leave it
    reason      text        NOT NULL DEFAULT '',
    changed_at  timestamptz,                     -- when something else last came under the same name
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled_at  timestamptz,
    tries       integer     NOT NULL DEFAULT 0,
    next_try    timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (source, external_id),
    CHECK ((state = 'submitted') = (document <> ''))
);
CREATE INDEX inbound_waiting ON inbound_messages (next_try) WHERE state = 'received';
CREATE INDEX inbound_order ON inbound_messages (received_at DESC, id DESC);
CREATE INDEX inbound_refused ON inbound_messages (received_at DESC, id DESC) WHERE state = 'refused';

-- What became a document stays what it was.
-- +goose StatementBegin
CREATE FUNCTION guard_inbound_messages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.source, NEW.external_id, NEW.received_at) IS DISTINCT FROM
       (OLD.id, OLD.source, OLD.external_id, OLD.received_at)
       OR OLD.state = 'submitted' AND (NEW.state, NEW.document, NEW.body, NEW.body_hash) IS DISTINCT FROM
          (OLD.state, OLD.document, OLD.body, OLD.body_hash) THEN
        RAISE EXCEPTION 'countersign: an inbound message that became a document stays' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard BEFORE UPDATE ON inbound_messages FOR EACH ROW EXECUTE FUNCTION guard_inbound_messages();
CREATE TRIGGER guard_delete BEFORE DELETE ON inbound_messages FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON inbound_messages FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE inbound_messages ENABLE ALWAYS TRIGGER guard;
ALTER TABLE inbound_messages ENABLE ALWAYS TRIGGER guard_delete;
ALTER TABLE inbound_messages ENABLE ALWAYS TRIGGER guard_all;
