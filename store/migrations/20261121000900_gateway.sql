-- +goose Up

-- A cause is answered once, so whoever can write one can keep an act or a deadline from ever being recorded: the
-- gateway writes those of its own submissions and settings only. Nor does it make documents that stand further on
-- than their submission.
CREATE TRIGGER guard_insert BEFORE INSERT ON causes FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.cause <> 'submit:1' AND NEW.stream <> 'org'
          AND NEW.stream NOT LIKE 'policy:%')
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_gateway BEFORE INSERT OR UPDATE ON documents FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.status NOT IN ('draft', 'submitted'))
    EXECUTE FUNCTION refuse_change();
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard_insert;
ALTER TABLE documents ENABLE ALWAYS TRIGGER guard_gateway;
