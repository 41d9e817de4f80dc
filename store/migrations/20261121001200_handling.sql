-- +goose Up

-- What an approver may do with a task beside deciding it: hand it over, ask for advice, take a decision back.
ALTER TABLE tasks DROP CONSTRAINT tasks_state_check;
ALTER TABLE tasks ADD CONSTRAINT tasks_state_check CHECK (state IN ('open', 'approved', 'rejected', 'returned',
    'superseded', 'escalated', 'expired', 'transferred', 'advised', 'retracted'));
ALTER TABLE tasks ADD COLUMN for_task text NOT NULL DEFAULT ''; -- the task whose assignee asks for advice
