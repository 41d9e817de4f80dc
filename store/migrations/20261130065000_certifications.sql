-- +goose Up

-- Rights are reviewed from time to time: a campaign asks, of every grant in its scope as of its opening, somebody who is not
-- its holder whether it is still needed. What nobody answered in time is undecided, never certified.
CREATE TABLE certifications (
    id         text PRIMARY KEY,
    title      text        NOT NULL CHECK (title <> ''),
    scope      text        NOT NULL, -- JSON
    reviewer   text        NOT NULL CHECK (reviewer IN ('manager', 'administrator')),
    undecided  text        NOT NULL CHECK (undecided IN ('list', 'revoke')),
    opened_by  text        NOT NULL CHECK (opened_by <> ''),
    opened_at  timestamptz NOT NULL,
    due_at     timestamptz NOT NULL CHECK (due_at > opened_at),
    closes_at  timestamptz NOT NULL CHECK (closes_at >= due_at),
    version    bigint      NOT NULL, -- of the organisation that its items were taken from
    items      int         NOT NULL CHECK (items > 0),
    hash       text        NOT NULL, -- over all items
    reminded   int         NOT NULL DEFAULT 0, -- how often its reviewers were reminded
    overdue_at timestamptz,
    closed_at  timestamptz
);
CREATE INDEX certifications_order ON certifications (opened_at DESC, id DESC);
CREATE INDEX certifications_open ON certifications (due_at) WHERE closed_at IS NULL;

CREATE TABLE certification_items (
    campaign   text NOT NULL REFERENCES certifications (id),
    no         int  NOT NULL CHECK (no > 0),
    person     text NOT NULL,
    role       text NOT NULL,
    entity     text NOT NULL,
    department text NOT NULL,
    grant_key  text NOT NULL,
    until_at   timestamptz,
    reviewer   text NOT NULL, -- '': whichever administrator may
    state      text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'keep', 'revoke', 'shorten', 'undecided', 'ended')),
    decided_by text NOT NULL DEFAULT '',
    decided_at timestamptz,
    reason     text NOT NULL DEFAULT '',
    new_until  timestamptz,
    proposal   text NOT NULL DEFAULT '', -- of the revocation that it led to
    PRIMARY KEY (campaign, no),
    CHECK ((state = 'open') = (decided_at IS NULL)),
    CHECK ((state = 'shorten') = (new_until IS NOT NULL))
);
CREATE INDEX certification_items_reviewer ON certification_items (reviewer, campaign);
CREATE INDEX certification_items_right ON certification_items (person, grant_key, decided_at);

-- A campaign stays as it was opened; it is reminded of, overdue and closed once, in this order.
-- +goose StatementBegin
CREATE FUNCTION guard_certifications() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND (NEW.reminded <> 0 OR NEW.overdue_at IS NOT NULL OR NEW.closed_at IS NOT NULL)
       OR TG_OP = 'UPDATE' AND ((to_jsonb(NEW) - 'reminded' - 'overdue_at' - 'closed_at')
              <> (to_jsonb(OLD) - 'reminded' - 'overdue_at' - 'closed_at')
          OR OLD.closed_at IS NOT NULL OR NEW.reminded < OLD.reminded
          OR OLD.overdue_at IS NOT NULL AND NEW.overdue_at IS DISTINCT FROM OLD.overdue_at
          OR NEW.overdue_at < NEW.due_at OR NEW.closed_at < NEW.closes_at) THEN
        RAISE EXCEPTION 'countersign: a review of rights stays as it was opened' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON certifications FOR EACH ROW EXECUTE FUNCTION guard_certifications();
CREATE TRIGGER guard_all BEFORE TRUNCATE OR DELETE ON certifications FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- An item is decided once, before its campaign is over, by whom it asks or an administrator, and never by its holder or by
-- who decides in the holder's place; only the end of the campaign makes it undecided.
-- +goose StatementBegin
CREATE FUNCTION guard_certification_items() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ok boolean;
BEGIN
    IF TG_OP = 'INSERT' THEN
        ok := NEW.state = 'open' AND NOT EXISTS (SELECT 1 FROM streams s WHERE s.stream = 'review:' || NEW.campaign);
    ELSE
        ok := OLD.state = 'open' AND NEW.state <> 'open'
            AND (NEW.campaign, NEW.no, NEW.person, NEW.role, NEW.entity, NEW.department, NEW.grant_key, NEW.until_at, NEW.reviewer)
                IS NOT DISTINCT FROM
                (OLD.campaign, OLD.no, OLD.person, OLD.role, OLD.entity, OLD.department, OLD.grant_key, OLD.until_at, OLD.reviewer)
            AND (NEW.proposal = '' OR EXISTS (SELECT 1 FROM proposals p WHERE p.id = NEW.proposal AND p.kind = 'revocation'
                AND p.subject = NEW.person AND p.payload::jsonb ->> 'role' = NEW.role
                AND p.payload::jsonb ->> 'entity' = NEW.entity));
        IF ok AND NEW.state IN ('undecided', 'ended') THEN
            ok := NEW.decided_by = 'system:review'
                AND EXISTS (SELECT 1 FROM certifications c WHERE c.id = NEW.campaign AND c.closes_at <= clock_timestamp());
        ELSIF ok THEN
            ok := NOT same_human(NEW.decided_by, NEW.person)
                AND (NEW.decided_by = OLD.reviewer OR administers(NEW.decided_by, NEW.entity))
                AND (NEW.proposal <> '') = (NEW.state <> 'keep')
                AND EXISTS (SELECT 1 FROM certifications c WHERE c.id = NEW.campaign AND c.closes_at > clock_timestamp())
                AND NOT EXISTS (SELECT 1 FROM delegations d WHERE same_human(d.person, NEW.person)
                    AND same_human(d.delegate, NEW.decided_by) AND d.revoked_at IS NULL AND d.until_at > clock_timestamp());
        END IF;
    END IF;
    IF NOT ok THEN
        RAISE EXCEPTION 'countersign: nobody certifies a right of their own, or twice' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON certification_items FOR EACH ROW EXECUTE FUNCTION guard_certification_items();
CREATE TRIGGER guard_all BEFORE TRUNCATE OR DELETE ON certification_items FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE certifications ENABLE ALWAYS TRIGGER guard;
ALTER TABLE certifications ENABLE ALWAYS TRIGGER guard_all;
ALTER TABLE certification_items ENABLE ALWAYS TRIGGER guard;
ALTER TABLE certification_items ENABLE ALWAYS TRIGGER guard_all;

-- What is recorded of a review must have happened, and goes at the end of its stream: review:<campaign>.
-- +goose StatementBegin
CREATE FUNCTION guard_review_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told certifications;
    done boolean := false;
BEGIN
    SELECT * INTO told FROM certifications c WHERE NEW.stream = 'review:' || c.id;
    IF told.id IS NOT NULL THEN
        done := CASE NEW.kind
            WHEN 'review.opened' THEN NEW.cause = 'open' AND NEW.seq = 1 AND NEW.actor = told.opened_by
                AND NEW.data::jsonb ->> 'hash' = told.hash
            WHEN 'review.decided' THEN EXISTS (SELECT 1 FROM certification_items i WHERE i.campaign = told.id
                AND NEW.cause = 'decide:' || i.no AND NEW.actor = i.decided_by AND NEW.data::jsonb ->> 'verdict' = i.state)
            WHEN 'review.overdue' THEN NEW.cause = 'overdue' AND NEW.actor = 'system:review' AND told.overdue_at IS NOT NULL
            WHEN 'review.closed' THEN NEW.cause = 'close' AND NEW.actor = 'system:review' AND told.closed_at IS NOT NULL
            ELSE false END;
    END IF;
    IF NOT done OR NOT EXISTS (SELECT 1 FROM streams s WHERE s.stream = NEW.stream AND s.seq + 1 = NEW.seq
        AND s.head_hash = NEW.prev) THEN
        RAISE EXCEPTION 'countersign: reviews of rights are recorded as they were' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard_reviews BEFORE INSERT ON events FOR EACH ROW
    WHEN (NEW.stream LIKE 'review:%') EXECUTE FUNCTION guard_review_event();
CREATE TRIGGER guard_reviews BEFORE INSERT ON causes FOR EACH ROW
    WHEN (NEW.stream LIKE 'review:%') EXECUTE FUNCTION guard_policy_cause();
CREATE TRIGGER guard_reviews BEFORE INSERT OR UPDATE ON streams FOR EACH ROW
    WHEN (NEW.stream LIKE 'review:%') EXECUTE FUNCTION guard_policy_stream();
DROP TRIGGER guard_insert ON events;
CREATE TRIGGER guard_insert BEFORE INSERT ON events FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream NOT LIKE 'policy:%' AND NEW.stream NOT LIKE 'copies:%'
          AND NEW.stream NOT LIKE 'identity:%' AND NEW.stream NOT LIKE 'grant:%' AND NEW.stream <> 'org'
          AND NEW.stream NOT LIKE 'reversal:%' AND NEW.stream NOT LIKE 'calendar:%' AND NEW.stream NOT LIKE 'review:%')
    EXECUTE FUNCTION guard_events();
DROP TRIGGER guard_insert ON causes;
CREATE TRIGGER guard_insert BEFORE INSERT ON causes FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.cause <> 'submit:1' AND NEW.stream NOT LIKE 'policy:%'
          AND NEW.stream NOT LIKE 'delegation:%' AND NEW.stream NOT LIKE 'copies:%' AND NEW.stream NOT LIKE 'identity:%'
          AND NEW.stream NOT LIKE 'grant:%' AND NEW.stream <> 'org' AND NEW.stream NOT LIKE 'reversal:%'
          AND NEW.stream NOT LIKE 'calendar:%' AND NEW.stream NOT LIKE 'review:%')
    EXECUTE FUNCTION refuse_change();
DROP TRIGGER guard_gateway ON streams;
CREATE TRIGGER guard_gateway BEFORE INSERT OR UPDATE ON streams FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream NOT LIKE 'policy:%' AND NEW.stream NOT LIKE 'delegation:%'
          AND NEW.stream NOT LIKE 'copies:%' AND NEW.stream NOT LIKE 'identity:%' AND NEW.stream NOT LIKE 'grant:%'
          AND NEW.stream <> 'org' AND NEW.stream NOT LIKE 'reversal:%' AND NEW.stream NOT LIKE 'calendar:%' AND NEW.stream NOT LIKE 'review:%')
    EXECUTE FUNCTION refuse_change();
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_insert;
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_reviews;
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard_insert;
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard_reviews;
ALTER TABLE streams ENABLE ALWAYS TRIGGER guard_gateway;
ALTER TABLE streams ENABLE ALWAYS TRIGGER guard_reviews;

-- A right is shortened by a revocation that says until when: what was is taken away, and given again with its earlier end,
-- by the same two people in one transaction.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION guard_role_grants() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    granted boolean := true;
    ended   boolean := true;
BEGIN
    IF NEW.source = 'claim' AND (TG_OP = 'INSERT' OR NEW.ended_by = OLD.maker) THEN
        IF NOT may_claim(NEW) OR TG_OP = 'INSERT' AND NEW.ended_at IS NOT NULL OR TG_OP = 'UPDATE' AND (OLD.ended_at IS NOT NULL
           OR (NEW.id, NEW.source, NEW.person, NEW.role, NEW.entity, NEW.department, NEW.from_at, NEW.until_at, NEW.reason,
               NEW.maker, NEW.checker, NEW.granted_at) IS DISTINCT FROM
              (OLD.id, OLD.source, OLD.person, OLD.role, OLD.entity, OLD.department, OLD.from_at, OLD.until_at, OLD.reason,
               OLD.maker, OLD.checker, OLD.granted_at)) THEN
            RAISE EXCEPTION 'countersign: a sign-in gives and ends its own rights, for a time, and none of power'
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END IF;
    IF current_user = 'countersign_directory' THEN
        RAISE EXCEPTION 'countersign: a directory grants nothing in the house' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'INSERT' AND NEW.source = 'house' THEN
        granted := NEW.ended_at IS NULL AND EXISTS (SELECT 1 FROM proposals p WHERE p.id = NEW.id
            AND p.state = 'approved' AND p.maker = NEW.maker AND p.checker = NEW.checker
            AND (p.payload::jsonb ->> 'person', p.payload::jsonb ->> 'role', p.payload::jsonb ->> 'entity',
                 p.payload::jsonb ->> 'department') = (NEW.person, NEW.role, NEW.entity, NEW.department)
            AND (p.kind = 'grant' AND NEW.from_at >= (p.payload::jsonb ->> 'from')::timestamptz
                 OR p.kind = 'revocation' AND NEW.until_at IS NOT NULL AND EXISTS (SELECT 1 FROM role_grants g
                     WHERE g.end_proposal = p.id AND (g.until_at IS NULL OR g.until_at > NEW.until_at)))
            AND coalesce(NEW.until_at, '0001-01-01Z') = (p.payload::jsonb ->> 'until')::timestamptz);
    END IF;
    IF TG_OP = 'UPDATE' THEN
        granted := OLD.ended_at IS NULL AND
            (NEW.id, NEW.source, NEW.person, NEW.role, NEW.entity, NEW.department, NEW.from_at, NEW.until_at, NEW.reason,
             NEW.maker, NEW.checker, NEW.granted_at) IS NOT DISTINCT FROM
            (OLD.id, OLD.source, OLD.person, OLD.role, OLD.entity, OLD.department, OLD.from_at, OLD.until_at, OLD.reason,
             OLD.maker, OLD.checker, OLD.granted_at);
    END IF;
    IF NEW.ended_at IS NOT NULL AND NEW.end_proposal = '' THEN
        ended := administers(NEW.ended_by, NEW.entity);
    ELSIF NEW.ended_at IS NOT NULL THEN
        ended := EXISTS (SELECT 1 FROM proposals p WHERE p.id = NEW.end_proposal AND p.kind = 'revocation'
            AND p.state = 'approved' AND p.maker = NEW.end_maker AND p.checker = NEW.ended_by
            AND (p.payload::jsonb ->> 'person', p.payload::jsonb ->> 'role', p.payload::jsonb ->> 'entity',
                 p.payload::jsonb ->> 'department', p.payload::jsonb ->> 'grant') =
                (NEW.person, NEW.role, NEW.entity, NEW.department, CASE WHEN NEW.source IN ('house', 'claim') THEN NEW.id ELSE '' END));
    ELSIF TG_OP = 'UPDATE' THEN
        ended := false;
    END IF;
    IF NOT granted OR NOT ended THEN
        RAISE EXCEPTION 'countersign: a right is granted and taken away by whom it needs, once'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
