-- +goose Up

-- What was said to ERPs and what they answered, without secrets: a log for people, kept
-- for a while and then deleted by batches from its old end. No evidence stands on it.
CREATE TABLE erp_exchanges (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection   text        NOT NULL,
    adapter      text        NOT NULL,
    op           text        NOT NULL,
    document     text        NOT NULL, -- '' where it was about no single one; so too the others
    reference    text        NOT NULL,
    entity       text        NOT NULL,
    attempt      integer     NOT NULL, -- of effect_attempts; 0 = it only looked
    started_at   timestamptz NOT NULL,
    took_us      bigint      NOT NULL,
    status       integer     NOT NULL, -- of HTTP; 0 = no answer, or no HTTP
    class        text        NOT NULL CHECK (class IN ('ok', 'refused', 'busy', 'unknown')),
    code         text        NOT NULL,
    method       text        NOT NULL,
    path         text        NOT NULL,
    sent_bytes   bigint      NOT NULL,
    got_bytes    bigint      NOT NULL,
    sent_sum     text        NOT NULL, -- SHA-256, where no excerpt could be kept
    got_sum      text        NOT NULL,
    sent         text        NOT NULL, -- excerpts, redacted
    got          text        NOT NULL
);
CREATE INDEX erp_exchanges_connection ON erp_exchanges (connection, started_at DESC, id DESC);
CREATE INDEX erp_exchanges_class ON erp_exchanges (connection, class, started_at DESC, id DESC);
CREATE INDEX erp_exchanges_document ON erp_exchanges (document, started_at DESC, id DESC) WHERE document <> '';

-- While a connection does not answer, or most of what it answers is no, it is sick; each
-- time is told of once, and its end once.
CREATE TABLE erp_episodes (
    id         uuid        PRIMARY KEY,
    connection text        NOT NULL,
    kind       text        NOT NULL CHECK (kind IN ('silent', 'errors')),
    since      timestamptz NOT NULL, -- when it began, as far as anybody saw
    began_at   timestamptz NOT NULL DEFAULT clock_timestamp(), -- when it was noticed
    ended_at   timestamptz
);
CREATE UNIQUE INDEX erp_episodes_open ON erp_episodes (connection) WHERE ended_at IS NULL;
CREATE INDEX erp_episodes_newest ON erp_episodes (connection, began_at DESC);

CREATE TRIGGER guard BEFORE UPDATE ON erp_exchanges FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE erp_exchanges ENABLE ALWAYS TRIGGER guard;
