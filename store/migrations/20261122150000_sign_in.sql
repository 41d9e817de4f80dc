-- +goose Up

-- A try to sign in, between the two redirects: found by its state, once, by the browser that began it.
CREATE TABLE sign_in_attempts (
    state_hash   text PRIMARY KEY,
    browser_hash text        NOT NULL,
    attempt      text        NOT NULL,
    expires_at   timestamptz NOT NULL
);
CREATE INDEX sign_in_attempts_expiry ON sign_in_attempts (expires_at);

-- What a person sees of their sessions, and by what an identity provider ends them.
ALTER TABLE sessions
    ADD COLUMN id         text        NOT NULL DEFAULT '',
    ADD COLUMN provider   text        NOT NULL DEFAULT '',
    ADD COLUMN issuer     text        NOT NULL DEFAULT '',
    ADD COLUMN subject    text        NOT NULL DEFAULT '',
    ADD COLUMN sid        text        NOT NULL DEFAULT '', -- of the session at the provider
    ADD COLUMN agent      text        NOT NULL DEFAULT '',
    ADD COLUMN address    text        NOT NULL DEFAULT '',
    ADD COLUMN created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN seen_at    timestamptz NOT NULL DEFAULT clock_timestamp();
CREATE INDEX sessions_identity ON sessions (issuer, subject) WHERE issuer <> '';

-- A logout token is good once.
CREATE TABLE logout_tokens (
    issuer     text        NOT NULL,
    jti        text        NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, jti)
);

-- Whose sign-in it is. A binding is made once and let go once, and nothing else of it changes; one identity is one
-- person's, and a person has one at each issuer.
CREATE TABLE identities (
    id            text PRIMARY KEY,
    issuer        text        NOT NULL CHECK (issuer <> ''),
    subject       text        NOT NULL CHECK (subject <> ''),
    person        text        NOT NULL CHECK (person <> ''),
    how           text        NOT NULL CHECK (how IN ('directory', 'claim', 'email')),
    bound_at      timestamptz NOT NULL,
    unbound_by    text        NOT NULL DEFAULT '',
    unbound_at    timestamptz,
    unbind_reason text        NOT NULL DEFAULT '',
    CHECK ((unbound_at IS NULL) = (unbound_by = ''))
);
CREATE UNIQUE INDEX identities_subject ON identities (issuer, subject) WHERE unbound_at IS NULL;
CREATE UNIQUE INDEX identities_person ON identities (issuer, person) WHERE unbound_at IS NULL;

-- +goose StatementBegin
CREATE FUNCTION guard_identities() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.unbound_at IS NOT NULL OR NEW.unbound_at IS NULL OR
       (NEW.id, NEW.issuer, NEW.subject, NEW.person, NEW.how, NEW.bound_at)
       IS DISTINCT FROM (OLD.id, OLD.issuer, OLD.subject, OLD.person, OLD.how, OLD.bound_at) THEN
        RAISE EXCEPTION 'countersign: a sign-in is bound once and let go once, and nothing else of it changes'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard BEFORE UPDATE ON identities FOR EACH ROW EXECUTE FUNCTION guard_identities();
CREATE TRIGGER guard_delete BEFORE DELETE ON identities FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON identities FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE identities ENABLE ALWAYS TRIGGER guard;
ALTER TABLE identities ENABLE ALWAYS TRIGGER guard_delete;
ALTER TABLE identities ENABLE ALWAYS TRIGGER guard_all;

-- The gateway records the bindings it makes, in streams of their own: identity:<person>. Letting go is an operator's.
-- +goose StatementBegin
CREATE FUNCTION guard_identity_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind <> 'identity.bound' OR NOT EXISTS (SELECT 1 FROM identities i WHERE NEW.cause = 'bind:' || i.id
            AND NEW.stream = 'identity:' || i.person AND i.unbound_at IS NULL)
       OR NOT EXISTS (SELECT 1 FROM streams s WHERE s.stream = NEW.stream AND s.seq + 1 = NEW.seq
            AND s.head_hash = NEW.prev) THEN
        RAISE EXCEPTION 'countersign: the gateway records sign-ins as they were bound' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
DROP TRIGGER guard_insert ON events;
CREATE TRIGGER guard_insert BEFORE INSERT ON events FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream NOT LIKE 'policy:%' AND NEW.stream NOT LIKE 'copies:%'
          AND NEW.stream NOT LIKE 'identity:%')
    EXECUTE FUNCTION guard_events();
CREATE TRIGGER guard_identities BEFORE INSERT ON events FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream LIKE 'identity:%') EXECUTE FUNCTION guard_identity_event();
DROP TRIGGER guard_insert ON causes;
CREATE TRIGGER guard_insert BEFORE INSERT ON causes FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.cause <> 'submit:1' AND NEW.stream NOT LIKE 'policy:%'
          AND NEW.stream NOT LIKE 'delegation:%' AND NEW.stream NOT LIKE 'copies:%' AND NEW.stream NOT LIKE 'identity:%')
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_identities BEFORE INSERT ON causes FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream LIKE 'identity:%') EXECUTE FUNCTION guard_policy_cause();
DROP TRIGGER guard_gateway ON streams;
CREATE TRIGGER guard_gateway BEFORE INSERT OR UPDATE ON streams FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream NOT LIKE 'policy:%' AND NEW.stream NOT LIKE 'delegation:%'
          AND NEW.stream NOT LIKE 'copies:%' AND NEW.stream NOT LIKE 'identity:%')
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_identities BEFORE INSERT OR UPDATE ON streams FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream LIKE 'identity:%') EXECUTE FUNCTION guard_policy_stream();
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_insert;
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_identities;
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard_insert;
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard_identities;
ALTER TABLE streams ENABLE ALWAYS TRIGGER guard_gateway;
ALTER TABLE streams ENABLE ALWAYS TRIGGER guard_identities;
