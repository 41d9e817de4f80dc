-- +goose Up

-- The address that a letter is answered to holds a token of its own, of which only the hash is kept; none where nobody decides so.
ALTER TABLE letters ADD COLUMN reply text UNIQUE;

-- Answers to letters, by their Message-ID: what came again is the same answer, and is answered once at the most. Kept as long as
-- its letter.
CREATE TABLE mail_replies (
    id      text PRIMARY KEY CHECK (id <> ''),
    letter  text        NOT NULL,
    person  text        NOT NULL,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    outcome text        NOT NULL CHECK (outcome IN ('taken', 'refused')),
    code    text        NOT NULL DEFAULT '', -- of the refusal
    act     text        NOT NULL DEFAULT ''  -- the act's id in the inbox
);
CREATE INDEX mail_replies_letter ON mail_replies (letter);
-- +goose StatementBegin
CREATE FUNCTION guard_mail_replies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' OR EXISTS (SELECT FROM letters l WHERE l.id = OLD.letter) THEN
        RAISE EXCEPTION 'countersign: % of % refused: what was answered stays with its letter', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON mail_replies FOR EACH ROW EXECUTE FUNCTION guard_mail_replies();
ALTER TABLE mail_replies ENABLE ALWAYS TRIGGER guard;
