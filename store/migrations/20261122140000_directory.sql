-- +goose Up

-- A directory (Entra, Okta, …) tells of people and groups by SCIM. What it said is kept beside the organisation; what
-- follows from it is a version of the organisation like any other, in the same transaction.
CREATE TABLE directory_entries (
    kind        text        NOT NULL CHECK (kind IN ('User', 'Group')),
    id          text        NOT NULL CHECK (id <> ''), -- of a user: the person's
    name        text        NOT NULL,                  -- userName, displayName; in lower case
    external    text        NOT NULL,                  -- the directory's own id
    attributes  text        NOT NULL,                  -- JSON
    version     int         NOT NULL CHECK (version > 0),
    adopted     boolean     NOT NULL,                  -- the person was here before
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    modified_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    deleted_at  timestamptz,
    PRIMARY KEY (kind, id)
);
CREATE UNIQUE INDEX directory_entries_name ON directory_entries (kind, name) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX directory_entries_external ON directory_entries (kind, external)
    WHERE deleted_at IS NULL AND external <> '';
CREATE INDEX directory_entries_gone ON directory_entries (kind, external, name) WHERE deleted_at IS NOT NULL;

CREATE TABLE directory_members (
    of     text NOT NULL, -- the group
    member text NOT NULL,
    PRIMARY KEY (of, member)
);
CREATE INDEX directory_members_member ON directory_members (member);

CREATE TABLE directory_grants ( -- the grants in force that come from groups
    person text    NOT NULL,
    role   text    NOT NULL,
    entity text    NOT NULL,
    also   boolean NOT NULL, -- the organisation's file gives it too, so it stays without the group
    PRIMARY KEY (person, role, entity)
);

CREATE TABLE directory_leavings ( -- whom a directory took away, and when
    person  text        NOT NULL,
    version bigint      NOT NULL,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (person, version)
);
CREATE INDEX directory_leavings_at ON directory_leavings (at);

CREATE TABLE directory_stops ( -- a directory that took away too many waits until an operator lets it go on
    id          text PRIMARY KEY,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor       text        NOT NULL,
    leaving     int         NOT NULL, -- who left in the window, and who was to leave then
    active      int         NOT NULL,
    released_at timestamptz,
    allowed     int         NOT NULL DEFAULT 0, -- so many more may leave in the window after it
    reason      text        NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX directory_stops_open ON directory_stops ((true)) WHERE released_at IS NULL;

-- A version of the organisation may be a change of the one before: its hash is then over that one's hash and the rows that
-- end and begin, so that one person costs one row and not a reading of ten thousand.
ALTER TABLE org_versions ADD COLUMN basis text NOT NULL DEFAULT 'whole' CHECK (basis IN ('whole', 'change'));
CREATE INDEX org_rows_ended ON org_rows (to_version) WHERE to_version IS NOT NULL;
CREATE INDEX org_rows_email ON org_rows (lower(body::jsonb ->> 'email')) WHERE kind = 'person' AND to_version IS NULL;
CREATE INDEX org_rows_subject ON org_rows ((body::jsonb ->> 'subject')) WHERE kind = 'person' AND to_version IS NULL;

CREATE INDEX org_rows_grants ON org_rows ((body::jsonb ->> 'person')) WHERE kind = 'grant' AND to_version IS NULL;

-- Who carries out what a directory says writes people and grants, and nothing else of the organisation. It names no
-- administrator nor operator, and changes nobody's sign-in nor whose accounts belong together.
-- +goose StatementBegin
CREATE FUNCTION guard_directory() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    said   jsonb := NEW.body::jsonb;
    before jsonb;
BEGIN
    IF NEW.kind NOT IN ('person', 'grant') OR NEW.kind = 'grant' AND said ->> 'role' IN ('admin', 'operator') THEN
        RAISE EXCEPTION 'countersign: a directory tells of people and their roles only'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.kind = 'person' THEN
        SELECT body::jsonb INTO before FROM org_rows WHERE kind = 'person' AND id = NEW.id ORDER BY from_version DESC LIMIT 1;
        IF NEW.id IS DISTINCT FROM said ->> 'id' OR coalesce(before -> 'aliases', '[]') <> coalesce(said -> 'aliases', '[]')
           OR before IS NOT NULL AND coalesce(before ->> 'subject', '') <> coalesce(said ->> 'subject', '') THEN
            RAISE EXCEPTION 'countersign: a directory changes nobody''s sign-in' USING ERRCODE = 'insufficient_privilege';
        END IF;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard_directory BEFORE INSERT ON org_rows FOR EACH ROW
    WHEN (current_user = 'countersign_directory') EXECUTE FUNCTION guard_directory();
CREATE TRIGGER guard_directory BEFORE INSERT ON events FOR EACH ROW
    WHEN (current_user = 'countersign_directory' AND NOT (NEW.stream = 'org' AND NEW.kind IN ('organisation.changed',
          'directory.stopped') OR NEW.stream LIKE 'delegation:%' AND NEW.kind = 'delegation.revoked'))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_directory BEFORE INSERT ON causes FOR EACH ROW
    WHEN (current_user = 'countersign_directory' AND NEW.stream <> 'org' AND NEW.stream NOT LIKE 'delegation:%')
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_directory BEFORE INSERT OR UPDATE ON streams FOR EACH ROW
    WHEN (current_user = 'countersign_directory' AND NEW.stream <> 'org' AND NEW.stream NOT LIKE 'delegation:%')
    EXECUTE FUNCTION refuse_change();
ALTER TABLE org_rows ENABLE ALWAYS TRIGGER guard_directory;
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_directory;
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard_directory;
ALTER TABLE streams ENABLE ALWAYS TRIGGER guard_directory;
CREATE TRIGGER guard BEFORE DELETE ON directory_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON directory_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE directory_entries ENABLE ALWAYS TRIGGER guard;
ALTER TABLE directory_entries ENABLE ALWAYS TRIGGER guard_all;
