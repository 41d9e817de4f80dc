package store

import (
	"context"
	"encoding/json"

	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/invoice"
	"github.com/countersign/countersign/domain/money"
)

// Risks is what the record knows of a document that whoever decides should see
// before they do, beside what its row says. 风险提示
type Risks struct {
	Resubmitted int          // times that it came again after a return
	Counted     int          // other documents that its amount was counted with
	CountedSum  money.Amount // what they come to with it, in the policy's base currency
	OverLines   int          // lines above their standard
	Over        money.Amount // by how much in all, in the entity's currency
	Reused      int          // invoices and files that it shows twice, or another document shows too
	Overclaimed int          // lines that claim more than the invoices read from their files come to
	StoppedBy   string       // who stopped its clock: nobody decides until it goes on; "" while it runs
	FreshSignIn bool         // its plan asks for a fresh sign-in of whoever decides
}

// Risks reads them for the documents of one page, by id: of each its plan in force,
// its returns and its revision in force.
func (s *Store) Risks(ctx context.Context, documents []string) (map[string]Risks, error) {
	const query = `
		SELECT d.id AS document, again.times AS resubmitted,
		       coalesce((plan.counted ->> 'count')::int, 0) AS counted,
		       coalesce((plan.counted #>> '{sum,minor}')::bigint, 0) AS counted_minor,
		       coalesce(plan.counted #>> '{sum,currency}', '') AS counted_currency,
		       coalesce(plan.sign_in, false) AS sign_in,
		       coalesce(over.lines, 0) AS over_lines, coalesce(over.minor, 0) AS over_minor,
		       coalesce(over.currency, '') AS over_currency, reused.times AS reused,
		       coalesce(clock.stopped_by, '') AS stopped_by,
		       coalesce(invoiced.content, '') AS content, coalesce(invoiced.facts, '{}') AS facts
		FROM unnest($1::text[]) AS asked (id) JOIN documents d ON d.id = asked.id
		CROSS JOIN LATERAL (
			SELECT count(*) AS times FROM events e WHERE e.stream = d.id AND e.kind = 'document.resubmitted') AS again
		CROSS JOIN LATERAL (` + shownTwice + `) AS reused
		LEFT JOIN LATERAL (
			SELECT made.data::jsonb #> '{plan,counted}' AS counted, made.data::jsonb #> '{plan,sign_in}' IS NOT NULL AS sign_in
			FROM (SELECT e.data FROM events e WHERE e.stream = d.id AND e.kind = 'plan.made'
			      ORDER BY e.seq DESC LIMIT 1) AS made
			WHERE made.data LIKE '%"counted":%' OR made.data LIKE '%"sign_in":%') AS plan ON true
		LEFT JOIN LATERAL (
			SELECT count(*) AS lines, sum((line #>> '{standard,over,minor}')::bigint) AS minor,
			       min(line #>> '{standard,over,currency}') AS currency
			FROM revisions r CROSS JOIN LATERAL jsonb_array_elements(r.content::jsonb -> 'lines') AS line
			WHERE r.document = d.id AND r.revision = d.revision AND r.content LIKE '%"standard":%'
			  AND (line #>> '{standard,over,minor}')::bigint > 0) AS over ON true
		LEFT JOIN LATERAL (
			SELECT CASE e.kind WHEN 'clock.stopped' THEN e.actor END AS stopped_by FROM events e WHERE e.stream = d.id
			  AND e.kind IN ('clock.stopped', 'clock.resumed', 'clock.released', 'plan.discarded')
			ORDER BY e.seq DESC LIMIT 1) AS clock ON true
		LEFT JOIN LATERAL (` + invoicesRead + `) AS invoiced ON true`
	var rows []struct {
		Document        string
		Resubmitted     int
		Counted         int
		CountedMinor    int64  `db:"counted_minor"`
		CountedCurrency string `db:"counted_currency"`
		SignIn          bool   `db:"sign_in"`
		Reused          int
		OverLines       int    `db:"over_lines"`
		OverMinor       int64  `db:"over_minor"`
		OverCurrency    string `db:"over_currency"`
		StoppedBy       string `db:"stopped_by"`
		Content, Facts  string
	}
	if err := s.db.SelectContext(ctx, &rows, query, pq.Array(documents)); err != nil {
		return nil, sqlFault("store.Risks", err)
	}
	risks := make(map[string]Risks, len(rows))
	for _, r := range rows {
		overclaimed, err := overclaimed(r.Content, r.Facts)
		if err != nil {
			return nil, sqlFault("store.Risks", err)
		}
		risks[r.Document] = Risks{
			Resubmitted: r.Resubmitted, Counted: r.Counted, OverLines: r.OverLines, Reused: r.Reused, FreshSignIn: r.SignIn,
			Overclaimed: overclaimed, StoppedBy: r.StoppedBy,
			CountedSum: money.Amount{Minor: r.CountedMinor, Currency: money.Currency(r.CountedCurrency)},
			Over:       money.Amount{Minor: r.OverMinor, Currency: money.Currency(r.OverCurrency)},
		}
	}
	return risks, nil
}

// invoicesRead is the content of the revision in force of the document d with what was
// read from its files, by their ids; no row where nothing was.
const invoicesRead = `
	SELECT r.content, jsonb_object_agg(f.attachment, jsonb_build_object('number', f.number,
	       'gross', jsonb_build_object('minor', f.gross, 'currency', f.currency)))::text AS facts
	FROM revisions r CROSS JOIN LATERAL (
		SELECT n #>> '{}' AS id FROM jsonb_path_query(r.content::jsonb, '$.lines[*].attachments[*].id') n
		UNION
		SELECT n #>> '{}' FROM jsonb_path_query(r.content::jsonb, '$.attachments[*].id') n) AS file
	JOIN invoice_facts f ON f.attachment = file.id
	WHERE r.document = d.id AND r.revision = d.revision AND r.content LIKE '%"sha256":"%'
	GROUP BY r.content`

// overclaimed counts the lines of a content that claim more than their invoices come to:
// by the rule itself, so that the inbox and the document never differ.
func overclaimed(content, facts string) (lines int, err error) {
	if content == "" {
		return 0, nil
	}
	var c document.Content
	read := map[string]invoice.Fact{}
	if err := json.Unmarshal([]byte(content), &c); err != nil {
		return 0, err
	}
	if err := json.Unmarshal([]byte(facts), &read); err != nil {
		return 0, err
	}
	for _, held := range c.Invoiced(read) {
		if held.Over.Sign() > 0 {
			lines++
		}
	}
	return lines, nil
}
