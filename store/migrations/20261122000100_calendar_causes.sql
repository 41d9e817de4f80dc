-- +goose Up

-- A calendar that somebody imported is never replaced by the one that ships with the program, so each version says where
-- it came from. Until now only those that ship were ever saved.
ALTER TABLE calendars ADD COLUMN cause text NOT NULL DEFAULT 'shipped';
ALTER TABLE calendars ALTER COLUMN cause DROP DEFAULT;
