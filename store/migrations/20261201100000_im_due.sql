-- +goose Up

-- Cards that say something else than is are marked where that happens, so that looking for them costs what there is to
-- change, however many cards wait.
ALTER TABLE im_cards ADD COLUMN due boolean NOT NULL DEFAULT false;
UPDATE im_cards c SET due = true FROM tasks t, documents d
WHERE t.id = c.task AND d.id = c.document AND c.state = 'shown'
  AND (c.want <> '' OR t.state <> 'open' OR t.round <> c.round OR d.content_hash <> c.content_hash);
DROP INDEX im_cards_shown;
CREATE INDEX im_cards_task ON im_cards (task);
CREATE INDEX im_cards_due ON im_cards (next_try) WHERE state = 'shown' AND due;

-- Whoever ends a task, or changes what it is about, marks every card of it, whatever its state: a card whose state
-- changes at the same moment is held by its row, and then reads of the task anew (store.IMCardIs, store.IMCardTold). One
-- that is only being written down is waited for, because it refers to its document, which a transition locks.
-- Who records has no right to cards: hence the owner's rights.
-- +goose StatementBegin
CREATE FUNCTION mark_im_cards() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_TABLE_NAME = 'tasks' THEN
        UPDATE im_cards SET due = true WHERE task = NEW.id;
    ELSE
        UPDATE im_cards SET due = true WHERE task IN (SELECT id FROM tasks WHERE document = NEW.id);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER mark_im_cards AFTER UPDATE OF state, round ON tasks FOR EACH ROW
    WHEN ((OLD.state, OLD.round) IS DISTINCT FROM (NEW.state, NEW.round)) EXECUTE FUNCTION mark_im_cards();
CREATE TRIGGER mark_im_cards AFTER UPDATE OF content_hash ON documents FOR EACH ROW
    WHEN (OLD.content_hash IS DISTINCT FROM NEW.content_hash) EXECUTE FUNCTION mark_im_cards();
ALTER TABLE tasks ENABLE ALWAYS TRIGGER mark_im_cards;
ALTER TABLE documents ENABLE ALWAYS TRIGGER mark_im_cards;
