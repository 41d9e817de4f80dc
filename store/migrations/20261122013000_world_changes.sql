-- +goose Up

-- Open documents follow the world: a calendar changes, somebody leaves. What changed is kept with the change; a relay
-- finds the documents concerned and tells each of them.
CREATE TABLE changes (
    kind      text        NOT NULL CHECK (kind IN ('calendar', 'directory')),
    name      text        NOT NULL, -- the calendar; '' for the directory
    version   bigint      NOT NULL, -- of the calendar, of the organisation
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    spread_at timestamptz,          -- every document concerned has its telling
    PRIMARY KEY (kind, name, version)
);
CREATE INDEX changes_waiting ON changes (kind, name) WHERE spread_at IS NULL;

CREATE TABLE tellings ( -- what a document is told of the world: one row for each thing, the newest version of it
    document   text        NOT NULL REFERENCES documents (id),
    kind       text        NOT NULL CHECK (kind IN ('calendar', 'directory')),
    name       text        NOT NULL,
    version    bigint      NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    next_try   timestamptz NOT NULL DEFAULT clock_timestamp(),
    tries      int         NOT NULL DEFAULT 0,
    done_at    timestamptz,
    PRIMARY KEY (document, kind, name)
);
CREATE INDEX tellings_waiting ON tellings (next_try) WHERE done_at IS NULL;

CREATE TABLE leavers ( -- who worked here and is not active now: no task waits for them
    person text PRIMARY KEY
);
INSERT INTO leavers SELECT DISTINCT id FROM org_rows p WHERE kind = 'person' AND NOT EXISTS (
    SELECT FROM org_rows a WHERE a.kind = 'person' AND a.id = p.id AND a.to_version IS NULL
       AND (a.body::jsonb ->> 'active')::boolean);

CREATE TABLE heirs ( -- whom an operator named to take over the tasks of somebody who leaves; the newest counts
    id     text PRIMARY KEY,
    person text        NOT NULL,
    heir   text        NOT NULL CHECK (heir <> person AND heir <> ''),
    reason text        NOT NULL,
    at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX heirs_person ON heirs (person, at DESC);
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON heirs FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON heirs FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE heirs ENABLE ALWAYS TRIGGER guard;
ALTER TABLE heirs ENABLE ALWAYS TRIGGER guard_all;

ALTER TABLE tasks DROP CONSTRAINT tasks_state_check;
ALTER TABLE tasks ADD CONSTRAINT tasks_state_check CHECK (state IN ('open', 'approved', 'rejected', 'returned',
    'superseded', 'escalated', 'expired', 'transferred', 'advised', 'retracted', 'reassigned', 'handed_over'));
ALTER TABLE tasks ADD COLUMN calendar text NOT NULL DEFAULT '';         -- by which the deadline is counted; '' for none
ALTER TABLE tasks ADD COLUMN calendar_version int NOT NULL DEFAULT 0;   -- 0: of before there were versions here
ALTER TABLE tasks ADD COLUMN counted_at timestamptz;                    -- when it was counted
UPDATE tasks t SET calendar = e.data::jsonb #>> '{clock,calendar}', counted_at = t.opened_at
FROM events e WHERE t.state = 'open' AND e.stream = t.document AND e.seq = t.opened_seq
    AND (t.due_at IS NOT NULL OR t.remind_at NOT IN ('null', '[]'))
    AND coalesce(nullif(e.data::jsonb #>> '{clock,due,unit}', ''), e.data::jsonb #>> '{clock,first,unit}') LIKE 'work%';
CREATE INDEX tasks_calendar ON tasks (calendar, calendar_version, document) WHERE state = 'open' AND calendar <> '';

CREATE INDEX events_stops ON events (actor) WHERE kind = 'clock.stopped'; -- whose clock stands still
