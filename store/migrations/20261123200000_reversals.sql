-- +goose Up

-- A voucher in the books is undone by another: one person asks, a second one approves, and the books are told once. A row is
-- how far that has come for one voucher, folded from reversal:<document>, and what the relay starts workflows from.
CREATE TABLE reversals (
    voucher    text PRIMARY KEY REFERENCES vouchers (reference), -- what is undone: once at most
    reference  text        NOT NULL UNIQUE CHECK (reference <> voucher),
    document   text        NOT NULL REFERENCES documents (id),
    entity     text        NOT NULL,
    status     text        NOT NULL CHECK (status IN ('requested', 'refused', 'approved', 'parked', 'given_up', 'posted')),
    attempt    int         NOT NULL CHECK (attempt >= 0), -- rulings so far
    proposal   text        NOT NULL REFERENCES proposals (id),
    maker      text        NOT NULL CHECK (maker <> ''),
    checker    text        NOT NULL,
    reason     text        NOT NULL,
    date       text        NOT NULL,
    code       text        NOT NULL, -- why it is parked
    detail     text        NOT NULL,
    unanswered boolean     NOT NULL,
    erp_number text        NOT NULL,
    erp_id     text        NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    tries      int         NOT NULL DEFAULT 0,
    next_try   timestamptz, -- when its workflow is started, for as long as the books did not answer; none: there is nothing to do
    CHECK ((status = 'approved') = (next_try IS NOT NULL)),
    CHECK (status NOT IN ('approved', 'parked', 'posted') OR checker <> '' AND checker <> maker),
    CHECK ((status = 'parked') = (code <> ''))
);
CREATE INDEX reversals_document ON reversals (document);
CREATE INDEX reversals_order ON reversals (changed_at DESC, voucher DESC);
CREATE INDEX reversals_due ON reversals (next_try) WHERE next_try IS NOT NULL;

ALTER TABLE proposals DROP CONSTRAINT proposals_kind_check;
ALTER TABLE proposals ADD CONSTRAINT proposals_kind_check
    CHECK (kind IN ('policy', 'type', 'mapping', 'intervention', 'grant', 'revocation', 'reversal'));
ALTER TABLE proposals DROP CONSTRAINT proposals_version_check;
ALTER TABLE proposals ADD CONSTRAINT proposals_version_check CHECK (CASE
    WHEN kind IN ('intervention', 'grant', 'revocation', 'reversal') THEN version = 0
    ELSE (state = 'approved') = (version > 0) AND (version = 0 OR version = base + 1) END);

-- may_reverse says whether somebody may ask for a reversal, decide on one or rule on one: finance of the document's entity
-- who is neither its submitter nor its requester nor its payee, with whatever account.
-- +goose StatementBegin
CREATE FUNCTION may_reverse(who text, subject text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM documents d
        JOIN role_holders h ON h.role IN ('finance_clerk', 'finance_head') AND h.entity IN ('', d.entity) AND h.person = who
            AND h.from_at <= clock_timestamp() AND h.until_at > clock_timestamp()
        WHERE d.id = subject AND NOT same_human(who, d.submitter) AND NOT same_human(who, d.requester)
          AND NOT (d.payee_kind = 'employee' AND same_human(who, d.payee_id)))
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION guard_reversal_proposal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT may_reverse(CASE TG_OP WHEN 'INSERT' THEN NEW.maker ELSE NEW.checker END, NEW.subject)
       OR NEW.payload::jsonb ->> 'document' IS DISTINCT FROM NEW.subject THEN
        RAISE EXCEPTION 'countersign: finance without an interest reverses' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard_reversal BEFORE INSERT OR UPDATE ON proposals FOR EACH ROW
    WHEN (NEW.kind = 'reversal') EXECUTE FUNCTION guard_reversal_proposal();
ALTER TABLE proposals ENABLE ALWAYS TRIGGER guard_reversal;

-- asked_reversal says whether a row is what a proposal in that state asks for.
-- +goose StatementBegin
CREATE FUNCTION asked_reversal(r reversals, how text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM proposals p WHERE p.id = r.proposal AND p.kind = 'reversal' AND p.state = how
        AND p.subject = r.document AND p.maker = r.maker AND p.checker = r.checker AND p.payload::jsonb =
        jsonb_build_object('voucher', r.voucher, 'document', r.document, 'date', r.date, 'reason', r.reason))
$$;
-- +goose StatementEnd

-- What happens to a reversal, and who may say so: the gateway that it was asked for, decided on and ruled on, the worker
-- what the books answered. A reversal that is in the books stays.
-- +goose StatementBegin
CREATE FUNCTION guard_reversals() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ok boolean := false;
BEGIN
    IF TG_OP = 'INSERT' THEN
        ok := NEW.status = 'requested' AND NEW.attempt = 0;
        IF ok THEN
            ok := asked_reversal(NEW, 'open');
        END IF;
    ELSIF (NEW.voucher, NEW.reference, NEW.document, NEW.entity) IS DISTINCT FROM
          (OLD.voucher, OLD.reference, OLD.document, OLD.entity) OR OLD.status = 'posted' AND (to_jsonb(NEW) - 'next_try' - 'tries')
          <> (to_jsonb(OLD) - 'next_try' - 'tries') THEN
        ok := false;
    ELSIF NEW.status = 'requested' AND OLD.proposal <> NEW.proposal THEN
        ok := NEW.attempt = OLD.attempt AND (OLD.status IN ('refused', 'given_up') OR OLD.status = 'requested'
              AND EXISTS (SELECT 1 FROM proposals p WHERE p.id = OLD.proposal AND p.expires_at <= clock_timestamp()));
        IF ok THEN
            ok := asked_reversal(NEW, 'open');
        END IF;
    ELSIF (NEW.proposal, NEW.maker, NEW.reason) IS DISTINCT FROM (OLD.proposal, OLD.maker, OLD.reason) THEN
        ok := false;
    ELSIF NEW.status = OLD.status THEN
        ok := to_jsonb(NEW) - 'next_try' - 'tries' = to_jsonb(OLD) - 'next_try' - 'tries';
    ELSIF OLD.status = 'requested' AND NEW.status IN ('approved', 'refused') THEN
        ok := NEW.attempt = OLD.attempt;
        IF ok THEN
            ok := asked_reversal(NEW, NEW.status);
        END IF;
    ELSIF OLD.status = 'approved' AND NEW.status IN ('posted', 'parked') THEN
        ok := (NEW.attempt, NEW.checker, NEW.date) = (OLD.attempt, OLD.checker, OLD.date)
              AND current_user <> 'countersign_gateway' AND (NEW.status = 'parked' OR EXISTS (SELECT 1 FROM vouchers v
                  WHERE v.reference = NEW.reference AND v.state = 'posted' AND v.erp_number = NEW.erp_number));
    ELSIF OLD.status = 'parked' AND NEW.status IN ('approved', 'given_up') THEN
        ok := NEW.attempt = OLD.attempt + 1 AND NEW.checker = OLD.checker AND current_user <> 'countersign_worker'
              AND (NOT OLD.unanswered OR NEW.status = 'approved' AND NEW.date = OLD.date);
    END IF;
    IF NOT ok THEN
        RAISE EXCEPTION 'countersign: nothing is reversed without a second person, nor twice'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON reversals FOR EACH ROW EXECUTE FUNCTION guard_reversals();
CREATE TRIGGER guard_all BEFORE TRUNCATE OR DELETE ON reversals FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE reversals ENABLE ALWAYS TRIGGER guard;
ALTER TABLE reversals ENABLE ALWAYS TRIGGER guard_all;

-- Nothing is meant for the books as a reversal that was not approved just so.
-- +goose StatementBegin
CREATE FUNCTION guard_reversal_effect() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM reversals r WHERE r.reference = NEW.reference AND r.document = NEW.document
        AND r.status = 'approved' AND r.attempt = NEW.attempt AND r.voucher = NEW.voucher::jsonb ->> 'reverses'
        AND r.date = NEW.voucher::jsonb ->> 'date') THEN
        RAISE EXCEPTION 'countersign: nothing is reversed that was not approved' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard_reversal BEFORE INSERT ON effects FOR EACH ROW
    WHEN (NEW.kind = 'reversal' OR NEW.reference LIKE '%-reversal:%') EXECUTE FUNCTION guard_reversal_effect();
ALTER TABLE effects ENABLE ALWAYS TRIGGER guard_reversal;

-- Of vouchers the gateway marks one as void: that of a reversal which was given up.
-- +goose StatementBegin
CREATE FUNCTION guard_given_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'void' OR to_jsonb(NEW) - 'state' <> to_jsonb(OLD) - 'state' OR NOT EXISTS (
        SELECT 1 FROM reversals r WHERE r.reference = NEW.reference AND r.status = 'given_up') THEN
        RAISE EXCEPTION 'countersign: the gateway gives up reversals only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard_gateway BEFORE UPDATE ON vouchers FOR EACH ROW
    WHEN (current_user = 'countersign_gateway') EXECUTE FUNCTION guard_given_up();
ALTER TABLE vouchers ENABLE ALWAYS TRIGGER guard_gateway;

-- What is recorded of reversals must have happened, and goes at the end of its stream.
-- +goose StatementBegin
CREATE FUNCTION guard_reversal_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    done boolean := false;
    told reversals;
BEGIN
    SELECT * INTO told FROM reversals r WHERE r.voucher = NEW.data::jsonb ->> 'voucher';
    IF told.voucher IS NOT NULL AND NEW.stream = 'reversal:' || told.document THEN
        done := CASE NEW.kind
            WHEN 'reversal.requested' THEN NEW.cause = 'request:' || told.proposal AND NEW.actor = told.maker
                AND told.status = 'requested'
            WHEN 'reversal.refused' THEN NEW.cause = 'refuse:' || told.proposal AND NEW.actor = told.checker
                AND told.status = 'refused'
            WHEN 'reversal.approved' THEN NEW.cause = 'approve:' || told.proposal AND NEW.actor = told.checker
                AND told.status = 'approved'
            WHEN 'reversal.resolved' THEN NEW.cause = 'resolve:' || told.reference || ':' || (told.attempt - 1)
                AND told.status IN ('approved', 'given_up') AND may_reverse(NEW.actor, told.document)
            WHEN 'reversal.posted' THEN NEW.cause = 'effect:' || told.reference || ':' || told.attempt AND told.status = 'posted'
                AND NEW.actor = 'system:posting'
            WHEN 'reversal.parked' THEN NEW.cause = 'effect:' || told.reference || ':' || told.attempt AND told.status = 'parked'
                AND NEW.actor = 'system:posting'
            ELSE false END
            AND (NEW.kind IN ('reversal.posted', 'reversal.parked')) = (current_user = 'countersign_worker');
    END IF;
    IF NOT done OR NOT EXISTS (SELECT 1 FROM streams s WHERE s.stream = NEW.stream AND s.seq + 1 = NEW.seq
        AND s.head_hash = NEW.prev) THEN
        RAISE EXCEPTION 'countersign: reversals are recorded as they were decided' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard_reversals BEFORE INSERT ON events FOR EACH ROW
    WHEN (NEW.stream LIKE 'reversal:%' AND current_user IN ('countersign_gateway', 'countersign_worker'))
    EXECUTE FUNCTION guard_reversal_event();
CREATE TRIGGER guard_reversals BEFORE INSERT ON causes FOR EACH ROW
    WHEN (NEW.stream LIKE 'reversal:%' AND current_user IN ('countersign_gateway', 'countersign_worker'))
    EXECUTE FUNCTION guard_policy_cause();
CREATE TRIGGER guard_reversals BEFORE INSERT OR UPDATE ON streams FOR EACH ROW
    WHEN (NEW.stream LIKE 'reversal:%' AND current_user IN ('countersign_gateway', 'countersign_worker'))
    EXECUTE FUNCTION guard_policy_stream();
DROP TRIGGER guard_insert ON events;
CREATE TRIGGER guard_insert BEFORE INSERT ON events FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream NOT LIKE 'policy:%' AND NEW.stream NOT LIKE 'copies:%'
          AND NEW.stream NOT LIKE 'identity:%' AND NEW.stream NOT LIKE 'grant:%' AND NEW.stream <> 'org'
          AND NEW.stream NOT LIKE 'reversal:%')
    EXECUTE FUNCTION guard_events();
DROP TRIGGER guard_insert ON causes;
CREATE TRIGGER guard_insert BEFORE INSERT ON causes FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.cause <> 'submit:1' AND NEW.stream NOT LIKE 'policy:%'
          AND NEW.stream NOT LIKE 'delegation:%' AND NEW.stream NOT LIKE 'copies:%' AND NEW.stream NOT LIKE 'identity:%'
          AND NEW.stream NOT LIKE 'grant:%' AND NEW.stream <> 'org' AND NEW.stream NOT LIKE 'reversal:%')
    EXECUTE FUNCTION refuse_change();
DROP TRIGGER guard_gateway ON streams;
CREATE TRIGGER guard_gateway BEFORE INSERT OR UPDATE ON streams FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream NOT LIKE 'policy:%' AND NEW.stream NOT LIKE 'delegation:%'
          AND NEW.stream NOT LIKE 'copies:%' AND NEW.stream NOT LIKE 'identity:%' AND NEW.stream NOT LIKE 'grant:%'
          AND NEW.stream <> 'org' AND NEW.stream NOT LIKE 'reversal:%')
    EXECUTE FUNCTION refuse_change();
DROP TRIGGER guard_worker ON streams;
CREATE TRIGGER guard_worker BEFORE INSERT OR UPDATE ON streams FOR EACH ROW
    WHEN (current_user = 'countersign_worker' AND NEW.stream NOT LIKE 'copies:%' AND NEW.stream NOT LIKE 'reversal:%')
    EXECUTE FUNCTION refuse_change();
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_insert;
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_reversals;
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard_insert;
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard_reversals;
ALTER TABLE streams ENABLE ALWAYS TRIGGER guard_gateway;
ALTER TABLE streams ENABLE ALWAYS TRIGGER guard_reversals;
ALTER TABLE streams ENABLE ALWAYS TRIGGER guard_worker;
