-- +goose Up

-- What kind of failure it was, for whoever asks whether an app works: refused, or away.
ALTER TABLE im_syncs ADD COLUMN code text NOT NULL DEFAULT '';
