-- +goose Up

-- Passkeys that sign decisions. What was kept of one when it was added stays as it is, for what it signed; it is
-- removed once, and only how it is used changes.
CREATE TABLE passkeys (
    id           text PRIMARY KEY,
    person       text        NOT NULL CHECK (person <> ''),
    name         text        NOT NULL CHECK (name <> ''), -- as its owner calls it
    credential   text        NOT NULL UNIQUE,             -- the authenticator's id of it, base64url
    public_key   text        NOT NULL,                    -- PKIX DER in base64
    rp_id        text        NOT NULL,                    -- the domain that it signs for
    model        text        NOT NULL DEFAULT '',         -- AAGUID of the authenticator
    transports   text[]      NOT NULL DEFAULT '{}',
    synced       boolean     NOT NULL,                    -- may be on several devices
    added_at     timestamptz NOT NULL,
    removed_by   text        NOT NULL DEFAULT '',
    removed_at   timestamptz,
    counter      bigint      NOT NULL DEFAULT 0,          -- the highest that it signed with; 0: it does not count
    last_used_at timestamptz,
    CHECK ((removed_at IS NULL) = (removed_by = ''))
);
CREATE INDEX passkeys_person ON passkeys (person, added_at);

-- +goose StatementBegin
CREATE FUNCTION guard_passkeys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.person, NEW.name, NEW.credential, NEW.public_key, NEW.rp_id, NEW.model, NEW.transports, NEW.synced,
        NEW.added_at) IS DISTINCT FROM (OLD.id, OLD.person, OLD.name, OLD.credential, OLD.public_key, OLD.rp_id,
        OLD.model, OLD.transports, OLD.synced, OLD.added_at)
       OR OLD.removed_at IS NOT NULL AND (NEW.removed_at, NEW.removed_by) IS DISTINCT FROM (OLD.removed_at, OLD.removed_by) THEN
        RAISE EXCEPTION 'countersign: a passkey is added once and removed once, and nothing else of it changes'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard BEFORE UPDATE ON passkeys FOR EACH ROW EXECUTE FUNCTION guard_passkeys();
CREATE TRIGGER guard_delete BEFORE DELETE ON passkeys FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON passkeys FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE passkeys ENABLE ALWAYS TRIGGER guard;
ALTER TABLE passkeys ENABLE ALWAYS TRIGGER guard_delete;
ALTER TABLE passkeys ENABLE ALWAYS TRIGGER guard_all;

-- What somebody was asked to sign: good once, for a few minutes.
CREATE TABLE passkey_questions (
    nonce_hash text PRIMARY KEY,
    person     text        NOT NULL,
    challenge  text        NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX passkey_questions_expiry ON passkey_questions (expires_at);

-- Passkeys are ways in to a decision, so they are told in the stream of sign-ins: identity:<person>.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION guard_identity_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (NEW.kind = 'identity.bound' AND EXISTS (SELECT 1 FROM identities i WHERE NEW.cause = 'bind:' || i.id
                AND NEW.stream = 'identity:' || i.person AND i.unbound_at IS NULL)
            OR NEW.kind = 'passkey.added' AND EXISTS (SELECT 1 FROM passkeys p WHERE NEW.cause = 'add_passkey:' || p.id
                AND NEW.stream = 'identity:' || p.person AND p.removed_at IS NULL)
            OR NEW.kind = 'passkey.removed' AND EXISTS (SELECT 1 FROM passkeys p WHERE NEW.cause = 'remove_passkey:' || p.id
                AND NEW.stream = 'identity:' || p.person AND p.removed_at IS NOT NULL))
       OR NOT EXISTS (SELECT 1 FROM streams s WHERE s.stream = NEW.stream AND s.seq + 1 = NEW.seq
            AND s.head_hash = NEW.prev) THEN
        RAISE EXCEPTION 'countersign: the gateway records sign-ins and passkeys as they were made'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
