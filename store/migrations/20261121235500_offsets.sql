-- +goose Up

-- Which documents settle an advance. Their content is the only record of it, so that no balance can disagree with what
-- was decided on; this finds them without reading all the others.
CREATE INDEX revisions_offset ON revisions ((content::jsonb #>> '{offset,document}')) WHERE content LIKE '%"offset":{%';
