-- +goose Up
CREATE TABLE org_versions (
    version bigint PRIMARY KEY,
    cause   text        NOT NULL,
    hash    text        NOT NULL, -- of the whole snapshot
    at      timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE org_rows (
    kind         text   NOT NULL CHECK (kind IN ('person', 'department', 'entity', 'supplier', 'grant')),
    id           text   NOT NULL,
    from_version bigint NOT NULL REFERENCES org_versions (version),
    to_version   bigint REFERENCES org_versions (version), -- [from, to); none: in force
    body         text   NOT NULL, -- canonical JSON
    PRIMARY KEY (kind, id, from_version)
);
CREATE INDEX org_rows_span ON org_rows (from_version, to_version);
CREATE UNIQUE INDEX org_rows_in_force ON org_rows (kind, id) WHERE to_version IS NULL;

CREATE TABLE role_holders ( -- active people by role, as of the newest version: who is told
    role   text NOT NULL,
    entity text NOT NULL, -- '' for every entity
    person text NOT NULL,
    PRIMARY KEY (role, entity, person)
);

CREATE TABLE policies (
    kind         text        NOT NULL CHECK (kind IN ('policy', 'type', 'mapping')),
    id           text        NOT NULL,
    version      int         NOT NULL CHECK (version > 0),
    hash         text        NOT NULL,
    yaml         text        NOT NULL,
    published_by text        NOT NULL,
    published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (kind, id, version)
);

CREATE TABLE rates (
    currency text        NOT NULL,
    base     text        NOT NULL,
    date     date        NOT NULL,
    value    text        NOT NULL, -- decimal text
    source   text        NOT NULL,
    saved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (currency, base, date)
);

CREATE TABLE calendars (
    id       text        NOT NULL,
    version  int         NOT NULL,
    body     text        NOT NULL,
    saved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (id, version)
);

-- +goose StatementBegin
CREATE FUNCTION guard_org_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.to_version IS NOT NULL OR
       (NEW.kind, NEW.id, NEW.from_version, NEW.body) IS DISTINCT FROM
       (OLD.kind, OLD.id, OLD.from_version, OLD.body) THEN
        RAISE EXCEPTION 'countersign: the past of the organisation stays' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON org_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON org_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON org_rows FOR EACH ROW EXECUTE FUNCTION guard_org_rows();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON org_rows FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON policies FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON policies FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON calendars FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON calendars FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE org_versions ENABLE ALWAYS TRIGGER guard;
ALTER TABLE org_versions ENABLE ALWAYS TRIGGER guard_all;
ALTER TABLE org_rows ENABLE ALWAYS TRIGGER guard;
ALTER TABLE org_rows ENABLE ALWAYS TRIGGER guard_all;
ALTER TABLE policies ENABLE ALWAYS TRIGGER guard;
ALTER TABLE policies ENABLE ALWAYS TRIGGER guard_all;
ALTER TABLE calendars ENABLE ALWAYS TRIGGER guard;
ALTER TABLE calendars ENABLE ALWAYS TRIGGER guard_all;
