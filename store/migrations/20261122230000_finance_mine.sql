-- +goose Up

-- What waits for one person of finance, the longest wait first.
CREATE INDEX tasks_finance_mine ON tasks (assignee, opened_at, id)
    WHERE state = 'open' AND via IN ('role:finance_clerk', 'role:finance_head');
