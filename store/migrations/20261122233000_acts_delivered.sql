-- +goose Up

-- An act is delivered until Temporal is known to have it for good: an update that was completed, or a signal that was
-- accepted. The outcome alone does not say so: the worker that recorded it may have died before its workflow task was
-- completed, and an update that is under way is lost with the Temporal server. What was answered before is taken as
-- delivered.
ALTER TABLE inbox ADD COLUMN delivered boolean NOT NULL DEFAULT true;
ALTER TABLE inbox ALTER COLUMN delivered SET DEFAULT false;
DROP INDEX inbox_waiting;
CREATE INDEX inbox_waiting ON inbox (next_delivery) WHERE outcome IS NULL OR NOT delivered;

-- +goose Down
DROP INDEX inbox_waiting;
CREATE INDEX inbox_waiting ON inbox (next_delivery) WHERE outcome IS NULL;
ALTER TABLE inbox DROP COLUMN delivered;
