-- +goose Up

-- An administrator takes a lost passkey of somebody else away, alone and at once, and says why.
ALTER TABLE passkeys
    ADD COLUMN remove_reason text NOT NULL DEFAULT '',
    ADD CONSTRAINT passkeys_reason CHECK ((removed_by IN ('', person)) = (remove_reason = ''));

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION guard_passkeys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.person, NEW.name, NEW.credential, NEW.public_key, NEW.rp_id, NEW.model, NEW.transports, NEW.synced,
        NEW.added_at) IS DISTINCT FROM (OLD.id, OLD.person, OLD.name, OLD.credential, OLD.public_key, OLD.rp_id,
        OLD.model, OLD.transports, OLD.synced, OLD.added_at)
       OR OLD.removed_at IS NOT NULL AND (NEW.removed_at, NEW.removed_by, NEW.remove_reason)
            IS DISTINCT FROM (OLD.removed_at, OLD.removed_by, OLD.remove_reason) THEN
        RAISE EXCEPTION 'countersign: a passkey is added once and removed once, and nothing else of it changes'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
