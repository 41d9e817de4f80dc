-- +goose Up

-- What a sign-in's claims give is a right like those made in the house: with its id, dated, in the chain. It is given and ended
-- by the directory's role alone, for at most 90 days, and never one of power; an administrator can take it away for good.
ALTER TABLE role_grants DROP CONSTRAINT role_grants_source_check;
ALTER TABLE role_grants ADD CONSTRAINT role_grants_source_check CHECK (source IN ('house', 'file', 'directory', 'claim'));
ALTER TABLE role_grants DROP CONSTRAINT role_grants_check2;
ALTER TABLE role_grants ADD CONSTRAINT role_grants_standing CHECK (source IN ('house', 'claim') OR ended_at IS NOT NULL);
ALTER TABLE role_grants ADD CONSTRAINT role_grants_claimed CHECK (source <> 'claim' OR until_at IS NOT NULL);
DROP INDEX role_grants_barred;
CREATE UNIQUE INDEX role_grants_barred ON role_grants (person, role, entity) WHERE source IN ('file', 'directory');
CREATE UNIQUE INDEX role_grants_claimed_once ON role_grants (person, maker, role, entity, department, until_at)
    WHERE source = 'claim' AND ended_at IS NULL;

-- may_claim says whether a sign-in may give a right: none of power, not for long, and none that somebody took away here.
-- +goose StatementBegin
CREATE FUNCTION may_claim(g role_grants) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT current_user <> 'countersign_gateway' AND g.maker LIKE 'claims:%' AND g.checker = '' AND g.end_proposal = ''
        AND g.role NOT IN ('admin', 'operator', 'cashier', 'employee')
        AND g.until_at <= g.granted_at + interval '91 days' AND g.from_at <= g.granted_at
        AND g.granted_at <= clock_timestamp() + interval '1 minute'
        AND (g.ended_at IS NOT NULL OR NOT EXISTS (SELECT 1 FROM role_grants b
            WHERE b.person = g.person AND b.role = g.role AND b.entity = g.entity AND b.department = g.department
              AND b.source <> 'house' AND b.ended_at IS NOT NULL AND b.ended_by NOT LIKE 'claims:%'))
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION guard_role_grants() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    granted boolean := true;
    ended   boolean := true;
BEGIN
    IF NEW.source = 'claim' AND (TG_OP = 'INSERT' OR NEW.ended_by = OLD.maker) THEN
        IF NOT may_claim(NEW) OR TG_OP = 'INSERT' AND NEW.ended_at IS NOT NULL OR TG_OP = 'UPDATE' AND (OLD.ended_at IS NOT NULL
           OR (NEW.id, NEW.source, NEW.person, NEW.role, NEW.entity, NEW.department, NEW.from_at, NEW.until_at, NEW.reason,
               NEW.maker, NEW.checker, NEW.granted_at) IS DISTINCT FROM
              (OLD.id, OLD.source, OLD.person, OLD.role, OLD.entity, OLD.department, OLD.from_at, OLD.until_at, OLD.reason,
               OLD.maker, OLD.checker, OLD.granted_at)) THEN
            RAISE EXCEPTION 'countersign: a sign-in gives and ends its own rights, for a time, and none of power'
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END IF;
    IF current_user = 'countersign_directory' THEN
        RAISE EXCEPTION 'countersign: a directory grants nothing in the house' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'INSERT' AND NEW.source = 'house' THEN
        granted := NEW.ended_at IS NULL AND EXISTS (SELECT 1 FROM proposals p WHERE p.id = NEW.id AND p.kind = 'grant'
            AND p.state = 'approved' AND p.maker = NEW.maker AND p.checker = NEW.checker
            AND (p.payload::jsonb ->> 'person', p.payload::jsonb ->> 'role', p.payload::jsonb ->> 'entity',
                 p.payload::jsonb ->> 'department') = (NEW.person, NEW.role, NEW.entity, NEW.department)
            AND NEW.from_at >= (p.payload::jsonb ->> 'from')::timestamptz
            AND coalesce(NEW.until_at, '0001-01-01Z') = (p.payload::jsonb ->> 'until')::timestamptz);
    END IF;
    IF TG_OP = 'UPDATE' THEN
        granted := OLD.ended_at IS NULL AND
            (NEW.id, NEW.source, NEW.person, NEW.role, NEW.entity, NEW.department, NEW.from_at, NEW.until_at, NEW.reason,
             NEW.maker, NEW.checker, NEW.granted_at) IS NOT DISTINCT FROM
            (OLD.id, OLD.source, OLD.person, OLD.role, OLD.entity, OLD.department, OLD.from_at, OLD.until_at, OLD.reason,
             OLD.maker, OLD.checker, OLD.granted_at);
    END IF;
    IF NEW.ended_at IS NOT NULL AND NEW.end_proposal = '' THEN
        ended := administers(NEW.ended_by, NEW.entity);
    ELSIF NEW.ended_at IS NOT NULL THEN
        ended := EXISTS (SELECT 1 FROM proposals p WHERE p.id = NEW.end_proposal AND p.kind = 'revocation'
            AND p.state = 'approved' AND p.maker = NEW.end_maker AND p.checker = NEW.ended_by
            AND (p.payload::jsonb ->> 'person', p.payload::jsonb ->> 'role', p.payload::jsonb ->> 'entity',
                 p.payload::jsonb ->> 'department', p.payload::jsonb ->> 'grant') =
                (NEW.person, NEW.role, NEW.entity, NEW.department, CASE WHEN NEW.source IN ('house', 'claim') THEN NEW.id ELSE '' END));
    ELSIF TG_OP = 'UPDATE' THEN
        ended := false;
    END IF;
    IF NOT granted OR NOT ended THEN
        RAISE EXCEPTION 'countersign: a right is granted and taken away by whom it needs, once'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION guard_regranting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NOT EXISTS (SELECT 1 FROM role_grants g WHERE g.source = 'house' AND g.ended_at IS NULL
           AND NEW.kind = 'grant' AND NEW.id = g.person || '|' || g.role || '|' || g.entity || '|' || g.id
           AND NEW.body::jsonb = jsonb_strip_nulls(jsonb_build_object('person', g.person, 'role', g.role, 'entity', g.entity,
               'id', g.id, 'department', nullif(g.department, ''), 'from', NEW.body::jsonb -> 'from',
               'until', NEW.body::jsonb -> 'until'))
           AND (NEW.body::jsonb ->> 'from')::timestamptz = g.from_at
           AND (NEW.body::jsonb ->> 'until')::timestamptz IS NOT DISTINCT FROM g.until_at)
       OR TG_OP = 'UPDATE' AND NOT EXISTS (SELECT 1 FROM role_grants g WHERE g.ended_at IS NOT NULL AND OLD.kind = 'grant'
           AND OLD.id = g.person || '|' || g.role || '|' || g.entity || CASE WHEN g.source IN ('house', 'claim') THEN '|' || g.id ELSE '' END)
    THEN
        RAISE EXCEPTION 'countersign: the gateway changes rights as two people decided' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- The directory's role makes the organisation follow what a sign-in gave or ended, and records it as it was.
-- +goose StatementBegin
CREATE FUNCTION guard_claimed_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NOT EXISTS (SELECT 1 FROM role_grants g WHERE g.source = 'claim' AND g.ended_at IS NULL
           AND NEW.id = g.person || '|' || g.role || '|' || g.entity || '|' || g.id
           AND NEW.body::jsonb = jsonb_strip_nulls(jsonb_build_object('person', g.person, 'role', g.role, 'entity', g.entity,
               'id', g.id, 'department', nullif(g.department, ''), 'from', NEW.body::jsonb -> 'from',
               'until', NEW.body::jsonb -> 'until'))
           AND (NEW.body::jsonb ->> 'from')::timestamptz = g.from_at
           AND (NEW.body::jsonb ->> 'until')::timestamptz = g.until_at)
       OR TG_OP = 'UPDATE' AND NOT EXISTS (SELECT 1 FROM role_grants g WHERE g.source = 'claim' AND g.ended_at IS NOT NULL
           AND OLD.id = g.person || '|' || g.role || '|' || g.entity || '|' || g.id) THEN
        RAISE EXCEPTION 'countersign: a sign-in gives and ends its own rights' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard_claimed BEFORE INSERT ON org_rows FOR EACH ROW
    WHEN (current_user = 'countersign_directory' AND NEW.kind = 'grant' AND NEW.body::jsonb ? 'id')
    EXECUTE FUNCTION guard_claimed_row();
CREATE TRIGGER guard_claimed_end BEFORE UPDATE ON org_rows FOR EACH ROW
    WHEN (current_user = 'countersign_directory' AND OLD.kind = 'grant' AND OLD.body::jsonb ? 'id')
    EXECUTE FUNCTION guard_claimed_row();
ALTER TABLE org_rows ENABLE ALWAYS TRIGGER guard_claimed;
ALTER TABLE org_rows ENABLE ALWAYS TRIGGER guard_claimed_end;

-- +goose StatementBegin
CREATE FUNCTION guard_claim_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    done boolean;
BEGIN
    done := CASE
        WHEN NEW.stream = 'org' THEN EXISTS (SELECT 1 FROM org_versions v
            WHERE NEW.cause = 'org:' || v.version AND v.hash = NEW.data::jsonb ->> 'hash' AND v.cause = NEW.actor)
        WHEN NEW.kind = 'grant.claimed' THEN EXISTS (SELECT 1 FROM role_grants g WHERE NEW.cause = 'approve:' || g.id
            AND NEW.stream = 'grant:' || g.person AND NEW.actor = g.maker AND g.source = 'claim' AND g.ended_at IS NULL)
        WHEN NEW.kind = 'grant.unclaimed' THEN EXISTS (SELECT 1 FROM role_grants g WHERE NEW.cause = 'revoke:' || g.id
            AND NEW.stream = 'grant:' || g.person AND NEW.actor = g.ended_by AND g.source = 'claim')
        ELSE false END;
    IF NOT done THEN
        RAISE EXCEPTION 'countersign: what a sign-in changed is recorded as it was' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard_claims BEFORE INSERT ON events FOR EACH ROW
    WHEN (current_user = 'countersign_directory' AND (NEW.stream LIKE 'grant:%' OR NEW.kind = 'organisation.regranted'))
    EXECUTE FUNCTION guard_claim_event();
DROP TRIGGER guard_directory ON events;
CREATE TRIGGER guard_directory BEFORE INSERT ON events FOR EACH ROW
    WHEN (current_user = 'countersign_directory' AND NOT (NEW.stream = 'org' AND NEW.kind IN ('organisation.changed',
          'organisation.regranted', 'directory.stopped') OR NEW.stream LIKE 'delegation:%' AND NEW.kind = 'delegation.revoked'
          OR NEW.stream LIKE 'grant:%' AND NEW.kind IN ('grant.claimed', 'grant.unclaimed')))
    EXECUTE FUNCTION refuse_change();
DROP TRIGGER guard_directory ON causes;
CREATE TRIGGER guard_directory BEFORE INSERT ON causes FOR EACH ROW
    WHEN (current_user = 'countersign_directory' AND NEW.stream <> 'org' AND NEW.stream NOT LIKE 'delegation:%'
          AND NEW.stream NOT LIKE 'grant:%')
    EXECUTE FUNCTION refuse_change();
DROP TRIGGER guard_directory ON streams;
CREATE TRIGGER guard_directory BEFORE INSERT OR UPDATE ON streams FOR EACH ROW
    WHEN (current_user = 'countersign_directory' AND NEW.stream <> 'org' AND NEW.stream NOT LIKE 'delegation:%'
          AND NEW.stream NOT LIKE 'grant:%')
    EXECUTE FUNCTION refuse_change();
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_claims;
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_directory;
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard_directory;
ALTER TABLE streams ENABLE ALWAYS TRIGGER guard_directory;
