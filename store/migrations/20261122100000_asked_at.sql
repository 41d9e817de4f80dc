-- +goose Up

-- When what is asked for now was asked for: by the submission, or by the last resubmission. Documents of one payee, or
-- of one requester, that were asked for within some days may count as one amount (store/beside.go). The predicate
-- leaves drafts out and names no column that a transition changes, so those stay heap-only updates.
ALTER TABLE documents ADD COLUMN asked_at timestamptz;
UPDATE documents d SET asked_at = (
    SELECT max(e.at) FROM events e WHERE e.stream = d.id AND e.kind IN ('document.submitted', 'document.resubmitted')
) WHERE d.status <> 'draft';
CREATE INDEX documents_payee ON documents (payee_id, asked_at) WHERE asked_at IS NOT NULL;
