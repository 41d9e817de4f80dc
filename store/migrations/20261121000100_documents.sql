-- +goose Up
CREATE TABLE documents (
    id             text PRIMARY KEY,
    number         text,                            -- none while a draft
    type           text        NOT NULL,
    title          text        NOT NULL,
    reason         text        NOT NULL,
    entity         text        NOT NULL,
    department     text        NOT NULL,
    submitter      text        NOT NULL,
    requester      text        NOT NULL,
    payee_kind     text        NOT NULL,
    payee_id       text        NOT NULL,
    payee_name     text        NOT NULL,
    payee_account  text        NOT NULL,
    urgency        text        NOT NULL,
    status         text        NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'submitted', 'pending', 'returned',
                                   'approved', 'parked', 'posted', 'closed', 'rejected', 'withdrawn')),
    round          int         NOT NULL DEFAULT 0,
    revision       int         NOT NULL DEFAULT 0,
    content_hash   text        NOT NULL DEFAULT '',
    seq            bigint      NOT NULL DEFAULT 0,  -- head of the stream
    head_hash      text        NOT NULL DEFAULT '',
    total_minor    bigint      NOT NULL,
    currency       text        NOT NULL,
    base_minor     bigint      NOT NULL,
    base_currency  text        NOT NULL,
    step           text        NOT NULL DEFAULT '',
    step_titles    text        NOT NULL DEFAULT '{}', -- of the plan in force, by step and locale
    deciders       text[]      NOT NULL DEFAULT '{}', -- the people who decided something
    parked_ref     text        NOT NULL DEFAULT '', -- the voucher, or plan:<round>, that waits for a ruling
    parked_attempt int         NOT NULL DEFAULT 0,
    parked_code    text        NOT NULL DEFAULT '',
    parked_detail  text        NOT NULL DEFAULT '',
    parked_at      timestamptz,
    voucher_ref    text        NOT NULL DEFAULT '',
    voucher_number text        NOT NULL DEFAULT '',
    draft          text,                            -- the content while a draft
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    sorted_at      timestamptz NOT NULL DEFAULT clock_timestamp(), -- creation, then submission: the order of lists
    submitted_at   timestamptz,
    updated_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    closed_at      timestamptz,
    CHECK ((status = 'draft') = (number IS NULL)),
    CHECK ((status = 'draft') = (seq = 0))
);
CREATE UNIQUE INDEX documents_number ON documents (entity, number);
CREATE INDEX documents_order ON documents (sorted_at DESC, id DESC);
CREATE INDEX documents_submitter ON documents (submitter, sorted_at DESC, id DESC);
CREATE INDEX documents_requester ON documents (requester, sorted_at DESC, id DESC);
CREATE INDEX documents_entity ON documents (entity, sorted_at DESC, id DESC) WHERE status <> 'draft';
CREATE INDEX documents_parked ON documents (parked_at) WHERE parked_code <> '';
CREATE INDEX documents_changed ON documents (updated_at) WHERE status <> 'draft';

CREATE TABLE revisions (
    document     text        NOT NULL REFERENCES documents (id),
    revision     int         NOT NULL CHECK (revision > 0),
    hash         text        NOT NULL,
    content      text        NOT NULL,  -- canonical JSON: these bytes were hashed
    actor        text        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    submitted_at timestamptz,           -- none while it waits for resubmit; immutable from then on
    PRIMARY KEY (document, revision)
);

CREATE TABLE counters (
    prefix text   NOT NULL,
    entity text   NOT NULL,
    year   int    NOT NULL,
    value  bigint NOT NULL,
    PRIMARY KEY (prefix, entity, year)
);

CREATE TABLE requests ( -- idempotent writes that are not acts; keys are never deleted
    actor       text        NOT NULL,
    route       text        NOT NULL,
    key         text        NOT NULL,
    fingerprint text        NOT NULL,
    subject     text        NOT NULL, -- id of what the first request made
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (actor, route, key)
);

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'countersign: % of % refused: what is recorded stays', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION guard_documents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'draft' THEN
            RAISE EXCEPTION 'countersign: only a draft is deleted' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.status <> 'draft' AND current_user = 'countersign_gateway' THEN
        RAISE EXCEPTION 'countersign: the gateway changes drafts only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.status IN ('closed', 'rejected', 'withdrawn') AND NEW.status <> OLD.status THEN
        RAISE EXCEPTION 'countersign: % is final', OLD.status USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.seq < OLD.seq OR NEW.number IS DISTINCT FROM OLD.number AND OLD.number IS NOT NULL OR NEW.id <> OLD.id THEN
        RAISE EXCEPTION 'countersign: a head never goes back' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION guard_revisions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.submitted_at IS NOT NULL OR TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'countersign: a submitted revision is immutable' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION guard_counters() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.value <= OLD.value THEN
        RAISE EXCEPTION 'countersign: a counter only grows' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON documents FOR EACH ROW EXECUTE FUNCTION guard_documents();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON documents FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON revisions FOR EACH ROW EXECUTE FUNCTION guard_revisions();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON revisions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON counters FOR EACH ROW EXECUTE FUNCTION guard_counters();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON counters FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON requests FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON requests FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE documents ENABLE ALWAYS TRIGGER guard;
ALTER TABLE documents ENABLE ALWAYS TRIGGER guard_all;
ALTER TABLE revisions ENABLE ALWAYS TRIGGER guard;
ALTER TABLE revisions ENABLE ALWAYS TRIGGER guard_all;
ALTER TABLE counters ENABLE ALWAYS TRIGGER guard;
ALTER TABLE counters ENABLE ALWAYS TRIGGER guard_all;
ALTER TABLE requests ENABLE ALWAYS TRIGGER guard;
ALTER TABLE requests ENABLE ALWAYS TRIGGER guard_all;
