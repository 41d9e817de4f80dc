-- +goose Up

-- Somebody said of a person whom no message reached that they can be reached again.
CREATE TABLE reach_again (
    n       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person  text        NOT NULL CHECK (person <> ''),
    by      text        NOT NULL CHECK (by <> ''),
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    failure text        NOT NULL -- what was reported until then
);
CREATE INDEX reach_again_person ON reach_again (person, at DESC);
CREATE TRIGGER guard_all BEFORE UPDATE OR DELETE OR TRUNCATE ON reach_again FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE reach_again ENABLE ALWAYS TRIGGER guard_all;

CREATE INDEX notices_document ON notices (document) WHERE document <> '';
