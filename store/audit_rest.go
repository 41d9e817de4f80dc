package store

import (
	"context"

	"github.com/countersign/countersign/domain/evidence"
)

// otherStreams verifies the chains that are no documents: policies, organisation.
func (a *auditor) otherStreams(ctx context.Context, only []string) error {
	const list = `
		SELECT stream, seq, head_hash AS hash, updated_at AS at FROM streams
		WHERE $1::text[] IS NULL OR stream = ANY($1) ORDER BY stream`
	var heads []Head
	if err := a.tx.SelectContext(ctx, &heads, list, textsOrNull(only)); err != nil {
		return err
	}
	for _, h := range heads {
		if err := a.otherStream(ctx, h); err != nil {
			return err
		}
	}
	return nil
}

func (a *auditor) otherStream(ctx context.Context, h Head) error {
	a.report.Streams++
	var prev evidence.Event
	for {
		const query = `SELECT ` + eventColumns + ` FROM events WHERE stream = $1 AND seq > $2 ORDER BY seq LIMIT $3`
		var rows []eventRow
		if err := a.tx.SelectContext(ctx, &rows, query, h.Stream, prev.Seq, eventsMost); err != nil {
			return err
		}
		for _, e := range toEvents(rows) {
			if err := evidence.VerifyAfter(prev, []evidence.Event{e}); err != nil {
				a.found(e.Stream, e.Seq, "chain.broken", "%v", err)
			}
			prev = e
		}
		a.report.Events += int64(len(rows))
		if len(rows) < eventsMost {
			break
		}
	}
	if prev.Seq != h.Seq || prev.Hash != h.Hash {
		a.found(h.Stream, prev.Seq, "read_model.differs", "the head is %d, the chain ends at %d", h.Seq, prev.Seq)
	}
	return a.otherCauses(ctx, h.Stream)
}

// otherCauses holds the causes and the events of such a stream together.
func (a *auditor) otherCauses(ctx context.Context, stream string) error {
	const query = `
		SELECT coalesce(c.cause, e.cause) AS cause, coalesce(c.last_seq, e.seq) AS seq, c.cause IS NULL AS missing
		FROM (SELECT cause, last_seq FROM causes WHERE stream = $1) AS c
		FULL JOIN (SELECT cause, seq FROM events WHERE stream = $1) AS e ON e.cause = c.cause AND e.seq = c.last_seq
		WHERE c.cause IS NULL OR e.cause IS NULL ORDER BY seq LIMIT $2`
	var rows []struct {
		Cause   string
		Seq     int64
		Missing bool
	}
	if err := a.tx.SelectContext(ctx, &rows, query, stream, a.most); err != nil {
		return err
	}
	for _, r := range rows {
		what := "cause.without_events"
		if r.Missing {
			what = "cause.missing"
		}
		a.found(stream, r.Seq, what, "%s", r.Cause)
	}
	return nil
}

// heads holds the chains against what left the database earlier.
func (a *auditor) heads(ctx context.Context, heads []Head) error {
	for _, h := range heads {
		var hashes []string
		const query = `SELECT hash FROM events WHERE stream = $1 AND seq = $2`
		if err := a.tx.SelectContext(ctx, &hashes, query, h.Stream, h.Seq); err != nil {
			return err
		}
		if len(hashes) == 0 {
			a.found(h.Stream, h.Seq, "checkpoint.missing", "the event of a checkpoint is gone")
		} else if hashes[0] != h.Hash {
			a.found(h.Stream, h.Seq, "checkpoint.differs", "it is %s, the checkpoint says %s", hashes[0], h.Hash)
		}
	}
	return nil
}

// orphans finds events and acts that belong to nothing.
func (a *auditor) orphans(ctx context.Context) error {
	const query = `
		SELECT e.stream, count(*) AS n FROM events e
		WHERE NOT EXISTS (SELECT 1 FROM documents d WHERE d.id = e.stream AND d.status <> 'draft')
		  AND NOT EXISTS (SELECT 1 FROM streams s WHERE s.stream = e.stream)
		GROUP BY e.stream ORDER BY e.stream LIMIT $1`
	var rows []struct {
		Stream string
		N      int64
	}
	if err := a.tx.SelectContext(ctx, &rows, query, a.most); err != nil {
		return err
	}
	for _, r := range rows {
		a.found(r.Stream, 0, "stream.orphaned", "%d events of a document that is not there", r.N)
	}
	return nil
}

// counters finds numbers that were never given out.
func (a *auditor) counters(ctx context.Context) error {
	const query = `
		WITH given AS (
			SELECT id, entity, number, regexp_match(number, '^(.+)-([0-9]{4})-([0-9]+)$') AS parts
			FROM documents WHERE status <> 'draft'
		)
		SELECT g.id, g.number FROM given g
		LEFT JOIN counters c ON c.prefix = g.parts[1] AND c.entity = g.entity AND c.year = g.parts[2]::int
		WHERE g.parts IS NULL OR c.value IS NULL OR g.parts[3]::bigint > c.value ORDER BY g.id LIMIT $1`
	var rows []struct{ ID, Number string }
	if err := a.tx.SelectContext(ctx, &rows, query, a.most); err != nil {
		return err
	}
	for _, r := range rows {
		a.found(r.ID, 0, "number.invented", "%s was not given out by its counter", r.Number)
	}
	return nil
}

// organisation proves that every version is still what it was.
func (a *auditor) organisation(ctx context.Context) error {
	var versions []struct {
		Version     int64
		Hash, Basis string
	}
	const list = `SELECT version, hash, basis FROM org_versions ORDER BY version`
	if err := a.tx.SelectContext(ctx, &versions, list); err != nil {
		return err
	}
	before := ""
	for _, v := range versions {
		hash, err := a.hashOfVersion(ctx, v.Version, v.Basis, before)
		if err != nil {
			return err
		}
		if hash != v.Hash {
			a.found(OrgStream, 0, "organisation.differs", "version %d is not what its hash says", v.Version)
		}
		before = v.Hash
	}
	return nil
}

// hashOfVersion makes the hash of a version of the organisation from its rows.
func (a *auditor) hashOfVersion(ctx context.Context, version int64, basis, before string) (string, error) {
	if basis == basisChange {
		change, err := changedRows(ctx, a.tx, version)
		if err != nil {
			return "", err
		}
		return hashChange(before, change)
	}
	rows, err := orgRowsAt(ctx, a.tx, version)
	if err != nil {
		return "", err
	}
	return hashOrg(rows)
}
