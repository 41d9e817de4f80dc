-- +goose Up

-- Lists of documents are read along indexes in their own order, the newest submission first, person by person and
-- entity by entity: a page costs what it shows, however many documents there are. So tasks and copies know when their
-- document was submitted. The default is for replicas of before, while both run: the end of every list.
DROP INDEX tasks_assignee;
DROP INDEX tasks_decided;
DROP INDEX copies_person;
ALTER TABLE tasks ADD COLUMN sorted_at timestamptz;
ALTER TABLE copies ADD COLUMN sorted_at timestamptz;
UPDATE tasks t SET sorted_at = d.sorted_at FROM documents d WHERE d.id = t.document;
ALTER TABLE copies DISABLE TRIGGER guard;
UPDATE copies c SET sorted_at = d.sorted_at FROM documents d WHERE d.id = c.document;
ALTER TABLE copies ENABLE ALWAYS TRIGGER guard;
ALTER TABLE tasks ALTER COLUMN sorted_at SET DEFAULT '-infinity', ALTER COLUMN sorted_at SET NOT NULL;
ALTER TABLE copies ALTER COLUMN sorted_at SET DEFAULT '-infinity', ALTER COLUMN sorted_at SET NOT NULL;
CREATE INDEX tasks_asked ON tasks (assignee, sorted_at DESC, document DESC);
CREATE INDEX tasks_decided ON tasks (decided_by, sorted_at DESC, document DESC) WHERE decided_by <> '';
CREATE INDEX copies_person ON copies (person, sorted_at DESC, document DESC) WHERE removed_at IS NULL;
CREATE INDEX copies_unread ON copies (person) WHERE removed_at IS NULL AND read_at IS NULL;
CREATE INDEX documents_drafts ON documents (submitter, sorted_at DESC, id DESC) WHERE number IS NULL;
CREATE INDEX documents_department ON documents (department, sorted_at DESC, id DESC);
CREATE INDEX vouchers_entity ON vouchers (entity, created_at DESC, reference DESC);
CREATE INDEX vouchers_state ON vouchers (state, created_at DESC, reference DESC);

-- A title is found by the pairs of characters in it: Chinese words have two, and no spaces between them. Each pair
-- carries the week of the submission, so that a search goes back from week to week and ends when its page is full,
-- however common the word is (docs/adr/0007). Seconds since 1970 do not depend on a zone, nor does the function.
-- +goose StatementBegin
CREATE FUNCTION search_grams(title text, at timestamptz) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT floor(extract(epoch FROM at) / 604800)::text || ':' || substr(t, i, 2)), '{}')
    FROM (SELECT lower(title) AS t) AS folded, generate_series(1, length(t) - 1) AS i
    WHERE substr(t, i, 2) !~ '\s'
$$;
-- +goose StatementEnd
CREATE INDEX documents_search ON documents USING gin (search_grams(title, sorted_at)) WITH (fastupdate = off)
    WHERE number IS NOT NULL;
CREATE INDEX documents_number_prefix ON documents (number text_pattern_ops) WHERE number IS NOT NULL;
CREATE INDEX documents_number_tail ON documents (substring(number FROM '[0-9]+$'), sorted_at DESC, id DESC)
    WHERE number IS NOT NULL;
