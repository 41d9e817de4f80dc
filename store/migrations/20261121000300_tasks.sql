-- +goose Up
CREATE TABLE tasks (
    id           text PRIMARY KEY,
    document     text        NOT NULL REFERENCES documents (id),
    step         text        NOT NULL,
    step_title   text        NOT NULL, -- JSON by locale, for display
    round        int         NOT NULL,
    assignee     text        NOT NULL,
    via          text        NOT NULL,
    slot         int         NOT NULL,
    state        text        NOT NULL CHECK (state IN ('open', 'approved', 'rejected', 'returned', 'superseded',
                                 'escalated', 'expired')),
    decided_by   text        NOT NULL DEFAULT '',
    decided_at   timestamptz,
    opinion      text        NOT NULL DEFAULT '',
    opened_at    timestamptz NOT NULL,
    opened_seq   bigint      NOT NULL,
    due_at       timestamptz,
    remind_at    text        NOT NULL, -- JSON list of instants
    reminded     int         NOT NULL DEFAULT 0,
    overdue      boolean     NOT NULL DEFAULT false,
    provisional  boolean     NOT NULL DEFAULT false
);
CREATE INDEX tasks_inbox ON tasks (assignee, coalesce(due_at, 'infinity'::timestamptz), id)
    INCLUDE (document) WHERE state = 'open';
CREATE INDEX tasks_document ON tasks (document, opened_seq, id);
CREATE INDEX tasks_decided ON tasks (decided_by, document) WHERE decided_by <> '';
CREATE INDEX tasks_assignee ON tasks (assignee, document);

CREATE TABLE inbox (
    id            text PRIMARY KEY,
    document      text        NOT NULL REFERENCES documents (id),
    name          text        NOT NULL,
    task          text        NOT NULL,
    actor         text        NOT NULL,
    canonical     text        NOT NULL, -- these bytes were signed
    key_id        text        NOT NULL,
    signature     text        NOT NULL,
    received_at   timestamptz NOT NULL,
    idem_actor    text,
    idem_route    text,
    idem_key      text,
    fingerprint   text        NOT NULL,
    outcome       text,                 -- JSON; none while nobody judged it
    outcome_at    timestamptz,
    next_delivery timestamptz NOT NULL,
    deliveries    int         NOT NULL DEFAULT 0,
    UNIQUE (idem_actor, idem_route, idem_key)
);
CREATE INDEX inbox_document ON inbox (document, received_at);
CREATE INDEX inbox_waiting ON inbox (next_delivery) WHERE outcome IS NULL;

CREATE TABLE verify_keys ( -- never changed, never deleted: old signatures hold for ever
    id       text PRIMARY KEY,
    public   text        NOT NULL, -- base64
    added_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- +goose StatementBegin
CREATE FUNCTION guard_inbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.document, NEW.name, NEW.task, NEW.actor, NEW.canonical, NEW.key_id, NEW.signature,
        NEW.received_at, NEW.idem_actor, NEW.idem_route, NEW.idem_key, NEW.fingerprint)
       IS DISTINCT FROM
       (OLD.id, OLD.document, OLD.name, OLD.task, OLD.actor, OLD.canonical, OLD.key_id, OLD.signature,
        OLD.received_at, OLD.idem_actor, OLD.idem_route, OLD.idem_key, OLD.fingerprint)
       OR OLD.outcome IS NOT NULL AND
          (NEW.outcome, NEW.outcome_at) IS DISTINCT FROM (OLD.outcome, OLD.outcome_at) THEN
        RAISE EXCEPTION 'countersign: an act stays as it was received and answered'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF current_user = 'countersign_gateway' AND OLD.outcome IS NULL AND NEW.outcome::jsonb->>'code' = 'ok' THEN
        RAISE EXCEPTION 'countersign: the gateway stores refusals only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER guard_all BEFORE TRUNCATE ON tasks FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_delete BEFORE DELETE ON tasks FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard BEFORE UPDATE ON inbox FOR EACH ROW EXECUTE FUNCTION guard_inbox();
CREATE TRIGGER guard_delete BEFORE DELETE ON inbox FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON inbox FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON verify_keys FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON verify_keys FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE tasks ENABLE ALWAYS TRIGGER guard_all;
ALTER TABLE tasks ENABLE ALWAYS TRIGGER guard_delete;
ALTER TABLE inbox ENABLE ALWAYS TRIGGER guard;
ALTER TABLE inbox ENABLE ALWAYS TRIGGER guard_delete;
ALTER TABLE inbox ENABLE ALWAYS TRIGGER guard_all;
ALTER TABLE verify_keys ENABLE ALWAYS TRIGGER guard;
ALTER TABLE verify_keys ENABLE ALWAYS TRIGGER guard_all;
