-- +goose Up

-- A list of vouchers tells the number under which one that was missing was posted again.
CREATE INDEX reconciliation_rulings_posted ON reconciliation_rulings (reference, outcome_at DESC, id DESC)
    WHERE outcome = 'posted';
