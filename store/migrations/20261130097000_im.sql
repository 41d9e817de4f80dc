-- +goose Up

-- Who somebody is on a messaging platform, and who says so: evidence, which ends and is never changed.
CREATE TABLE im_people (
    id        text PRIMARY KEY,
    app       text        NOT NULL CHECK (app <> ''),
    person    text        NOT NULL CHECK (person <> ''),
    platform  text        NOT NULL CHECK (platform <> ''), -- the platform's id of them
    how       text        NOT NULL CHECK (how IN ('email', 'employee')),
    linked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at  timestamptz
);
CREATE UNIQUE INDEX im_people_person ON im_people (app, person) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX im_people_platform ON im_people (app, platform) WHERE ended_at IS NULL;
CREATE INDEX im_people_of ON im_people (person, linked_at DESC);

-- +goose StatementBegin
CREATE FUNCTION guard_im_people() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL OR to_jsonb(NEW) - 'ended_at' <> to_jsonb(OLD) - 'ended_at' THEN
        RAISE EXCEPTION 'countersign: who somebody was on a platform stays' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard BEFORE UPDATE ON im_people FOR EACH ROW EXECUTE FUNCTION guard_im_people();
CREATE TRIGGER guard_all BEFORE DELETE OR TRUNCATE ON im_people FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE im_people ENABLE ALWAYS TRIGGER guard;
ALTER TABLE im_people ENABLE ALWAYS TRIGGER guard_all;

-- When the people of an app were last matched with ours, and what came of it.
CREATE TABLE im_syncs (
    app     text PRIMARY KEY,
    next_at timestamptz NOT NULL,
    done_at timestamptz,
    found   int         NOT NULL DEFAULT 0, -- people the platform told of
    linked  int         NOT NULL DEFAULT 0, -- of these, how many are ours
    failure text        NOT NULL DEFAULT ''
);

-- A card in somebody's hand. The row is written before the platform is asked to show it, so a repeat after a crash is the
-- same card.
CREATE TABLE im_cards (
    id           text PRIMARY KEY,
    app          text        NOT NULL,
    notice       text        NOT NULL, -- that it tells of
    person       text        NOT NULL,
    platform     text        NOT NULL,
    task         text        NOT NULL,
    document     text        NOT NULL REFERENCES documents (id),
    round        int         NOT NULL,
    content_hash text        NOT NULL,
    locale       text        NOT NULL,
    made_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at   timestamptz NOT NULL,
    state        text        NOT NULL DEFAULT 'intended' CHECK (state IN ('intended', 'shown', 'ended', 'gone', 'refused')),
    sent         text        NOT NULL DEFAULT '', -- what the platform needs to change it
    want         text        NOT NULL DEFAULT '', -- page: somebody pressed what is decided on the page only
    next_try     timestamptz NOT NULL DEFAULT clock_timestamp(),
    tries        int         NOT NULL DEFAULT 0,
    failure      text        NOT NULL DEFAULT '',
    UNIQUE (app, notice, person)
);
CREATE INDEX im_cards_shown ON im_cards (task) WHERE state = 'shown';

-- +goose StatementBegin
CREATE FUNCTION guard_im_cards() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.app, NEW.person, NEW.platform, NEW.task, NEW.document, NEW.round, NEW.content_hash, NEW.expires_at) IS DISTINCT
       FROM (OLD.id, OLD.app, OLD.person, OLD.platform, OLD.task, OLD.document, OLD.round, OLD.content_hash, OLD.expires_at) THEN
        RAISE EXCEPTION 'countersign: what a card is about stays' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard BEFORE UPDATE ON im_cards FOR EACH ROW EXECUTE FUNCTION guard_im_cards();
ALTER TABLE im_cards ENABLE ALWAYS TRIGGER guard;

-- What a button of a card is pressed with: random, and only its hash is kept. A card that was sent again has more than one.
CREATE TABLE im_tokens (
    hash    text PRIMARY KEY,
    card    text NOT NULL REFERENCES im_cards (id),
    verdict text NOT NULL CHECK (verdict IN ('approve', 'reject'))
);
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON im_tokens FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE im_tokens ENABLE ALWAYS TRIGGER guard;
