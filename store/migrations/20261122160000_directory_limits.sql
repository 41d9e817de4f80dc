-- +goose Up

-- The rest of what a directory's role may not do: it ends rows of people and grants only, and no grant to administer or
-- operate the house; and it lets nobody hold a role whom the organisation does not give it. may_intervene goes by it.
-- +goose StatementBegin
CREATE FUNCTION guard_directory_holder() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM org_rows g WHERE g.kind = 'grant' AND g.to_version IS NULL
        AND g.body::jsonb ->> 'person' = NEW.person AND g.body::jsonb ->> 'role' = NEW.role
        AND coalesce(g.body::jsonb ->> 'entity', '') = NEW.entity) THEN
        RAISE EXCEPTION 'countersign: the organisation gives nobody this role' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard_directory BEFORE INSERT ON role_holders FOR EACH ROW
    WHEN (current_user = 'countersign_directory') EXECUTE FUNCTION guard_directory_holder();
CREATE TRIGGER guard_directory_end BEFORE UPDATE ON org_rows FOR EACH ROW
    WHEN (current_user = 'countersign_directory' AND (OLD.kind NOT IN ('person', 'grant')
          OR OLD.kind = 'grant' AND OLD.body::jsonb ->> 'role' IN ('admin', 'operator')))
    EXECUTE FUNCTION refuse_change();
ALTER TABLE role_holders ENABLE ALWAYS TRIGGER guard_directory;
ALTER TABLE org_rows ENABLE ALWAYS TRIGGER guard_directory_end;
