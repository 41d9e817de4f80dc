-- +goose Up
CREATE TABLE reconciliations ( -- one comparison of our vouchers with those of a connection 对账
    id          text        PRIMARY KEY,
    connection  text        NOT NULL,
    entities    text[]      NOT NULL,
    from_day    text        NOT NULL, -- YYYY-MM-DD, both included
    until_day   text        NOT NULL,
    asked_by    text        NOT NULL, -- '' for the schedule
    state       text        NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    code        text        NOT NULL DEFAULT '', -- why it failed
    detail      text        NOT NULL DEFAULT '',
    ours        bigint      NOT NULL DEFAULT 0,  -- vouchers compared
    theirs      bigint      NOT NULL DEFAULT 0,
    differences bigint      NOT NULL DEFAULT 0,
    started_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz
);
CREATE INDEX reconciliations_order ON reconciliations (started_at DESC, id DESC);
CREATE INDEX reconciliations_connection ON reconciliations (connection, started_at DESC);

CREATE TABLE reconciliation_differences (
    run         text NOT NULL REFERENCES reconciliations (id),
    n           bigint GENERATED ALWAYS AS IDENTITY,
    connection  text NOT NULL,
    kind        text NOT NULL,
    reference   text NOT NULL,
    document    text NOT NULL, -- '' where nobody knows the reference
    entity      text NOT NULL,
    erp_id      text NOT NULL,
    erp_number  text NOT NULL,
    ours        text NOT NULL,
    theirs      text NOT NULL,
    fingerprint text NOT NULL, -- the same difference has the same one in every run
    PRIMARY KEY (run, reference, kind),
    UNIQUE (run, n)
);

CREATE TABLE reconciliation_rulings ( -- what a person said of a difference, for every run that finds it
    id          text        PRIMARY KEY,
    connection  text        NOT NULL,
    fingerprint text        NOT NULL,
    reference   text        NOT NULL,
    ruling      text        NOT NULL CHECK (ruling IN ('explained', 'post')),
    person      text        NOT NULL,
    reason      text        NOT NULL,
    ruled_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    outcome     text CHECK (outcome IN ('posted', 'refused')), -- of post; none while it is under way
    code        text        NOT NULL DEFAULT '',
    detail      text        NOT NULL DEFAULT '',
    erp_number  text        NOT NULL DEFAULT '',
    outcome_at  timestamptz
);
CREATE INDEX reconciliation_rulings_of ON reconciliation_rulings (connection, fingerprint, ruled_at DESC);

-- Our side of a range of days.
CREATE INDEX vouchers_dated ON vouchers (date, reference);

CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON reconciliation_differences FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON reconciliation_differences FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_delete BEFORE DELETE ON reconciliations FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON reconciliations FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_delete BEFORE DELETE ON reconciliation_rulings FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON reconciliation_rulings FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- +goose StatementBegin
CREATE FUNCTION guard_reconciliation_rulings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.outcome IS NOT NULL OR NEW.outcome IS NULL OR
       (NEW.id, NEW.connection, NEW.fingerprint, NEW.reference, NEW.ruling, NEW.person, NEW.reason, NEW.ruled_at) IS DISTINCT FROM
       (OLD.id, OLD.connection, OLD.fingerprint, OLD.reference, OLD.ruling, OLD.person, OLD.reason, OLD.ruled_at) THEN
        RAISE EXCEPTION 'countersign: a ruling is carried out once' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard BEFORE UPDATE ON reconciliation_rulings FOR EACH ROW EXECUTE FUNCTION guard_reconciliation_rulings();
ALTER TABLE reconciliation_differences ENABLE ALWAYS TRIGGER guard;
ALTER TABLE reconciliation_differences ENABLE ALWAYS TRIGGER guard_all;
ALTER TABLE reconciliations ENABLE ALWAYS TRIGGER guard_delete;
ALTER TABLE reconciliations ENABLE ALWAYS TRIGGER guard_all;
ALTER TABLE reconciliation_rulings ENABLE ALWAYS TRIGGER guard;
ALTER TABLE reconciliation_rulings ENABLE ALWAYS TRIGGER guard_delete;
ALTER TABLE reconciliation_rulings ENABLE ALWAYS TRIGGER guard_all;
