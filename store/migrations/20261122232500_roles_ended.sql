-- +goose Up

-- A task that a role gave to somebody ends with the role. The relay notes each version of the organisation in which
-- grants or posts ended, after the newest noted; what ended before today is not asked about.
INSERT INTO changes (kind, name, version, spread_at)
SELECT 'directory', 'roles', coalesce(max(version), 0), clock_timestamp() FROM org_versions
ON CONFLICT DO NOTHING;
