-- +goose Up

-- Who was copied in on a document, by whom: a right to read, so each row has its event in the stream copies:<document>.
-- Opening it and taking it back change a row, each once.
CREATE TABLE copies (
    batch         text        NOT NULL, -- those made by one call
    document      text        NOT NULL REFERENCES documents (id),
    person        text        NOT NULL CHECK (person <> ''),
    made_by       text        NOT NULL CHECK (made_by <> '' AND made_by <> person),
    how           text        NOT NULL CHECK (how IN ('cc', 'passed_on', 'mention')),
    remark        text        NOT NULL,
    made_at       timestamptz NOT NULL,
    read_at       timestamptz,
    removed_by    text        NOT NULL DEFAULT '',
    removed_at    timestamptz,
    remove_reason text        NOT NULL DEFAULT '',
    PRIMARY KEY (batch, person),
    CHECK ((removed_at IS NULL) = (removed_by = ''))
);
CREATE UNIQUE INDEX copies_standing ON copies (document, person) WHERE removed_at IS NULL;
CREATE INDEX copies_document ON copies (document, made_at, person);
CREATE INDEX copies_person ON copies (person, document) WHERE removed_at IS NULL;

-- +goose StatementBegin
CREATE FUNCTION guard_copies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.batch, NEW.document, NEW.person, NEW.made_by, NEW.how, NEW.remark, NEW.made_at)
       IS DISTINCT FROM (OLD.batch, OLD.document, OLD.person, OLD.made_by, OLD.how, OLD.remark, OLD.made_at)
       OR OLD.read_at IS NOT NULL AND NEW.read_at IS DISTINCT FROM OLD.read_at
       OR OLD.removed_at IS NOT NULL AND (NEW.removed_at, NEW.removed_by, NEW.remove_reason, NEW.read_at)
          IS DISTINCT FROM (OLD.removed_at, OLD.removed_by, OLD.remove_reason, OLD.read_at) THEN
        RAISE EXCEPTION 'countersign: a copy is opened once and taken back once, and nothing else of it changes'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard BEFORE UPDATE ON copies FOR EACH ROW EXECUTE FUNCTION guard_copies();
CREATE TRIGGER guard_delete BEFORE DELETE ON copies FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON copies FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE copies ENABLE ALWAYS TRIGGER guard;
ALTER TABLE copies ENABLE ALWAYS TRIGGER guard_delete;
ALTER TABLE copies ENABLE ALWAYS TRIGGER guard_all;

-- What the gateway records of copies must stand in their rows, and goes at the end of its stream: the causes and heads
-- of these streams are guarded like those of policies.
-- +goose StatementBegin
CREATE FUNCTION guard_copy_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    done boolean;
BEGIN
    done := CASE NEW.kind
        WHEN 'copy.made' THEN EXISTS (SELECT 1 FROM copies c WHERE NEW.cause = 'copy:' || c.batch
            AND NEW.stream = 'copies:' || c.document AND NEW.actor = c.made_by)
        WHEN 'copy.removed' THEN EXISTS (SELECT 1 FROM copies c WHERE NEW.cause = 'remove:' || c.batch || ':' || c.person
            AND NEW.stream = 'copies:' || c.document AND NEW.actor = c.removed_by)
        ELSE false END;
    IF NOT done OR NOT EXISTS (SELECT 1 FROM streams s WHERE s.stream = NEW.stream AND s.seq + 1 = NEW.seq
        AND s.head_hash = NEW.prev) THEN
        RAISE EXCEPTION 'countersign: the gateway records copies as they were made' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
DROP TRIGGER guard_insert ON events;
CREATE TRIGGER guard_insert BEFORE INSERT ON events FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream NOT LIKE 'policy:%' AND NEW.stream NOT LIKE 'copies:%')
    EXECUTE FUNCTION guard_events();
CREATE TRIGGER guard_copies BEFORE INSERT ON events FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream LIKE 'copies:%') EXECUTE FUNCTION guard_copy_event();
DROP TRIGGER guard_insert ON causes;
CREATE TRIGGER guard_insert BEFORE INSERT ON causes FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.cause <> 'submit:1' AND NEW.stream NOT LIKE 'policy:%'
          AND NEW.stream NOT LIKE 'delegation:%' AND NEW.stream NOT LIKE 'copies:%')
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_copies BEFORE INSERT ON causes FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream LIKE 'copies:%') EXECUTE FUNCTION guard_policy_cause();
DROP TRIGGER guard_gateway ON streams;
CREATE TRIGGER guard_gateway BEFORE INSERT OR UPDATE ON streams FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream NOT LIKE 'policy:%' AND NEW.stream NOT LIKE 'delegation:%'
          AND NEW.stream NOT LIKE 'copies:%')
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_copies BEFORE INSERT OR UPDATE ON streams FOR EACH ROW
    WHEN (current_user = 'countersign_gateway' AND NEW.stream LIKE 'copies:%') EXECUTE FUNCTION guard_policy_stream();
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_insert;
ALTER TABLE events ENABLE ALWAYS TRIGGER guard_copies;
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard_insert;
ALTER TABLE causes ENABLE ALWAYS TRIGGER guard_copies;
ALTER TABLE streams ENABLE ALWAYS TRIGGER guard_gateway;
ALTER TABLE streams ENABLE ALWAYS TRIGGER guard_copies;

-- Remarks name people, show files and answer each other. What was said stays; its author may take it back from sight.
ALTER TABLE comments
    ADD COLUMN mentions     text[] NOT NULL DEFAULT '{}',
    ADD COLUMN reply_to     text REFERENCES comments (id), -- never one that is an answer itself
    ADD COLUMN withdrawn_at timestamptz;
CREATE TABLE comment_files (
    comment    text NOT NULL REFERENCES comments (id),
    attachment text NOT NULL REFERENCES attachments (id),
    n          int  NOT NULL, -- their order
    PRIMARY KEY (comment, attachment)
);
CREATE INDEX comment_files_attachment ON comment_files (attachment);

-- +goose StatementBegin
CREATE FUNCTION guard_comments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL OR OLD.kind <> 'comment'
       OR (NEW.id, NEW.document, NEW.author, NEW.kind, NEW.text, NEW.at, NEW.mentions, NEW.reply_to)
          IS DISTINCT FROM (OLD.id, OLD.document, OLD.author, OLD.kind, OLD.text, OLD.at, OLD.mentions, OLD.reply_to) THEN
        RAISE EXCEPTION 'countersign: a remark is taken back once, and its words stay' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
DROP TRIGGER guard ON comments;
CREATE TRIGGER guard BEFORE UPDATE ON comments FOR EACH ROW EXECUTE FUNCTION guard_comments();
CREATE TRIGGER guard_delete BEFORE DELETE ON comments FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON comment_files FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER guard_all BEFORE TRUNCATE ON comment_files FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE comments ENABLE ALWAYS TRIGGER guard;
ALTER TABLE comments ENABLE ALWAYS TRIGGER guard_delete;
ALTER TABLE comment_files ENABLE ALWAYS TRIGGER guard;
ALTER TABLE comment_files ENABLE ALWAYS TRIGGER guard_all;
