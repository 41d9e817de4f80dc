-- +goose Up
CREATE TABLE delegations ( -- [from_at, until_at); only taking one back changes it, once
    id            text PRIMARY KEY,
    person        text        NOT NULL,
    delegate      text        NOT NULL CHECK (delegate <> person),
    from_at       timestamptz NOT NULL,
    until_at      timestamptz NOT NULL CHECK (until_at > from_at),
    types         text[]      NOT NULL, -- document types; none means every type
    cap_minor     bigint      NOT NULL,
    cap_currency  text        NOT NULL, -- '' for no cap
    reason        text        NOT NULL,
    made_by       text        NOT NULL,
    made_at       timestamptz NOT NULL,
    revoked_by    text        NOT NULL DEFAULT '',
    revoked_at    timestamptz,
    revoke_reason text        NOT NULL DEFAULT ''
);
CREATE INDEX delegations_person ON delegations (person, until_at);
CREATE INDEX delegations_delegate ON delegations (delegate, until_at);
CREATE INDEX delegations_until ON delegations (until_at) WHERE revoked_at IS NULL;

-- +goose StatementBegin
CREATE FUNCTION guard_delegations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.revoked_at IS NOT NULL OR NEW.revoked_at IS NULL OR NEW.revoked_by = '' OR
       (NEW.id, NEW.person, NEW.delegate, NEW.from_at, NEW.until_at, NEW.types, NEW.cap_minor, NEW.cap_currency,
        NEW.reason, NEW.made_by, NEW.made_at)
       IS DISTINCT FROM
       (OLD.id, OLD.person, OLD.delegate, OLD.from_at, OLD.until_at, OLD.types, OLD.cap_minor, OLD.cap_currency,
        OLD.reason, OLD.made_by, OLD.made_at) THEN
        RAISE EXCEPTION 'countersign: a delegation is taken back once, and nothing else of it changes'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard BEFORE UPDATE ON delegations FOR EACH ROW EXECUTE FUNCTION guard_delegations();
CREATE TRIGGER guard_delete BEFORE DELETE ON delegations FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON delegations FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE delegations ENABLE ALWAYS TRIGGER guard;
ALTER TABLE delegations ENABLE ALWAYS TRIGGER guard_delete;
ALTER TABLE delegations ENABLE ALWAYS TRIGGER guard_all;

-- People make delegations through the gateway: it records those beside submissions, in streams of their own, and
-- nothing else.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION guard_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.stream LIKE 'delegation:%' AND NEW.kind IN ('delegation.made', 'delegation.revoked') THEN
        RETURN NEW;
    END IF;
    IF NEW.kind <> 'document.submitted' OR NEW.seq <> 1 THEN
        RAISE EXCEPTION 'countersign: the gateway records submissions and delegations only'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
DROP TRIGGER guard_insert ON causes;
CREATE TRIGGER guard_insert BEFORE INSERT ON causes FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.cause <> 'submit:1' AND NEW.stream NOT LIKE 'delegation:%')
    EXECUTE FUNCTION refuse_change();
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard_insert;
CREATE TRIGGER guard_gateway BEFORE INSERT OR UPDATE ON streams FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream NOT LIKE 'delegation:%')
    EXECUTE FUNCTION refuse_change();
ALTER TABLE streams ENABLE ALWAYS TRIGGER guard_gateway;
