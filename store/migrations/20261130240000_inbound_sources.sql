-- +goose Up

-- How far each source of documents was read that we read ourselves, and how the last time ended. 入站来源读取状态
CREATE TABLE inbound_sources (
    source    text        PRIMARY KEY,
    watermark text        NOT NULL DEFAULT '', -- of the newest row that was read; '' = from the beginning
    read_at   timestamptz NOT NULL,            -- the last time
    took_at   timestamptz,                     -- the last time that something came
    files     integer     NOT NULL DEFAULT 0,  -- that came then
    items     integer     NOT NULL DEFAULT 0,
    code      text        NOT NULL DEFAULT '', -- of the fault that the last time ended with
    detail    text        NOT NULL DEFAULT ''
);

-- Which role brought a message: the worker brings those of sources that we ask ourselves, and the gateway makes
-- documents of no others that it brings. '' = before that was kept.
ALTER TABLE inbound_messages ADD COLUMN received_by text NOT NULL DEFAULT '';
-- +goose StatementBegin
CREATE FUNCTION stamp_inbound_messages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR current_user = 'countersign_worker' THEN
        NEW.received_by := current_user;
    ELSE
        NEW.received_by := OLD.received_by;
        IF NEW.state = 'received' AND NEW.body_hash IS DISTINCT FROM OLD.body_hash THEN
            NEW.received_by := current_user;
        END IF;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON inbound_messages FOR EACH ROW EXECUTE FUNCTION stamp_inbound_messages();
ALTER TABLE inbound_messages ENABLE ALWAYS TRIGGER stamp;
