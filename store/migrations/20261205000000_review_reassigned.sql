-- +goose Up

-- Somebody else may be asked about an item of a review of rights: who is asked now, by whose word and why. Who was asked at
-- first stays, for the hash of the campaign is over it; every handover is an event.
ALTER TABLE certification_items
    ADD COLUMN handed        int  NOT NULL DEFAULT 0 CHECK (handed BETWEEN 0 AND 10),
    ADD COLUMN handed_to     text NOT NULL DEFAULT '',
    ADD COLUMN handed_by     text NOT NULL DEFAULT '',
    ADD COLUMN handed_reason text NOT NULL DEFAULT '',
    ADD COLUMN handed_at     timestamptz,
    ADD CHECK ((handed = 0) = (handed_at IS NULL) AND (handed = 0) = (handed_to = '')
        AND (handed = 0) = (handed_by = '') AND (handed = 0) = (btrim(handed_reason) = ''));
CREATE INDEX certification_items_handed ON certification_items (handed_to, campaign) WHERE handed > 0;

-- An item is decided once, before its campaign is over, by whom it asks or an administrator, and never by its holder or by
-- who decides in the holder's place; only the end of the campaign makes it undecided. Until it is decided, whom it asks or an
-- administrator has another asked, who is neither the holder, nor decides in their place, nor is who hands it on.
-- +goose StatementBegin
CREATE FUNCTION impartial(who text, holder text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT same_human(who, holder) AND NOT EXISTS (SELECT 1 FROM delegations d WHERE same_human(d.person, holder)
        AND same_human(d.delegate, who) AND d.revoked_at IS NULL AND d.until_at > clock_timestamp())
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION guard_certification_items() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ok    boolean;
    asked text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        ok := NEW.state = 'open' AND NEW.handed = 0
            AND NOT EXISTS (SELECT 1 FROM streams s WHERE s.stream = 'review:' || NEW.campaign);
    ELSE
        asked := coalesce(nullif(OLD.handed_to, ''), OLD.reviewer);
        ok := OLD.state = 'open'
            AND (NEW.campaign, NEW.no, NEW.person, NEW.role, NEW.entity, NEW.department, NEW.grant_key, NEW.until_at, NEW.reviewer)
                IS NOT DISTINCT FROM
                (OLD.campaign, OLD.no, OLD.person, OLD.role, OLD.entity, OLD.department, OLD.grant_key, OLD.until_at, OLD.reviewer);
        IF ok AND NEW.state = 'open' THEN
            ok := NEW.handed = OLD.handed + 1
                AND (NEW.decided_by, NEW.reason, NEW.proposal) = (OLD.decided_by, OLD.reason, OLD.proposal)
                AND (NEW.handed_by = asked OR administers(NEW.handed_by, NEW.entity))
                AND NEW.handed_to <> asked AND NOT same_human(NEW.handed_to, NEW.handed_by)
                AND impartial(NEW.handed_to, NEW.person) AND impartial(NEW.handed_by, NEW.person)
                AND EXISTS (SELECT 1 FROM certifications c WHERE c.id = NEW.campaign AND c.closes_at > clock_timestamp());
        ELSIF ok THEN
            ok := (NEW.handed, NEW.handed_to, NEW.handed_by, NEW.handed_reason, NEW.handed_at) IS NOT DISTINCT FROM
                  (OLD.handed, OLD.handed_to, OLD.handed_by, OLD.handed_reason, OLD.handed_at)
                AND (NEW.proposal = '' OR EXISTS (SELECT 1 FROM proposals p WHERE p.id = NEW.proposal AND p.kind = 'revocation'
                    AND p.subject = NEW.person AND p.payload::jsonb ->> 'role' = NEW.role
                    AND p.payload::jsonb ->> 'entity' = NEW.entity));
        END IF;
        IF ok AND NEW.state IN ('undecided', 'ended') THEN
            ok := NEW.decided_by = 'system:review'
                AND EXISTS (SELECT 1 FROM certifications c WHERE c.id = NEW.campaign AND c.closes_at <= clock_timestamp());
        ELSIF ok AND NEW.state <> 'open' THEN
            ok := impartial(NEW.decided_by, NEW.person)
                AND (NEW.decided_by = asked OR administers(NEW.decided_by, NEW.entity))
                AND (NEW.proposal <> '') = (NEW.state <> 'keep')
                AND EXISTS (SELECT 1 FROM certifications c WHERE c.id = NEW.campaign AND c.closes_at > clock_timestamp());
        END IF;
    END IF;
    IF NOT ok THEN
        RAISE EXCEPTION 'countersign: nobody certifies a right of their own, or twice' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION guard_review_event() RETURNS trigger LANGUAGE plpgsql AS $$
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
            WHEN 'review.reassigned' THEN EXISTS (SELECT 1 FROM certification_items i WHERE i.campaign = told.id
                AND NEW.cause = 'reassign:' || i.no || ':' || i.handed AND NEW.actor = i.handed_by
                AND NEW.data::jsonb ->> 'to' = i.handed_to AND NEW.data::jsonb ->> 'reason' = i.handed_reason)
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
