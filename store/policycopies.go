package store

import (
	"context"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/cc"
)

// copyIn copies in whom the plan names because of the events just written: rows, an
// event for each moment and a notice for each person, in the same transaction, which
// holds the lock on the document's copies. Who holds a copy already is passed over,
// and so is who left since the plan was made. 流程抄送
func (t *transition) copyIn(ctx context.Context, q sqlx.ExtContext) error {
	if len(t.request.Copies) == 0 {
		return nil
	}
	document := t.after.document
	before, err := selectCopies(ctx, q, `document = $1`, document)
	if err != nil {
		return err
	}
	for _, due := range t.request.Copies {
		people, err := working(ctx, q, cc.Wanting(before, due.People))
		if err != nil {
			return err
		}
		if len(people) == 0 {
			continue
		}
		in := CopyInput{
			Batch: document + ":" + strconv.FormatInt(t.events[due.Draft].Seq, 10), Document: document,
			By: approval.SystemPolicy, How: cc.ByPolicy, People: people,
		}
		if err := insertCopies(ctx, q, in); err != nil {
			return err
		}
		if err := tellCopied(ctx, q, in); err != nil {
			return err
		}
		for _, person := range people {
			before = append(before, cc.Copy{Person: person, How: in.How})
		}
	}
	return nil
}

// PolicyCopies says whether a plan of a document copies somebody in, now or later.
func (s *Store) PolicyCopies(ctx context.Context, document, person string) (bool, error) {
	const query = `
		SELECT EXISTS (SELECT FROM events WHERE stream = $1 AND kind = 'plan.made' AND jsonb_path_exists(data::jsonb,
			'$.plan.**.cc.people[*].person ? (@ == $who)', jsonb_build_object('who', $2::text)))`
	var named bool
	err := s.db.GetContext(ctx, &named, query, document, person)
	return named, sqlFault("store.PolicyCopies", err)
}

// working are those who did not leave, in their order.
func working(ctx context.Context, q sqlx.QueryerContext, people []string) ([]string, error) {
	if len(people) == 0 {
		return nil, nil
	}
	const query = `
		SELECT p.person FROM unnest($1::text[]) WITH ORDINALITY AS p (person, n)
		WHERE NOT EXISTS (SELECT FROM leavers l WHERE l.person = p.person) ORDER BY p.n`
	var staying []string
	err := sqlx.SelectContext(ctx, q, &staying, query, pq.Array(people))
	return staying, err
}
