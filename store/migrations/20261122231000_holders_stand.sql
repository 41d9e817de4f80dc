-- +goose Up

-- The gateway takes a holder away only with the right that made them one: without this it could leave a house without
-- its administrators.
-- +goose StatementBegin
CREATE FUNCTION stands(h role_holders) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM org_rows g
        JOIN org_rows p ON p.kind = 'person' AND p.id = h.person AND p.to_version IS NULL AND (p.body::jsonb ->> 'active')::boolean
        WHERE g.kind = 'grant' AND g.to_version IS NULL AND g.body::jsonb ->> 'department' IS NULL
          AND (g.body::jsonb ->> 'role', g.body::jsonb ->> 'entity', g.body::jsonb ->> 'person', coalesce(g.body::jsonb ->> 'id', ''),
               coalesce((g.body::jsonb ->> 'from')::timestamptz, '-infinity'),
               coalesce((g.body::jsonb ->> 'until')::timestamptz, 'infinity'))
            = (h.role, h.entity, h.person, h.grant_id, h.from_at, h.until_at))
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION guard_standing_holder() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF stands(OLD) THEN
        RAISE EXCEPTION 'countersign: a holder goes with the right that made them one' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard_standing BEFORE DELETE ON role_holders FOR EACH ROW
    WHEN (current_user = 'countersign_gateway') EXECUTE FUNCTION guard_standing_holder();
ALTER TABLE role_holders ENABLE ALWAYS TRIGGER guard_standing;
