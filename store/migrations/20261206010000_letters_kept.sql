-- +goose Up

-- What asked for a decision in somebody's hand is forgotten once it serves no more: what they decided is in the record.
-- +goose StatementBegin
CREATE FUNCTION guard_expired() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' OR OLD.expires_at > clock_timestamp() THEN
        RAISE EXCEPTION 'countersign: % of % refused: it still serves', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END $$;
CREATE FUNCTION guard_im_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' OR EXISTS (SELECT FROM im_cards c WHERE c.id = OLD.card AND c.expires_at > clock_timestamp()) THEN
        RAISE EXCEPTION 'countersign: % of % refused: it still serves', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END $$;
-- +goose StatementEnd
DROP TRIGGER guard ON letters;
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON letters FOR EACH ROW EXECUTE FUNCTION guard_expired();
ALTER TABLE letters ENABLE ALWAYS TRIGGER guard;
DROP TRIGGER guard ON im_tokens;
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON im_tokens FOR EACH ROW EXECUTE FUNCTION guard_im_tokens();
ALTER TABLE im_tokens ENABLE ALWAYS TRIGGER guard;
CREATE TRIGGER guard_delete BEFORE DELETE ON im_cards FOR EACH ROW EXECUTE FUNCTION guard_expired();
ALTER TABLE im_cards ENABLE ALWAYS TRIGGER guard_delete;
CREATE INDEX letters_expired ON letters (expires_at);
CREATE INDEX im_cards_expired ON im_cards (expires_at);
CREATE INDEX im_tokens_card ON im_tokens (card);

-- A message of which nothing was left to tell when its turn came: all that it asked for was over.
ALTER TABLE notice_deliveries DROP CONSTRAINT notice_deliveries_state_check;
ALTER TABLE notice_deliveries ADD CONSTRAINT notice_deliveries_state_check
    CHECK (state IN ('waiting', 'delivered', 'failed', 'held', 'moot'));

-- Which sets of endpoints relays are configured with, since when, and when a relay last said so: of those in use the newest
-- says which endpoints there are, so that a relay with an older one takes nothing away.
CREATE TABLE webhook_configurations (
    endpoints text PRIMARY KEY, -- their ids, sorted
    since     timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
