-- +goose Up

-- A directory that we ask ourselves: whose entries come from which source, and what each run of pulling one found and did.
ALTER TABLE directory_entries ADD COLUMN source text NOT NULL DEFAULT ''; -- '' for a directory that tells by itself
CREATE INDEX directory_entries_source ON directory_entries (source) WHERE source <> '';

CREATE TABLE directory_runs (
    id          text PRIMARY KEY,
    source      text        NOT NULL CHECK (source <> ''),
    asked_by    text        NOT NULL, -- a person; '' for the schedule
    dry_run     boolean     NOT NULL,
    state       text        NOT NULL CHECK (state IN ('running', 'held', 'done', 'shown', 'failed')),
    began_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at    timestamptz,
    listed      int         NOT NULL DEFAULT 0,
    joins       int         NOT NULL DEFAULT 0,
    changes     int         NOT NULL DEFAULT 0,
    leaves      int         NOT NULL DEFAULT 0,
    applied     int         NOT NULL DEFAULT 0,
    refused     int         NOT NULL DEFAULT 0, -- differences that could not be carried out, each with its fault
    active      int         NOT NULL DEFAULT 0, -- people who worked here before it
    sum         text        NOT NULL DEFAULT '', -- SHA-256 of what was read
    differences text        NOT NULL DEFAULT '[]', -- JSON: the first of them, for people
    leavers     text[]      NOT NULL DEFAULT '{}', -- the source's keys of who would leave
    fault       text        NOT NULL DEFAULT '',
    approved_by text        NOT NULL DEFAULT '',
    approved_at timestamptz,
    CHECK ((state = 'running') = (ended_at IS NULL)),
    CHECK ((approved_by = '') = (approved_at IS NULL))
);
CREATE UNIQUE INDEX directory_runs_one ON directory_runs (source) WHERE state = 'running';
CREATE INDEX directory_runs_began ON directory_runs (began_at DESC, id DESC);

-- What a run found stays; that so many may leave is an administrator's word, once.
-- +goose StatementBegin
CREATE FUNCTION guard_directory_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state <> 'running' AND (OLD.state <> 'held' OR OLD.approved_by <> '' OR NEW.approved_by = ''
       OR NOT administers(NEW.approved_by, '') OR to_jsonb(NEW) - 'approved_by' - 'approved_at'
          IS DISTINCT FROM to_jsonb(OLD) - 'approved_by' - 'approved_at')
       OR (TG_OP = 'INSERT' OR OLD.state = 'running') AND NEW.approved_by <> '' THEN
        RAISE EXCEPTION 'countersign: what a run found stays, and an administrator lets people leave'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON directory_runs FOR EACH ROW EXECUTE FUNCTION guard_directory_run();
CREATE TRIGGER guard_delete BEFORE DELETE ON directory_runs FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON directory_runs FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE directory_runs ENABLE ALWAYS TRIGGER guard;
ALTER TABLE directory_runs ENABLE ALWAYS TRIGGER guard_delete;
ALTER TABLE directory_runs ENABLE ALWAYS TRIGGER guard_all;
