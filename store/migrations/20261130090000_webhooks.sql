-- +goose Up

-- What other systems are told, endpoint by endpoint, each in one order without a gap. Which endpoints there are is
-- configuration; a row is how one stands.
CREATE TABLE webhook_endpoints (
    id            text PRIMARY KEY,
    state         text        NOT NULL CHECK (state IN ('active', 'paused', 'disabled', 'removed')), -- removed: no longer configured
    why           text        NOT NULL DEFAULT '', -- of disabled: failing, gone
    changed_by    text        NOT NULL DEFAULT '', -- who paused it or had it go on; '' for the house itself
    changed_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_no       bigint      NOT NULL DEFAULT 0, -- of its messages
    delivered_at  timestamptz,
    failing_since timestamptz,
    tries         int         NOT NULL DEFAULT 0, -- failed ones in a row
    next_try      timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((state = 'disabled') = (why <> ''))
);

-- Events that nobody looked at yet for whom they concern. Written with the event, so none is missed; of one stream they are
-- numbered in the order of its events, because the next is only written after the one before was committed.
CREATE TABLE webhook_events (
    n      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream text   NOT NULL,
    seq    bigint NOT NULL
);

CREATE TABLE webhook_messages (
    endpoint text        NOT NULL REFERENCES webhook_endpoints (id),
    no       bigint      NOT NULL, -- 1, 2, 3 … of the endpoint
    stream   text        NOT NULL, -- '' for a test
    seq      bigint      NOT NULL,
    document text        NOT NULL,
    kind     text        NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    state    text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'skipped')),
    tries    int         NOT NULL DEFAULT 0,
    tried_at timestamptz,
    status   int         NOT NULL DEFAULT 0, -- of the last answer; 0: none came
    words    text        NOT NULL DEFAULT '',
    took_ms  bigint      NOT NULL DEFAULT 0,
    ruled_by text        NOT NULL DEFAULT '', -- who had it sent again, or left it out
    ruled_at timestamptz,
    PRIMARY KEY (endpoint, no)
);
CREATE UNIQUE INDEX webhook_messages_once ON webhook_messages (endpoint, stream, seq) WHERE stream <> '';
CREATE INDEX webhook_messages_waiting ON webhook_messages (endpoint, no) WHERE state = 'waiting';
CREATE INDEX webhook_messages_document ON webhook_messages (document) WHERE document <> '';
CREATE INDEX webhook_messages_made ON webhook_messages (made_at) WHERE state <> 'waiting';

-- Every process that records tells of it, with no right to more: hence the owner's rights.
-- +goose StatementBegin
CREATE FUNCTION tell_webhooks() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO webhook_events (stream, seq)
    SELECT e.stream, e.seq FROM recorded e
    JOIN documents d ON d.id = CASE WHEN e.stream LIKE 'reversal:%' THEN substr(e.stream, 10) ELSE e.stream END
    WHERE EXISTS (SELECT FROM webhook_endpoints w WHERE w.state <> 'removed')
    ORDER BY e.stream, e.seq;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER tell_webhooks AFTER INSERT ON events REFERENCING NEW TABLE AS recorded FOR EACH STATEMENT
    EXECUTE FUNCTION tell_webhooks();
ALTER TABLE events ENABLE ALWAYS TRIGGER tell_webhooks;
