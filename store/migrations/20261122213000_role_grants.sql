-- +goose Up

-- Rights are asked for, approved by a second person, dated and taken back. What was granted in the house stands here beside
-- the organisation, whose rows follow it in the same transaction; and so does what somebody took away that a file or a
-- directory gives: it stays away until two people grant it.
CREATE TABLE role_grants (
    id           text PRIMARY KEY, -- in the house: that of the proposal that granted it
    source       text        NOT NULL CHECK (source IN ('house', 'file', 'directory')),
    person       text        NOT NULL CHECK (person <> ''),
    role         text        NOT NULL CHECK (role <> ''),
    entity       text        NOT NULL, -- '' for every entity
    department   text        NOT NULL, -- '' for the whole entity
    from_at      timestamptz NOT NULL, -- [from_at, until_at); none: for good
    until_at     timestamptz CHECK (until_at > from_at),
    reason       text        NOT NULL,
    maker        text        NOT NULL,
    checker      text        NOT NULL,
    granted_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    ended_by     text        NOT NULL DEFAULT '', -- the second person, or who did it alone
    end_maker    text        NOT NULL DEFAULT '',
    end_reason   text        NOT NULL DEFAULT '',
    end_proposal text        NOT NULL DEFAULT '', -- '' where one person took it away at once
    CHECK ((ended_at IS NULL) = (ended_by = '')),
    CHECK (source = 'house' OR ended_at IS NOT NULL)
);
CREATE INDEX role_grants_person ON role_grants (person, granted_at);
CREATE INDEX role_grants_ends ON role_grants (until_at) WHERE ended_at IS NULL AND until_at IS NOT NULL;
CREATE UNIQUE INDEX role_grants_barred ON role_grants (person, role, entity) WHERE source <> 'house';

ALTER TABLE proposals DROP CONSTRAINT proposals_kind_check;
ALTER TABLE proposals ADD CONSTRAINT proposals_kind_check
    CHECK (kind IN ('policy', 'type', 'mapping', 'intervention', 'grant', 'revocation'));
ALTER TABLE proposals DROP CONSTRAINT proposals_version_check;
ALTER TABLE proposals ADD CONSTRAINT proposals_version_check CHECK (CASE
    WHEN kind IN ('intervention', 'grant', 'revocation') THEN version = 0
    ELSE (state = 'approved') = (version > 0) AND (version = 0 OR version = base + 1) END);
CREATE INDEX proposals_rights ON proposals (created_at DESC, id DESC) WHERE kind IN ('grant', 'revocation');

-- Who holds which role is dated too: a right ends by the database's clock, whoever is away.
ALTER TABLE role_holders
    ADD COLUMN grant_id text        NOT NULL DEFAULT '',
    ADD COLUMN from_at  timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN until_at timestamptz NOT NULL DEFAULT 'infinity';
ALTER TABLE role_holders DROP CONSTRAINT role_holders_pkey;
ALTER TABLE role_holders ADD PRIMARY KEY (role, entity, person, grant_id);

-- administers says whether somebody administers an entity now; '' asks for every entity.
-- +goose StatementBegin
CREATE FUNCTION administers(who text, of text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM role_holders h WHERE h.role = 'admin' AND h.person = who AND h.entity IN ('', of)
                   AND h.from_at <= clock_timestamp() AND h.until_at > clock_timestamp())
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION may_intervene(who text, subject text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM documents d
        WHERE d.id = subject AND d.status <> 'draft' AND administers(who, d.entity) AND NOT same_human(who, d.submitter)
          AND NOT same_human(who, d.requester) AND NOT (d.payee_kind = 'employee' AND same_human(who, d.payee_id)))
$$;
-- +goose StatementEnd

-- A second person decides who administers where the right shall hold, and whom it is not about.
-- +goose StatementBegin
CREATE FUNCTION guard_rights_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.payload::jsonb ->> 'person' IS DISTINCT FROM NEW.subject THEN
        RAISE EXCEPTION 'countersign: rights are asked for about somebody' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'UPDATE' AND (same_human(NEW.subject, NEW.checker)
       OR NOT administers(NEW.checker, NEW.payload::jsonb ->> 'entity')) THEN
        RAISE EXCEPTION 'countersign: another administrator decides on rights' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard_rights BEFORE INSERT OR UPDATE ON proposals FOR EACH ROW
    WHEN (NEW.kind IN ('grant', 'revocation')) EXECUTE FUNCTION guard_rights_decision();
ALTER TABLE proposals ENABLE ALWAYS TRIGGER guard_rights;

-- +goose StatementBegin
CREATE FUNCTION guard_role_grants() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    granted boolean := true;
    ended   boolean := true;
BEGIN
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
                (NEW.person, NEW.role, NEW.entity, NEW.department, CASE NEW.source WHEN 'house' THEN NEW.id ELSE '' END));
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
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON role_grants FOR EACH ROW EXECUTE FUNCTION guard_role_grants();
CREATE TRIGGER guard_delete BEFORE DELETE ON role_grants FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON role_grants FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE role_grants ENABLE ALWAYS TRIGGER guard;
ALTER TABLE role_grants ENABLE ALWAYS TRIGGER guard_delete;
ALTER TABLE role_grants ENABLE ALWAYS TRIGGER guard_all;

-- The gateway makes the organisation follow a right that was granted or taken away, and changes nothing else of it.
-- +goose StatementBegin
CREATE FUNCTION guard_regranting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NOT EXISTS (SELECT 1 FROM role_grants g WHERE g.source = 'house' AND g.ended_at IS NULL
           AND NEW.kind = 'grant' AND NEW.id = g.person || '|' || g.role || '|' || g.entity || '|' || g.id
           AND NEW.body::jsonb = jsonb_strip_nulls(jsonb_build_object('person', g.person, 'role', g.role, 'entity', g.entity,
               'id', g.id, 'department', nullif(g.department, ''), 'from', NEW.body::jsonb -> 'from',
               'until', NEW.body::jsonb -> 'until'))
           AND (NEW.body::jsonb ->> 'from')::timestamptz = g.from_at
           AND (NEW.body::jsonb ->> 'until')::timestamptz IS NOT DISTINCT FROM g.until_at)
       OR TG_OP = 'UPDATE' AND NOT EXISTS (SELECT 1 FROM role_grants g WHERE g.ended_at IS NOT NULL AND OLD.kind = 'grant'
           AND OLD.id = g.person || '|' || g.role || '|' || g.entity || CASE g.source WHEN 'house' THEN '|' || g.id ELSE '' END)
    THEN
        RAISE EXCEPTION 'countersign: the gateway changes rights as two people decided' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard_gateway BEFORE INSERT OR UPDATE ON org_rows FOR EACH ROW
    WHEN (current_user = 'countersign_gateway') EXECUTE FUNCTION guard_regranting();
CREATE TRIGGER guard_gateway BEFORE INSERT ON org_versions FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.basis <> 'change') EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_gateway BEFORE INSERT ON role_holders FOR EACH ROW
    WHEN (current_user = 'countersign_gateway') EXECUTE FUNCTION guard_directory_holder();
ALTER TABLE org_rows ENABLE ALWAYS TRIGGER guard_gateway;
ALTER TABLE org_versions ENABLE ALWAYS TRIGGER guard_gateway;
ALTER TABLE role_holders ENABLE ALWAYS TRIGGER guard_gateway;

-- What it records of rights must have happened, and goes at the end of its stream: grant:<person>, and the organisation's.
-- +goose StatementBegin
CREATE FUNCTION guard_grant_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    done boolean;
BEGIN
    done := CASE
        WHEN NEW.stream = 'org' AND NEW.kind = 'organisation.regranted' THEN EXISTS (SELECT 1 FROM org_versions v
            WHERE NEW.cause = 'org:' || v.version AND v.hash = NEW.data::jsonb ->> 'hash' AND v.cause = NEW.actor)
        WHEN NEW.kind IN ('grant.requested', 'revocation.requested') THEN EXISTS (SELECT 1 FROM proposals p
            WHERE NEW.cause = 'request:' || p.id AND p.kind || '.requested' = NEW.kind AND NEW.stream = 'grant:' || p.subject
            AND NEW.actor = p.maker AND p.state = 'open')
        WHEN NEW.kind IN ('grant.refused', 'revocation.refused') THEN EXISTS (SELECT 1 FROM proposals p
            WHERE NEW.cause = 'refuse:' || p.id AND p.kind || '.refused' = NEW.kind AND NEW.stream = 'grant:' || p.subject
            AND NEW.actor = p.checker AND p.state = 'refused')
        WHEN NEW.kind = 'grant.approved' THEN EXISTS (SELECT 1 FROM role_grants g WHERE NEW.cause = 'approve:' || g.id
            AND NEW.stream = 'grant:' || g.person AND NEW.actor = g.checker AND g.source = 'house' AND g.ended_at IS NULL)
        WHEN NEW.kind = 'grant.revoked' THEN EXISTS (SELECT 1 FROM role_grants g WHERE NEW.cause = 'revoke:' || g.id
            AND NEW.stream = 'grant:' || g.person AND NEW.actor = g.ended_by AND g.ended_at IS NOT NULL)
        ELSE false END;
    IF NOT done OR NOT EXISTS (SELECT 1 FROM streams s WHERE s.stream = NEW.stream AND s.seq + 1 = NEW.seq
        AND s.head_hash = NEW.prev) THEN
        RAISE EXCEPTION 'countersign: the gateway records rights as they were decided' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
DROP TRIGGER guard_insert ON events;
CREATE TRIGGER guard_insert BEFORE INSERT ON events FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream NOT LIKE 'policy:%' AND NEW.stream NOT LIKE 'copies:%'
          AND NEW.stream NOT LIKE 'identity:%' AND NEW.stream NOT LIKE 'grant:%' AND NEW.stream <> 'org')
    EXECUTE FUNCTION guard_events();
CREATE TRIGGER guard_grants BEFORE INSERT ON events FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND (NEW.stream LIKE 'grant:%' OR NEW.stream = 'org'))
    EXECUTE FUNCTION guard_grant_event();
DROP TRIGGER guard_insert ON causes;
CREATE TRIGGER guard_insert BEFORE INSERT ON causes FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.cause <> 'submit:1' AND NEW.stream NOT LIKE 'policy:%'
          AND NEW.stream NOT LIKE 'delegation:%' AND NEW.stream NOT LIKE 'copies:%' AND NEW.stream NOT LIKE 'identity:%'
          AND NEW.stream NOT LIKE 'grant:%' AND NEW.stream <> 'org')
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_grants BEFORE INSERT ON causes FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND (NEW.stream LIKE 'grant:%' OR NEW.stream = 'org'))
    EXECUTE FUNCTION guard_policy_cause();
DROP TRIGGER guard_gateway ON streams;
CREATE TRIGGER guard_gateway BEFORE INSERT OR UPDATE ON streams FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream NOT LIKE 'policy:%' AND NEW.stream NOT LIKE 'delegation:%'
          AND NEW.stream NOT LIKE 'copies:%' AND NEW.stream NOT LIKE 'identity:%' AND NEW.stream NOT LIKE 'grant:%'
          AND NEW.stream <> 'org')
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_grants BEFORE INSERT OR UPDATE ON streams FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND (NEW.stream LIKE 'grant:%' OR NEW.stream = 'org'))
    EXECUTE FUNCTION guard_policy_stream();
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_insert;
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_grants;
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard_insert;
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard_grants;
ALTER TABLE streams ENABLE ALWAYS TRIGGER guard_gateway;
ALTER TABLE streams ENABLE ALWAYS TRIGGER guard_grants;
