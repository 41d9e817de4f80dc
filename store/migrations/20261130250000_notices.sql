-- +goose Up

-- Why a notice is not told now, and when somebody who does not look is told of it again.
ALTER TABLE notices
    ADD COLUMN held     text NOT NULL DEFAULT '', -- budget, quiet, off_hours, wished, unreachable: for the digest; digest: in one; muted, moot, nobody: in the list only
    ADD COLUMN again_at timestamptz;
CREATE INDEX notices_held ON notices (person) WHERE held <> '' AND sent_at IS NULL;
CREATE INDEX notices_again ON notices (again_at) WHERE again_at IS NOT NULL;

-- One message to one person: what was told, by which channel, when, and what came of it. It is kept for a while only.
CREATE TABLE notice_deliveries (
    id       text PRIMARY KEY, -- made of the first notice: the same again is the same message
    person   text        NOT NULL CHECK (person <> ''),
    shape    text        NOT NULL CHECK (shape IN ('one', 'several', 'digest', 'again')),
    urgency  text        NOT NULL CHECK (urgency IN ('urgent', 'ordinary', 'news')),
    channels text[]      NOT NULL, -- in the order in which they are tried
    channel  text        NOT NULL DEFAULT '', -- by which it was tried last
    notices  text[]      NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    tried_at timestamptz, -- counts against the budget for an hour: it may have arrived
    next_try timestamptz NOT NULL DEFAULT clock_timestamp(),
    tries    int         NOT NULL DEFAULT 0,
    state    text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'failed', 'held')),
    ended_at timestamptz,
    failure  text        NOT NULL DEFAULT ''
);
CREATE INDEX notice_deliveries_waiting ON notice_deliveries (next_try) WHERE state = 'waiting';
CREATE INDEX notice_deliveries_spent ON notice_deliveries (person, tried_at);
CREATE INDEX notice_deliveries_failed ON notice_deliveries (person, tried_at DESC) WHERE state = 'failed';
CREATE INDEX notice_deliveries_made ON notice_deliveries (made_at DESC, id DESC);
CREATE INDEX notice_deliveries_digest ON notice_deliveries (person, made_at DESC) WHERE shape = 'digest';

-- What the links by which somebody does without a topic are signed with: two random UUIDs. It lets nobody do more than that.
CREATE TABLE notice_key (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    key text NOT NULL
);
INSERT INTO notice_key (key) VALUES (gen_random_uuid()::text || gen_random_uuid()::text);
CREATE TRIGGER guard_all BEFORE UPDATE OR DELETE OR TRUNCATE ON notice_key FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE notice_key ENABLE ALWAYS TRIGGER guard_all;
