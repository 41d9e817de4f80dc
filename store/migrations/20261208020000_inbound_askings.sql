-- +goose Up

-- Who had a source of documents read beside its schedule, and when. 立即读取留痕
CREATE TABLE inbound_askings (
    id       uuid        PRIMARY KEY,
    source   text        NOT NULL,
    person   text        NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX inbound_askings_newest ON inbound_askings (source, asked_at DESC);
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON inbound_askings FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON inbound_askings FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE inbound_askings ENABLE ALWAYS TRIGGER guard;
ALTER TABLE inbound_askings ENABLE ALWAYS TRIGGER guard_all;
