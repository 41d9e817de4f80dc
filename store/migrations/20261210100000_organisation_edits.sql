-- +goose Up

-- An administrator changes people and departments from the pages. It is the directory's role that writes them, for the
-- gateway's own may not say who works here; and it writes them in the name of somebody who administers the companies that
-- the rows are of, before and after, and never about that somebody.

-- +goose StatementBegin
CREATE FUNCTION edits_organisation(version_ bigint) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT cause FROM org_versions WHERE version = version_
    AND cause NOT LIKE 'scim:%' AND cause NOT LIKE 'sync:%' AND cause NOT LIKE 'claims:%'
$$;
-- +goose StatementEnd

-- Its plan is kept from the first row on, when the table may be small yet: without an index every row of a company's table
-- would read the whole of it.
-- +goose StatementBegin
CREATE FUNCTION guard_edit() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    said   jsonb := NEW.body::jsonb;
    before jsonb;
    who    text  := edits_organisation(NEW.from_version);
    leads  text  := CASE NEW.kind WHEN 'person' THEN 'manager' ELSE 'head' END;
BEGIN
    IF who IS NULL THEN
        IF NEW.kind = 'department' THEN
            RAISE EXCEPTION 'countersign: a directory tells of people and their roles only'
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END IF;
    SELECT body::jsonb INTO before FROM org_rows WHERE kind = NEW.kind AND id = NEW.id AND from_version < NEW.from_version
        ORDER BY from_version DESC LIMIT 1;
    IF NEW.kind NOT IN ('person', 'department') OR NEW.id IS DISTINCT FROM said ->> 'id'
       OR NOT administers(who, said ->> 'entity') OR before IS NOT NULL AND NOT administers(who, before ->> 'entity')
       OR NEW.kind = 'person' AND NEW.id = who OR said ->> leads = who AND coalesce(before ->> leads, '') <> who THEN
        RAISE EXCEPTION 'countersign: an administrator changes the people and departments of their companies, and not their own'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard_edit BEFORE INSERT ON org_rows FOR EACH ROW
    WHEN (current_user = 'countersign_directory') EXECUTE FUNCTION guard_edit();

-- +goose StatementBegin
CREATE FUNCTION guard_edit_end() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    who text := edits_organisation(NEW.to_version);
BEGIN
    IF who IS NULL AND OLD.kind = 'department' OR who IS NOT NULL AND (OLD.kind NOT IN ('person', 'department')
       OR NOT administers(who, OLD.body::jsonb ->> 'entity')) THEN
        RAISE EXCEPTION 'countersign: an administrator changes the people and departments of their companies'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard_edit_end BEFORE UPDATE ON org_rows FOR EACH ROW
    WHEN (current_user = 'countersign_directory') EXECUTE FUNCTION guard_edit_end();

DROP TRIGGER guard_directory_end ON org_rows;
CREATE TRIGGER guard_directory_end BEFORE UPDATE ON org_rows FOR EACH ROW
    WHEN (current_user = 'countersign_directory' AND (OLD.kind NOT IN ('person', 'grant', 'department')
          OR OLD.kind = 'grant' AND OLD.body::jsonb ->> 'role' IN ('admin', 'operator')))
    EXECUTE FUNCTION refuse_change();
ALTER TABLE org_rows ENABLE ALWAYS TRIGGER guard_edit;
ALTER TABLE org_rows ENABLE ALWAYS TRIGGER guard_edit_end;
ALTER TABLE org_rows ENABLE ALWAYS TRIGGER guard_directory_end;

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION guard_directory() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    said   jsonb := NEW.body::jsonb;
    before jsonb;
BEGIN
    IF NEW.kind NOT IN ('person', 'grant', 'department') OR NEW.kind = 'grant' AND said ->> 'role' IN ('admin', 'operator') THEN
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

-- What it records of such a change is a version that is there, by who made it.
DROP TRIGGER guard_claims ON events;
CREATE TRIGGER guard_claims BEFORE INSERT ON events FOR EACH ROW
    WHEN (current_user = 'countersign_directory' AND (NEW.stream LIKE 'grant:%'
          OR NEW.kind IN ('organisation.regranted', 'organisation.edited')))
    EXECUTE FUNCTION guard_claim_event();
DROP TRIGGER guard_directory ON events;
CREATE TRIGGER guard_directory BEFORE INSERT ON events FOR EACH ROW
    WHEN (current_user = 'countersign_directory' AND NOT (NEW.stream = 'org' AND NEW.kind IN ('organisation.changed',
          'organisation.regranted', 'organisation.edited', 'directory.stopped')
          OR NEW.stream LIKE 'delegation:%' AND NEW.kind = 'delegation.revoked'
          OR NEW.stream LIKE 'grant:%' AND NEW.kind IN ('grant.claimed', 'grant.unclaimed')))
    EXECUTE FUNCTION refuse_change();
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_claims;
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_directory;

-- A table of people between its dry run and its use: a day at most, and gone when it is used.
CREATE TABLE organisation_tables (
    id      text PRIMARY KEY,
    person  text        NOT NULL, -- who brought it, and who alone may use it
    name    text        NOT NULL, -- of the file
    text    bytea       NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX organisation_tables_made ON organisation_tables (made_at);
