-- +goose Up

-- An administrator steps in: a document may end as voided, a task as given to somebody else, and the row says whether
-- anybody ever did.
ALTER TABLE documents DROP CONSTRAINT documents_status_check;
ALTER TABLE documents ADD CONSTRAINT documents_status_check CHECK (status IN ('draft', 'submitted', 'pending', 'returned',
    'approved', 'parked', 'posted', 'closed', 'rejected', 'withdrawn', 'voided'));
ALTER TABLE documents ADD COLUMN intervened boolean NOT NULL DEFAULT false;
CREATE INDEX documents_intervened ON documents (sorted_at DESC, id DESC) WHERE intervened;
ALTER TABLE tasks DROP CONSTRAINT tasks_state_check;
ALTER TABLE tasks ADD CONSTRAINT tasks_state_check CHECK (state IN ('open', 'approved', 'rejected', 'returned',
    'superseded', 'escalated', 'expired', 'transferred', 'advised', 'retracted', 'reassigned'));

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION guard_documents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'draft' THEN
            RAISE EXCEPTION 'countersign: only a draft is deleted' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.status <> 'draft' AND current_user = 'countersign_gateway' THEN
        RAISE EXCEPTION 'countersign: the gateway changes drafts only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.status IN ('closed', 'rejected', 'withdrawn', 'voided') AND NEW.status <> OLD.status THEN
        RAISE EXCEPTION 'countersign: % is final', OLD.status USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.seq < OLD.seq OR NEW.number IS DISTINCT FROM OLD.number AND OLD.number IS NOT NULL OR NEW.id <> OLD.id THEN
        RAISE EXCEPTION 'countersign: a head never goes back' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- A proposal may be an intervention in a document: it becomes a signed act in the inbox, never a version.
ALTER TABLE proposals DROP CONSTRAINT proposals_kind_check;
ALTER TABLE proposals ADD CONSTRAINT proposals_kind_check CHECK (kind IN ('policy', 'type', 'mapping', 'intervention'));
-- +goose StatementBegin
DO $$
DECLARE
    versions text;
BEGIN
    SELECT conname INTO STRICT versions FROM pg_constraint
    WHERE conrelid = 'proposals'::regclass AND contype = 'c' AND pg_get_constraintdef(oid) LIKE '%base + 1%';
    EXECUTE format('ALTER TABLE proposals DROP CONSTRAINT %I', versions);
END $$;
-- +goose StatementEnd
ALTER TABLE proposals ADD CONSTRAINT proposals_version_check CHECK (CASE kind WHEN 'intervention' THEN version = 0
    ELSE (state = 'approved') = (version > 0) AND (version = 0 OR version = base + 1) END);
CREATE INDEX proposals_interventions ON proposals (subject, created_at DESC, id DESC) WHERE kind = 'intervention';

-- may_intervene says whether somebody may step in on a document: an active administrator of its entity who is neither
-- its submitter nor its requester nor its payee, with whatever account.
-- +goose StatementBegin
CREATE FUNCTION may_intervene(who text, subject text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM documents d
        JOIN role_holders h ON h.role = 'admin' AND h.entity IN ('', d.entity) AND h.person = who
        WHERE d.id = subject AND d.status <> 'draft' AND NOT same_human(who, d.submitter)
          AND NOT same_human(who, d.requester) AND NOT (d.payee_kind = 'employee' AND same_human(who, d.payee_id)))
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION guard_intervention() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT may_intervene(CASE TG_OP WHEN 'INSERT' THEN NEW.maker ELSE NEW.checker END, NEW.subject)
       OR NEW.payload::jsonb ->> 'document' <> NEW.subject OR NEW.payload::jsonb ->> 'name' <> 'intervene' THEN
        RAISE EXCEPTION 'countersign: an administrator without an interest intervenes'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- No intervention reaches the inbox that one person may not do alone, unless another approved this very one.
-- +goose StatementBegin
CREATE FUNCTION guard_intervening() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    said     jsonb := NEW.canonical::jsonb;
    approved boolean;
BEGIN
    IF said ? 'maker' THEN
        approved := EXISTS (SELECT 1 FROM proposals p WHERE p.id = NEW.id AND p.kind = 'intervention'
            AND p.state = 'approved' AND p.subject = NEW.document AND p.maker = said ->> 'maker'
            AND p.checker = NEW.actor AND may_intervene(p.maker, NEW.document)
            AND p.payload::jsonb = said - 'id' - 'actor' - 'maker' - 'channel');
    ELSE
        approved := EXISTS (SELECT 1 FROM documents d WHERE d.id = NEW.document AND d.total_minor = 0 AND d.base_minor = 0);
    END IF;
    IF NOT approved OR NEW.name <> 'intervene' OR said ->> 'document' <> NEW.document OR said ->> 'actor' <> NEW.actor
       OR NOT may_intervene(NEW.actor, NEW.document) THEN
        RAISE EXCEPTION 'countersign: no intervention without a second person' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER guard_intervention BEFORE INSERT OR UPDATE ON proposals FOR EACH ROW
    WHEN (NEW.kind = 'intervention') EXECUTE FUNCTION guard_intervention();
CREATE TRIGGER guard_intervening BEFORE INSERT ON inbox FOR EACH ROW
    WHEN (NEW.name = 'intervene' OR NEW.canonical LIKE '%"name":"intervene"%') EXECUTE FUNCTION guard_intervening();
ALTER TABLE proposals ENABLE ALWAYS TRIGGER guard_intervention;
ALTER TABLE inbox ENABLE ALWAYS TRIGGER guard_intervening;
