-- +goose Up

-- What a person said of a difference of master data that waits: it holds while the ERP says the same. 主数据差异处理
CREATE TABLE master_rulings (
    id          uuid PRIMARY KEY,
    connection  text        NOT NULL,
    fingerprint text        NOT NULL, -- of the difference: what happened, and what the ERP says
    ruling      text        NOT NULL CHECK (ruling IN ('apply', 'refuse')),
    change      text        NOT NULL, -- JSON, as it was shown
    person      text        NOT NULL,
    reason      text        NOT NULL DEFAULT '',
    ruled_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    outcome     text        CHECK (outcome IN ('applied', 'over')), -- over = the ERP says so no more; NULL = it holds
    ended_at    timestamptz
);
CREATE UNIQUE INDEX master_rulings_holding ON master_rulings (connection, fingerprint) WHERE outcome IS NULL;
CREATE INDEX master_rulings_newest ON master_rulings (connection, ruled_at DESC);

-- Whether every difference of that reading waits, not only what would break something in use.
ALTER TABLE master_runs ADD COLUMN review boolean NOT NULL DEFAULT false;

-- +goose StatementBegin
CREATE FUNCTION guard_master_rulings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.outcome IS NOT NULL OR (NEW.id, NEW.connection, NEW.fingerprint, NEW.ruling, NEW.change, NEW.person,
       NEW.reason, NEW.ruled_at) IS DISTINCT FROM (OLD.id, OLD.connection, OLD.fingerprint, OLD.ruling, OLD.change,
       OLD.person, OLD.reason, OLD.ruled_at) THEN
        RAISE EXCEPTION 'countersign: a ruling on master data ends, and is not changed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

-- The worker keeps the rates that ERPs tell, and changes no other.
CREATE FUNCTION guard_worker_rates() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'countersign_worker' AND (NEW.source NOT LIKE 'erp:%'
       OR TG_OP = 'UPDATE' AND OLD.source NOT LIKE 'erp:%') THEN
        RAISE EXCEPTION 'countersign: the worker keeps rates of ERPs only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard BEFORE UPDATE ON master_rulings FOR EACH ROW EXECUTE FUNCTION guard_master_rulings();
CREATE TRIGGER guard_delete BEFORE DELETE ON master_rulings FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON master_rulings FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE master_rulings ENABLE ALWAYS TRIGGER guard;
ALTER TABLE master_rulings ENABLE ALWAYS TRIGGER guard_delete;
ALTER TABLE master_rulings ENABLE ALWAYS TRIGGER guard_all;
CREATE TRIGGER guard_worker BEFORE INSERT OR UPDATE ON rates FOR EACH ROW EXECUTE FUNCTION guard_worker_rates();
ALTER TABLE rates ENABLE ALWAYS TRIGGER guard_worker;
