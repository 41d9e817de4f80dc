-- +goose Up
CREATE TABLE effects ( -- what was meant to be sent: one content for each ruling, immutable
    reference  text        NOT NULL,
    attempt    int         NOT NULL, -- rulings so far
    document   text        NOT NULL REFERENCES documents (id),
    kind       text        NOT NULL,
    entity     text        NOT NULL,
    voucher    text        NOT NULL, -- canonical JSON: these bytes were hashed
    hash       text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (reference, attempt)
);

CREATE TABLE effect_attempts ( -- one row a call, written before the socket
    reference    text        NOT NULL,
    n            int         NOT NULL CHECK (n > 0),
    op           text        NOT NULL,
    request_hash text        NOT NULL,
    started_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    class        text CHECK (class IN ('ok', 'refused', 'unknown', 'busy')), -- none: nobody knows yet
    detail       text,
    finished_at  timestamptz,
    PRIMARY KEY (reference, n)
);
CREATE INDEX effect_attempts_unknown ON effect_attempts (started_at) WHERE class IS NULL OR class = 'unknown';

CREATE TABLE vouchers ( -- what the books answered
    reference  text PRIMARY KEY,
    document   text        NOT NULL REFERENCES documents (id),
    kind       text        NOT NULL,
    entity     text        NOT NULL,
    state      text        NOT NULL,
    erp_id     text        NOT NULL,
    erp_number text        NOT NULL,
    date       text        NOT NULL,
    hash       text        NOT NULL,
    voucher    text        NOT NULL,
    code       text        NOT NULL,
    detail     text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    posted_at  timestamptz
);
CREATE INDEX vouchers_order ON vouchers (created_at DESC, reference DESC);
CREATE INDEX vouchers_document ON vouchers (document);

-- +goose StatementBegin
CREATE FUNCTION guard_attempts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.class IS NOT NULL OR NEW.class IS NULL OR
       (NEW.reference, NEW.n, NEW.op, NEW.request_hash, NEW.started_at) IS DISTINCT FROM
       (OLD.reference, OLD.n, OLD.op, OLD.request_hash, OLD.started_at) THEN
        RAISE EXCEPTION 'countersign: an attempt is answered once' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION guard_vouchers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state = 'posted' THEN
        RAISE EXCEPTION 'countersign: a posted voucher is reversed, never changed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON effects FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON effects FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard BEFORE UPDATE ON effect_attempts FOR EACH ROW EXECUTE FUNCTION guard_attempts();
CREATE TRIGGER guard_delete BEFORE DELETE ON effect_attempts FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON effect_attempts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON vouchers FOR EACH ROW EXECUTE FUNCTION guard_vouchers();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON vouchers FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE effects ENABLE ALWAYS TRIGGER guard;
ALTER TABLE effects ENABLE ALWAYS TRIGGER guard_all;
ALTER TABLE effect_attempts ENABLE ALWAYS TRIGGER guard;
ALTER TABLE effect_attempts ENABLE ALWAYS TRIGGER guard_delete;
ALTER TABLE effect_attempts ENABLE ALWAYS TRIGGER guard_all;
ALTER TABLE vouchers ENABLE ALWAYS TRIGGER guard;
ALTER TABLE vouchers ENABLE ALWAYS TRIGGER guard_all;
