package store

import "context"

// heirs holds whom operators named to take over against the events that say so.
func (a *auditor) heirs(ctx context.Context) error {
	const query = `
		SELECT coalesce(h.person, substr(e.stream, length($1) + 1)) AS person, coalesce(e.seq, 0) AS seq,
		       CASE WHEN h.id IS NULL THEN 'heir.missing' WHEN e.stream IS NULL THEN 'heir.invented'
		            ELSE 'heir.differs' END AS what
		FROM heirs h
		FULL JOIN (SELECT * FROM events WHERE stream LIKE $1 || '%' AND kind = $2) AS e
		  ON e.stream = $1 || h.person AND e.cause = 'name:' || h.id
		WHERE h.id IS NULL OR e.stream IS NULL OR h.heir IS DISTINCT FROM e.data::jsonb ->> 'heir'
		   OR h.person IS DISTINCT FROM e.data::jsonb ->> 'person' OR h.reason IS DISTINCT FROM e.data::jsonb ->> 'reason'
		ORDER BY person, seq, what LIMIT $3`
	var rows []struct {
		Person, What string
		Seq          int64
	}
	if err := a.tx.SelectContext(ctx, &rows, query, handoverStream, HeirNamed, a.most); err != nil {
		return err
	}
	for _, r := range rows {
		a.found(handoverStream+r.Person, r.Seq, r.What, "who takes over from %s is not what the events say", r.Person)
	}
	return nil
}
