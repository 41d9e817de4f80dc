-- +goose Up

-- Four eyes: what one person proposed, another one decides on. The gateway may publish nothing but what stands here,
-- decided in time by somebody else; who migrates publishes what ships.
CREATE TABLE proposals (
    id         text PRIMARY KEY,
    kind       text        NOT NULL CHECK (kind IN ('policy', 'type', 'mapping')),
    subject    text        NOT NULL,
    hash       text        NOT NULL, -- of the payload, as its version will have
    payload    text        NOT NULL,
    base       int         NOT NULL CHECK (base >= 0), -- version in force when it was proposed; 0: none
    note       text        NOT NULL,
    maker      text        NOT NULL CHECK (maker <> ''),
    state      text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'approved', 'refused')),
    checker    text        NOT NULL DEFAULT '',
    reason     text        NOT NULL DEFAULT '',
    version    int         NOT NULL DEFAULT 0, -- that it became
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    decided_at timestamptz,
    CHECK (expires_at > created_at AND expires_at <= created_at + interval '90 days'),
    CHECK ((state = 'open') = (decided_at IS NULL) AND (state = 'open') = (checker = '')),
    CHECK (decided_at < expires_at),
    CHECK (checker <> maker),
    CHECK ((state = 'approved') = (version > 0) AND (version = 0 OR version = base + 1))
);
CREATE INDEX proposals_order ON proposals (created_at DESC, id DESC);

-- same_human says whether two accounts belong to one human in the organisation in force: an alias ties both ways, and
-- through others.
-- +goose StatementBegin
CREATE FUNCTION same_human(one text, other text) RETURNS boolean LANGUAGE sql STABLE AS $$
    WITH RECURSIVE ties AS MATERIALIZED (
        SELECT r.id AS a, alias AS b
        FROM org_rows r, jsonb_array_elements_text(coalesce(r.body::jsonb -> 'aliases', '[]'::jsonb)) AS alias
        WHERE r.kind = 'person' AND r.to_version IS NULL AND r.body LIKE '%"aliases"%'
    ), reached (id) AS (
        SELECT one
        UNION
        SELECT CASE WHEN t.a = p.id THEN t.b ELSE t.a END FROM reached p JOIN ties t ON p.id IN (t.a, t.b)
    )
    SELECT EXISTS (SELECT 1 FROM reached WHERE id = other)
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION guard_proposals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'open' THEN
            RAISE EXCEPTION 'countersign: a proposal begins open' USING ERRCODE = 'insufficient_privilege';
        END IF;
        NEW.created_at := clock_timestamp();
        RETURN NEW;
    END IF;
    IF OLD.state <> 'open' OR NEW.state = 'open' OR
       (NEW.id, NEW.kind, NEW.subject, NEW.hash, NEW.payload, NEW.base, NEW.note, NEW.maker, NEW.created_at, NEW.expires_at)
       IS DISTINCT FROM
       (OLD.id, OLD.kind, OLD.subject, OLD.hash, OLD.payload, OLD.base, OLD.note, OLD.maker, OLD.created_at, OLD.expires_at) THEN
        RAISE EXCEPTION 'countersign: a proposal is decided once and never changed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    NEW.decided_at := clock_timestamp();
    IF NEW.decided_at >= OLD.expires_at THEN
        RAISE EXCEPTION 'countersign: the proposal has expired' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF same_human(NEW.maker, NEW.checker) OR NOT EXISTS (SELECT 1 FROM org_rows WHERE kind = 'person'
        AND id = NEW.checker AND to_version IS NULL AND (body::jsonb ->> 'active')::boolean) THEN
        RAISE EXCEPTION 'countersign: another active person decides' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION guard_publishing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM proposals p WHERE p.kind = NEW.kind AND p.subject = NEW.id AND p.state = 'approved'
        AND p.version = NEW.version AND p.hash = NEW.hash AND p.payload = NEW.yaml AND p.checker = NEW.published_by) THEN
        RAISE EXCEPTION 'countersign: nothing is published without a second person' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- What the gateway records of policies must have happened, and goes at the end of its stream.
-- +goose StatementBegin
CREATE FUNCTION guard_policy_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    done boolean;
BEGIN
    done := CASE NEW.kind
        WHEN 'policy.proposed' THEN EXISTS (SELECT 1 FROM proposals p WHERE NEW.cause = 'propose:' || p.id
            AND NEW.stream = 'policy:' || p.subject AND NEW.actor = p.maker AND p.state = 'open')
        WHEN 'policy.refused' THEN EXISTS (SELECT 1 FROM proposals p WHERE NEW.cause = 'refuse:' || p.id
            AND NEW.stream = 'policy:' || p.subject AND NEW.actor = p.checker AND p.state = 'refused')
        WHEN 'policy.published' THEN EXISTS (SELECT 1 FROM policies p WHERE NEW.cause = 'publish:' || p.kind || ':' || p.version
            AND NEW.stream = 'policy:' || p.id AND NEW.actor = p.published_by AND p.hash = NEW.data::jsonb ->> 'hash')
        ELSE false END;
    IF NOT done OR NOT EXISTS (SELECT 1 FROM streams s WHERE s.stream = NEW.stream AND s.seq + 1 = NEW.seq
        AND s.head_hash = NEW.prev) THEN
        RAISE EXCEPTION 'countersign: the gateway records proposals as they were' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION guard_policy_stream() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.seq = 0 AND NEW.head_hash = '' THEN
        RETURN NEW; -- a new stream, or the first half of an upsert
    END IF;
    IF TG_OP = 'INSERT' OR NEW.stream <> OLD.stream OR
       NEW.seq <> (SELECT coalesce(max(e.seq), 0) FROM events e WHERE e.stream = NEW.stream) OR
       NEW.head_hash <> coalesce((SELECT e.hash FROM events e WHERE e.stream = NEW.stream AND e.seq = NEW.seq), '') THEN
        RAISE EXCEPTION 'countersign: a head is that of its events' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION guard_policy_cause() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM events e WHERE e.stream = NEW.stream AND e.seq = NEW.last_seq AND e.cause = NEW.cause) THEN
        RAISE EXCEPTION 'countersign: a cause has its event' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON proposals FOR EACH ROW EXECUTE FUNCTION guard_proposals();
CREATE TRIGGER guard_all BEFORE TRUNCATE OR DELETE ON proposals FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_gateway BEFORE INSERT ON policies FOR EACH ROW
    WHEN (current_user = 'countersign_gateway') EXECUTE FUNCTION guard_publishing();
DROP TRIGGER guard_insert ON events;
CREATE TRIGGER guard_insert BEFORE INSERT ON events FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream NOT LIKE 'policy:%') EXECUTE FUNCTION guard_events();
CREATE TRIGGER guard_policy BEFORE INSERT ON events FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream LIKE 'policy:%') EXECUTE FUNCTION guard_policy_event();
DROP TRIGGER guard_insert ON causes;
CREATE TRIGGER guard_insert BEFORE INSERT ON causes FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.cause <> 'submit:1' AND NEW.stream NOT LIKE 'policy:%'
          AND NEW.stream NOT LIKE 'delegation:%')
    EXECUTE FUNCTION refuse_change();
-- Streams of delegations, where there are any, are guarded with their table.
CREATE TRIGGER guard_policy BEFORE INSERT ON causes FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream LIKE 'policy:%') EXECUTE FUNCTION guard_policy_cause();
DROP TRIGGER IF EXISTS guard_gateway ON streams;
CREATE TRIGGER guard_gateway BEFORE INSERT OR UPDATE ON streams FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream NOT LIKE 'policy:%' AND NEW.stream NOT LIKE 'delegation:%')
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_policy BEFORE INSERT OR UPDATE ON streams FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream LIKE 'policy:%') EXECUTE FUNCTION guard_policy_stream();
ALTER TABLE proposals ENABLE ALWAYS TRIGGER guard;
ALTER TABLE proposals ENABLE ALWAYS TRIGGER guard_all;
ALTER TABLE policies ENABLE ALWAYS TRIGGER guard_gateway;
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_insert;
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_policy;
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard_insert;
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard_policy;
ALTER TABLE streams ENABLE ALWAYS TRIGGER guard_gateway;
ALTER TABLE streams ENABLE ALWAYS TRIGGER guard_policy;
