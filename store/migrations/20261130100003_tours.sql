-- +goose Up

-- When somebody first ended a tour of the pages, or wanted none: they are not invited again, in any browser.
ALTER TABLE wishes ADD COLUMN toured_at timestamptz;

-- Reversals that wait for somebody of finance are counted on every page of the finance desk.
CREATE INDEX reversals_waiting ON reversals (entity) WHERE status IN ('requested', 'parked');
