-- +goose Up

-- A gateway of before asked_at that still runs while this schema is there writes none, and its documents would count
-- beside no other. What is submitted without it was asked for when it was submitted.
UPDATE documents SET asked_at = submitted_at WHERE status <> 'draft' AND asked_at IS NULL;
-- +goose StatementBegin
CREATE FUNCTION ask_when_submitted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.asked_at := NEW.submitted_at;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER asked_at BEFORE INSERT OR UPDATE ON documents FOR EACH ROW
    WHEN (NEW.status <> 'draft' AND NEW.asked_at IS NULL) EXECUTE FUNCTION ask_when_submitted();
