-- +goose Up

-- The gateway serves requests; who works here, which policies hold and which keys are believed is for who migrates.
-- So of events and causes it writes those of submissions, and no others.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION guard_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind <> 'document.submitted' OR NEW.seq <> 1 THEN
        RAISE EXCEPTION 'countersign: the gateway records submissions only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
DROP TRIGGER guard_insert ON causes;
CREATE TRIGGER guard_insert BEFORE INSERT ON causes FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.cause <> 'submit:1')
    EXECUTE FUNCTION refuse_change();
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard_insert;
