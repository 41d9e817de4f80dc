-- +goose Up
CREATE TABLE events (
    stream       text        NOT NULL,
    seq          bigint      NOT NULL CHECK (seq > 0),
    at           timestamptz NOT NULL,
    kind         text        NOT NULL,
    actor        text        NOT NULL,
    on_behalf_of text        NOT NULL,
    cause        text        NOT NULL,
    round        int         NOT NULL,
    revision     int         NOT NULL,
    content_hash text        NOT NULL,
    data         text        NOT NULL, -- canonical JSON: these bytes were hashed
    prev         text        NOT NULL,
    hash         text        NOT NULL,
    v            int         NOT NULL,
    PRIMARY KEY (stream, seq)
);

CREATE TABLE causes ( -- every cause is answered once
    stream    text        NOT NULL,
    cause     text        NOT NULL,
    first_seq bigint      NOT NULL, -- its events are first_seq … last_seq; none where last_seq < first_seq
    last_seq  bigint      NOT NULL,
    outcome   text        NOT NULL, -- JSON
    at        timestamptz NOT NULL,
    PRIMARY KEY (stream, cause)
);

CREATE TABLE streams ( -- heads of the streams that are not documents
    stream     text PRIMARY KEY,
    seq        bigint      NOT NULL,
    head_hash  text        NOT NULL,
    updated_at timestamptz NOT NULL
);

-- +goose StatementBegin
CREATE FUNCTION guard_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'countersign_gateway' AND NEW.kind <> 'document.submitted'
        AND NEW.stream <> 'org' AND NEW.stream NOT LIKE 'policy:%' OR
       current_user = 'countersign_gateway' AND NEW.kind = 'document.submitted' AND NEW.seq <> 1 THEN
        RAISE EXCEPTION 'countersign: the gateway records submissions only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER guard_insert BEFORE INSERT ON events FOR EACH ROW
    WHEN (current_user = 'countersign_gateway') EXECUTE FUNCTION guard_events();
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON causes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON causes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE OR DELETE ON streams FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_insert;
ALTER TABLE events ENABLE ALWAYS TRIGGER guard;
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_all;
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard;
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard_all;
ALTER TABLE streams ENABLE ALWAYS TRIGGER guard_all;
