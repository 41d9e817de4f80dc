-- +goose Up

-- A policy copies people in by itself: in the transaction of the event that made it due, by system:policy, and only
-- those whom the plan names at that event.
ALTER TABLE copies DROP CONSTRAINT copies_how_check;
ALTER TABLE copies ADD CONSTRAINT copies_how_check CHECK (how IN ('cc', 'passed_on', 'mention', 'policy'));
ALTER TABLE copies ADD CONSTRAINT copies_by_policy CHECK ((how = 'policy') = (made_by = 'system:policy'));

-- Whom the plan in force at an event of a document copies in because of it.
-- +goose StatementBegin
CREATE FUNCTION copies_due(of_document text, at_seq bigint) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT p ->> 'person'
    FROM events e
    CROSS JOIN LATERAL (
        SELECT m.data::jsonb -> 'plan' AS plan FROM events m
        WHERE m.stream = e.stream AND m.kind = 'plan.made' AND m.seq <= e.seq ORDER BY m.seq DESC LIMIT 1) AS made
    CROSS JOIN LATERAL (
        SELECT CASE WHEN e.kind IN ('step.opened', 'step.passed')
            THEN (SELECT s -> 'cc' FROM jsonb_array_elements(made.plan -> 'steps') AS s
                  WHERE s ->> 'id' = e.data::jsonb ->> 'step')
            ELSE made.plan -> 'cc' END AS cc) AS named
    CROSS JOIN LATERAL jsonb_array_elements(named.cc -> 'people') AS p
    WHERE e.stream = of_document AND e.seq = at_seq AND named.cc ->> 'on' = CASE
        WHEN e.kind IN ('plan.made', 'step.opened') THEN 'opened'
        WHEN e.kind IN ('step.passed', 'document.approved') THEN 'passed'
        WHEN e.kind IN ('document.rejected', 'document.closed') THEN 'closed' END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION guard_policy_copy() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    event bigint := substring(NEW.batch FROM ':([0-9]{1,18})$')::bigint;
BEGIN
    IF current_user = 'countersign_gateway' OR NEW.how <> 'policy' OR NEW.remark <> '' OR NEW.read_at IS NOT NULL
       OR NEW.removed_at IS NOT NULL OR event IS NULL OR NEW.batch <> NEW.document || ':' || event
       OR NOT NEW.person IN (SELECT copies_due(NEW.document, event)) THEN
        RAISE EXCEPTION 'countersign: a policy copies in whom the plan names, when it says so'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard_policy BEFORE INSERT ON copies FOR EACH ROW
    WHEN (NEW.how = 'policy' OR current_user = 'countersign_worker') EXECUTE FUNCTION guard_policy_copy();
ALTER TABLE copies ENABLE ALWAYS TRIGGER guard_policy;

-- The worker records those copies as the gateway records people's, and nothing else in streams of their own.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION guard_copy_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    done boolean;
BEGIN
    done := CASE NEW.kind
        WHEN 'copy.made' THEN EXISTS (SELECT 1 FROM copies c WHERE NEW.cause = 'copy:' || c.batch
            AND NEW.stream = 'copies:' || c.document AND NEW.actor = c.made_by)
            AND (NEW.actor = 'system:policy') = (current_user = 'countersign_worker')
        WHEN 'copy.removed' THEN EXISTS (SELECT 1 FROM copies c WHERE NEW.cause = 'remove:' || c.batch || ':' || c.person
            AND NEW.stream = 'copies:' || c.document AND NEW.actor = c.removed_by) AND current_user <> 'countersign_worker'
        ELSE false END;
    IF NOT done OR NOT EXISTS (SELECT 1 FROM streams s WHERE s.stream = NEW.stream AND s.seq + 1 = NEW.seq
        AND s.head_hash = NEW.prev) THEN
        RAISE EXCEPTION 'countersign: copies are recorded as they were made' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
DROP TRIGGER guard_copies ON events;
CREATE TRIGGER guard_copies BEFORE INSERT ON events FOR EACH ROW
    WHEN (NEW.stream LIKE 'copies:%' AND current_user IN ('countersign_gateway', 'countersign_worker'))
    EXECUTE FUNCTION guard_copy_event();
DROP TRIGGER guard_copies ON causes;
CREATE TRIGGER guard_copies BEFORE INSERT ON causes FOR EACH ROW
    WHEN (NEW.stream LIKE 'copies:%' AND current_user IN ('countersign_gateway', 'countersign_worker'))
    EXECUTE FUNCTION guard_policy_cause();
DROP TRIGGER guard_copies ON streams;
CREATE TRIGGER guard_copies BEFORE INSERT OR UPDATE ON streams FOR EACH ROW
    WHEN (NEW.stream LIKE 'copies:%' AND current_user IN ('countersign_gateway', 'countersign_worker'))
    EXECUTE FUNCTION guard_policy_stream();
CREATE TRIGGER guard_worker BEFORE INSERT OR UPDATE ON streams FOR EACH ROW
    WHEN (current_user = 'countersign_worker' AND NEW.stream NOT LIKE 'copies:%') EXECUTE FUNCTION refuse_change();
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_copies;
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard_copies;
ALTER TABLE streams ENABLE ALWAYS TRIGGER guard_copies;
ALTER TABLE streams ENABLE ALWAYS TRIGGER guard_worker;
