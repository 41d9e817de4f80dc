-- +goose Up

-- The relay answers the acts of documents whose workflow is over: like the gateway it may store refusals, never an ok.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION guard_inbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.document, NEW.name, NEW.task, NEW.actor, NEW.canonical, NEW.key_id, NEW.signature,
        NEW.received_at, NEW.idem_actor, NEW.idem_route, NEW.idem_key, NEW.fingerprint)
       IS DISTINCT FROM
       (OLD.id, OLD.document, OLD.name, OLD.task, OLD.actor, OLD.canonical, OLD.key_id, OLD.signature,
        OLD.received_at, OLD.idem_actor, OLD.idem_route, OLD.idem_key, OLD.fingerprint)
       OR OLD.outcome IS NOT NULL AND
          (NEW.outcome, NEW.outcome_at) IS DISTINCT FROM (OLD.outcome, OLD.outcome_at) THEN
        RAISE EXCEPTION 'countersign: an act stays as it was received and answered'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF current_user IN ('countersign_gateway', 'countersign_relay') AND OLD.outcome IS NULL
       AND NEW.outcome::jsonb->>'code' = 'ok' THEN
        RAISE EXCEPTION 'countersign: the gateway and the relay store refusals only'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
