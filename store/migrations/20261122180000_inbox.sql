-- +goose Up

-- What somebody decided, by when; what they decided for others, and others in their place (few rows each); and what they
-- were asked for that ended without a decision of it. The lists of the inbox are read along these.
CREATE INDEX tasks_done ON tasks (decided_by, decided_at DESC, id DESC) WHERE decided_by <> '';
CREATE INDEX tasks_for_others ON tasks (decided_by, decided_at DESC, id DESC)
    WHERE decided_by <> '' AND decided_by <> assignee AND assignee NOT LIKE 'queue:%';
CREATE INDEX tasks_by_others ON tasks (assignee, decided_at DESC, id DESC)
    WHERE decided_by <> '' AND decided_by <> assignee;
CREATE INDEX tasks_ended ON tasks (assignee, opened_at DESC, id DESC) WHERE state <> 'open' AND decided_by = '';
