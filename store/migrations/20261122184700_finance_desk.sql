-- +goose Up

-- What waits for finance, the longest wait first.
CREATE INDEX tasks_finance ON tasks (opened_at, id)
    WHERE state = 'open' AND via IN ('role:finance_clerk', 'role:finance_head');
