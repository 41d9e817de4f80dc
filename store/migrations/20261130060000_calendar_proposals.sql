-- +goose Up

-- A calendar moves everybody's deadlines, so on the pages two people change one: what one proposed, another publishes, as with
-- policies. Who migrates imports calendars and ships them, as before.
ALTER TABLE proposals DROP CONSTRAINT proposals_kind_check;
ALTER TABLE proposals ADD CONSTRAINT proposals_kind_check
    CHECK (kind IN ('policy', 'type', 'mapping', 'intervention', 'grant', 'revocation', 'reversal', 'calendar'));

-- +goose StatementBegin
CREATE FUNCTION guard_calendars() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM proposals p WHERE p.kind = 'calendar' AND p.subject = NEW.id AND p.state = 'approved'
        AND p.version = NEW.version AND p.payload = NEW.body AND NEW.cause = 'proposal:' || p.id) THEN
        RAISE EXCEPTION 'countersign: no calendar changes without a second person' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard_gateway BEFORE INSERT ON calendars FOR EACH ROW
    WHEN (current_user = 'countersign_gateway') EXECUTE FUNCTION guard_calendars();
ALTER TABLE calendars ENABLE ALWAYS TRIGGER guard_gateway;

-- That a calendar changed the gateway keeps with the version that it is about, and nothing else.
-- +goose StatementBegin
CREATE FUNCTION guard_calendar_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind <> 'calendar' OR NEW.spread_at IS NOT NULL OR NOT EXISTS (SELECT 1 FROM calendars c
        WHERE c.id = NEW.name AND c.version = NEW.version AND c.cause LIKE 'proposal:%') THEN
        RAISE EXCEPTION 'countersign: a change has happened' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard_gateway BEFORE INSERT ON changes FOR EACH ROW
    WHEN (current_user = 'countersign_gateway') EXECUTE FUNCTION guard_calendar_change();
ALTER TABLE changes ENABLE ALWAYS TRIGGER guard_gateway;

-- What the gateway records of calendars must have happened, and goes at the end of its stream.
-- +goose StatementBegin
CREATE FUNCTION guard_calendar_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    done boolean;
BEGIN
    done := CASE NEW.kind
        WHEN 'calendar.proposed' THEN EXISTS (SELECT 1 FROM proposals p WHERE NEW.cause = 'propose:' || p.id
            AND p.kind = 'calendar' AND NEW.stream = 'calendar:' || p.subject AND NEW.actor = p.maker AND p.state = 'open')
        WHEN 'calendar.refused' THEN EXISTS (SELECT 1 FROM proposals p WHERE NEW.cause = 'refuse:' || p.id
            AND p.kind = 'calendar' AND NEW.stream = 'calendar:' || p.subject AND NEW.actor = p.checker AND p.state = 'refused')
        WHEN 'calendar.published' THEN EXISTS (SELECT 1 FROM calendars c JOIN proposals p ON c.cause = 'proposal:' || p.id
            WHERE NEW.cause = 'publish:' || c.version AND NEW.stream = 'calendar:' || c.id AND NEW.actor = p.checker
            AND p.hash = NEW.data::jsonb ->> 'hash')
        ELSE false END;
    IF NOT done OR NOT EXISTS (SELECT 1 FROM streams s WHERE s.stream = NEW.stream AND s.seq + 1 = NEW.seq
        AND s.head_hash = NEW.prev) THEN
        RAISE EXCEPTION 'countersign: the gateway records calendars as they were decided' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard_calendars BEFORE INSERT ON events FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream LIKE 'calendar:%') EXECUTE FUNCTION guard_calendar_event();
CREATE TRIGGER guard_calendars BEFORE INSERT ON causes FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream LIKE 'calendar:%') EXECUTE FUNCTION guard_policy_cause();
CREATE TRIGGER guard_calendars BEFORE INSERT OR UPDATE ON streams FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream LIKE 'calendar:%') EXECUTE FUNCTION guard_policy_stream();
DROP TRIGGER guard_insert ON events;
CREATE TRIGGER guard_insert BEFORE INSERT ON events FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream NOT LIKE 'policy:%' AND NEW.stream NOT LIKE 'copies:%'
          AND NEW.stream NOT LIKE 'identity:%' AND NEW.stream NOT LIKE 'grant:%' AND NEW.stream <> 'org'
          AND NEW.stream NOT LIKE 'reversal:%' AND NEW.stream NOT LIKE 'calendar:%')
    EXECUTE FUNCTION guard_events();
DROP TRIGGER guard_insert ON causes;
CREATE TRIGGER guard_insert BEFORE INSERT ON causes FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.cause <> 'submit:1' AND NEW.stream NOT LIKE 'policy:%'
          AND NEW.stream NOT LIKE 'delegation:%' AND NEW.stream NOT LIKE 'copies:%' AND NEW.stream NOT LIKE 'identity:%'
          AND NEW.stream NOT LIKE 'grant:%' AND NEW.stream <> 'org' AND NEW.stream NOT LIKE 'reversal:%'
          AND NEW.stream NOT LIKE 'calendar:%')
    EXECUTE FUNCTION refuse_change();
DROP TRIGGER guard_gateway ON streams;
CREATE TRIGGER guard_gateway BEFORE INSERT OR UPDATE ON streams FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream NOT LIKE 'policy:%' AND NEW.stream NOT LIKE 'delegation:%'
          AND NEW.stream NOT LIKE 'copies:%' AND NEW.stream NOT LIKE 'identity:%' AND NEW.stream NOT LIKE 'grant:%'
          AND NEW.stream <> 'org' AND NEW.stream NOT LIKE 'reversal:%' AND NEW.stream NOT LIKE 'calendar:%')
    EXECUTE FUNCTION refuse_change();
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_insert;
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_calendars;
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard_insert;
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard_calendars;
ALTER TABLE streams ENABLE ALWAYS TRIGGER guard_gateway;
ALTER TABLE streams ENABLE ALWAYS TRIGGER guard_calendars;
