-- +goose Up

-- The record is searched by cause: an act by the inbox, what every document has by the
-- newest events, and the rest, such as a change of the organisation, by this.
CREATE INDEX causes_rare ON causes (cause) WHERE cause NOT IN ('submit:1', 'plan:1:0') AND cause !~ '^[0-9a-f-]{36}$';
