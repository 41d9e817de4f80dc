-- +goose Up

-- Posts, grades and limits of authority are rows of the organisation like the others.
ALTER TABLE org_rows DROP CONSTRAINT org_rows_kind_check;
ALTER TABLE org_rows ADD CONSTRAINT org_rows_kind_check CHECK (kind IN
    ('person', 'department', 'entity', 'supplier', 'grant', 'post', 'grade', 'authority'));
