-- +goose Up

-- What was claimed where less was approved; none where the two are the same. Authority, such as the cap of a
-- delegation, is judged by what was claimed: an approver may sanction up to that again.
ALTER TABLE documents ADD COLUMN claimed_minor bigint, ADD COLUMN claimed_base_minor bigint;
