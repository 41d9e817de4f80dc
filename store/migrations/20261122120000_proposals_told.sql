-- +goose Up

-- What was told of the end of a proposal, once each: before it expires to who may decide on it, and afterwards to its maker.
CREATE TABLE proposal_tellings (
    proposal text        NOT NULL REFERENCES proposals (id),
    what     text        NOT NULL CHECK (what IN ('expiring', 'expired')),
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (proposal, what)
);
-- Of those that had expired before nobody is told any more.
INSERT INTO proposal_tellings (proposal, what)
SELECT id, 'expired' FROM proposals WHERE state = 'open' AND expires_at <= clock_timestamp();
CREATE INDEX proposals_waiting ON proposals (expires_at) WHERE state = 'open';
