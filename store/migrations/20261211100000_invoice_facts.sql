-- +goose Up

-- What an invoice says of itself, as it was read from a file: what a line claims is held against it. 票面金额
CREATE TABLE invoice_facts (
    attachment text        PRIMARY KEY REFERENCES attachments (id),
    number     text        NOT NULL, -- with its code before it, where it has one
    gross      bigint      NOT NULL, -- minor units, tax included
    currency   text        NOT NULL,
    read_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON invoice_facts FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON invoice_facts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE invoice_facts ENABLE ALWAYS TRIGGER guard;
ALTER TABLE invoice_facts ENABLE ALWAYS TRIGGER guard_all;
