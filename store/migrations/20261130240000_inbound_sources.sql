-- +goose Up

-- How far each source of documents was read that we read ourselves, and how the last time ended. 入站来源读取状态
CREATE TABLE inbound_sources (
    source    text        PRIMARY KEY,
    watermark text        NOT NULL DEFAULT '', -- of the newest row that was read; '' = from the beginning
    read_at   timestamptz NOT NULL,            -- the last time
    took_at   timestamptz,                     -- the last time that something came
    files     integer     NOT NULL DEFAULT 0,  -- that came then
    items     integer     NOT NULL DEFAULT 0,
    code      text        NOT NULL DEFAULT '', -- of the fault that the last time ended with
    detail    text        NOT NULL DEFAULT ''
);
