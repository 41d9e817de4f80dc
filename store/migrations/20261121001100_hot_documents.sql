-- +goose Up

-- A document's row is written at every transition. As long as no indexed column changes and its page has room, that
-- touches no index (a heap-only update). Two indexes stood in the way: by the time of change, which only checkpoints
-- asked for, every few minutes, and by entity, for its predicate on the status.
DROP INDEX documents_changed;
DROP INDEX documents_entity;
CREATE INDEX documents_entity ON documents (entity, sorted_at DESC, id DESC);
ALTER TABLE documents SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE tasks SET (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.01);
