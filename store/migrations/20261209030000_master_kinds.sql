-- +goose Up

-- What a reading of master data could bring: where a later version, or an option, brings more, everything is read again.
-- 主数据种类
ALTER TABLE master_runs ADD COLUMN kinds text[] NOT NULL DEFAULT '{}';

-- +goose Down

ALTER TABLE master_runs DROP COLUMN kinds;
