package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/notice"
)

// Delivery is one message to one person. 派送记录
type Delivery struct {
	ID, Person, Shape string

	Urgency  notice.Urgency
	Channels []notice.Channel // in the order in which they are tried
	Channel  notice.Channel   // by which it was tried last; "" before the first try
	Notices  []string
	All      []Notice // of Notices; PlanNotices and ClaimDeliveries alone fill it

	MadeAt, TriedAt, EndedAt time.Time

	State, Failure string
	Tries          int
}

// The shapes of a message.
const (
	DeliveryOne     = "one"     // one notice
	DeliverySeveral = "several" // what gathered
	DeliveryDigest  = "digest"  // what was held
	DeliveryAgain   = "again"   // by another channel, because nobody looked
)

// The states of a message.
const (
	DeliveryWaiting   = "waiting"
	DeliveryDelivered = "delivered"
	DeliveryFailed    = "failed" // for good
	DeliveryHeld      = "held"   // it could not be tried again within the budget: the digest has it
	DeliveryMoot      = "moot"   // all that it asked for was over before it was sent
)

type deliveryRow struct {
	ID, Person, Shape, Urgency, Channel string

	Channels, Notices pq.StringArray
	MadeAt            time.Time    `db:"made_at"`
	TriedAt           sql.NullTime `db:"tried_at"`
	EndedAt           sql.NullTime `db:"ended_at"`
	State, Failure    string
	Tries             int
}

const deliveryColumns = `id, person, shape, urgency, channel, channels, notices, made_at, tried_at, ended_at, state,
	failure, tries`

func (r deliveryRow) delivery() Delivery {
	d := Delivery{
		ID: r.ID, Person: r.Person, Shape: r.Shape, Urgency: notice.Urgency(r.Urgency), Channel: notice.Channel(r.Channel),
		Notices: r.Notices, MadeAt: r.MadeAt.UTC(), TriedAt: orZero(r.TriedAt), EndedAt: orZero(r.EndedAt), State: r.State,
		Failure: r.Failure, Tries: r.Tries,
	}
	for _, c := range r.Channels {
		d.Channels = append(d.Channels, notice.Channel(c))
	}
	return d
}

// Planner says what becomes of what is due to some people, by person. Told is when each
// was told within the last notice.Window, by the database's clock.
type Planner func(now time.Time, told map[string][]time.Time) map[string]notice.Plan

// PlanNotices settles what becomes of notices that were claimed, and begins the messages
// that tell of them. Nobody else plans for the same people meanwhile, so a budget is
// kept by all relays together.
func (s *Store) PlanNotices(ctx context.Context, due []Notice, plan Planner) ([]Delivery, error) {
	return s.planNotices(ctx, due, plan, planned{shape: func(n int) string {
		if n > 1 {
			return DeliverySeveral
		}
		return DeliveryOne
	}, settle: `
		UPDATE notices n SET next_try = c.until, held = c.held, failure = c.failure, again_at = NULL,
		       tries = CASE WHEN c.waits THEN greatest(n.tries - 1, 0) ELSE n.tries END
		FROM jsonb_to_recordset($1::jsonb) AS c (id text, until timestamptz, held text, failure text, waits boolean)
		WHERE n.id = c.id AND n.sent_at IS NULL`})
}

// PlanAgain is PlanNotices for what was told, and nobody looked: it is told by another
// channel. What may not be told now is looked at again later.
func (s *Store) PlanAgain(ctx context.Context, due []Notice, plan Planner) ([]Delivery, error) {
	return s.planNotices(ctx, due, plan, planned{
		shape: func(int) string { return DeliveryAgain },
		settle: `
		UPDATE notices n SET again_at = CASE WHEN c.waits THEN c.until WHEN c.held IN ('', 'muted', 'nobody', 'unreachable')
		       THEN NULL ELSE clock_timestamp() + interval '` + againLater + `' END
		FROM jsonb_to_recordset($1::jsonb) AS c (id text, until timestamptz, held text, waits boolean)
		WHERE n.id = c.id`})
}

// againLater is when what may not be told again now is looked at.
const againLater = "1 hour"

type planned struct {
	shape  func(notices int) string
	settle string
}

func (s *Store) planNotices(ctx context.Context, due []Notice, plan Planner, as planned) ([]Delivery, error) {
	if len(due) == 0 {
		return nil, nil
	}
	byID := map[string]Notice{}
	var people []string
	for _, n := range due {
		byID[n.ID] = n
		people = append(people, n.Person)
	}
	var begun []Delivery
	err := s.inTx(ctx, "store.PlanNotices", func(tx *sqlx.Tx) error {
		now, told, err := toldLately(ctx, tx, people)
		if err != nil {
			return err
		}
		var settled []map[string]any
		begun = nil
		for person, p := range plan(now, told) {
			for _, t := range p.Tell {
				begun = append(begun, beginning(person, t, as.shape(len(t.Notices)), byID))
			}
			settled = append(settled, settling(p)...)
		}
		if err := insertDeliveries(ctx, tx, begun); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, as.settle, string(mustJSON(settled)))
		return err
	})
	return begun, err
}

// toldLately locks the budgets of people, in one order, and reads when each was told.
func toldLately(ctx context.Context, tx *sqlx.Tx, people []string) (time.Time, map[string][]time.Time, error) {
	const lock = `
		SELECT pg_advisory_xact_lock(p.key) FROM (
			SELECT DISTINCT hashtextextended('notices of ' || one, 0) AS key FROM unnest($1::text[]) AS one ORDER BY 1) p`
	if _, err := tx.ExecContext(ctx, lock, pq.Array(people)); err != nil {
		return time.Time{}, nil, err
	}
	const query = `
		SELECT '' AS person, clock_timestamp() AS at
		UNION ALL
		SELECT person, tried_at FROM notice_deliveries
		WHERE person = ANY($1) AND tried_at > clock_timestamp() - make_interval(secs => $2)`
	var rows []struct {
		Person string
		At     time.Time
	}
	if err := tx.SelectContext(ctx, &rows, query, pq.Array(people), notice.Window.Seconds()); err != nil {
		return time.Time{}, nil, err
	}
	told := map[string][]time.Time{}
	for _, r := range rows {
		told[r.Person] = append(told[r.Person], r.At.UTC())
	}
	return told[""][0], told, nil
}

// beginning is a message that is about to be tried for the first time.
func beginning(person string, t notice.Telling, shape string, byID map[string]Notice) Delivery {
	d := Delivery{ID: t.Notices[0], Person: person, Shape: shape, Urgency: t.Urgency, Channels: t.Channels,
		Notices: t.Notices}
	if shape != DeliveryOne {
		d.ID += "." + shape
	}
	for _, id := range t.Notices {
		d.All = append(d.All, byID[id])
	}
	return d
}

// settling is what a plan makes of its notices. A message has what it tells of; it is
// not claimed by itself any more.
func settling(p notice.Plan) []map[string]any {
	var rows []map[string]any
	row := func(id, until, held, failure string, waits bool) {
		rows = append(rows, map[string]any{"id": id, "until": until, "held": held, "failure": failure, "waits": waits})
	}
	for _, t := range p.Tell {
		for _, id := range t.Notices {
			row(id, "infinity", "", "", false)
		}
	}
	for _, h := range p.Hold {
		failure := ""
		if h.Why == notice.Nobody || h.Why == notice.Unreachable {
			failure = "notice." + string(h.Why)
		}
		row(h.ID, "infinity", string(h.Why), failure, false)
	}
	for _, id := range p.Wait {
		row(id, p.Until.UTC().Format(time.RFC3339Nano), "", "", true)
	}
	return rows
}

func insertDeliveries(ctx context.Context, tx *sqlx.Tx, begun []Delivery) error {
	if len(begun) == 0 {
		return nil
	}
	rows := make([]map[string]any, 0, len(begun))
	for _, d := range begun {
		rows = append(rows, map[string]any{"id": d.ID, "person": d.Person, "shape": d.Shape, "urgency": d.Urgency,
			"channels": d.Channels, "notices": d.Notices})
	}
	const query = `
		INSERT INTO notice_deliveries (id, person, shape, urgency, channels, notices, tried_at, next_try, tries)
		SELECT id, person, shape, urgency, ARRAY(SELECT jsonb_array_elements_text(channels)),
		       ARRAY(SELECT jsonb_array_elements_text(notices)), clock_timestamp(),
		       clock_timestamp() + interval '` + noticeClaim + `', 1
		FROM jsonb_to_recordset($1::jsonb)
		     AS d (id text, person text, shape text, urgency text, channels jsonb, notices jsonb)
		ON CONFLICT (id) DO UPDATE SET state = 'waiting', ended_at = NULL, channels = excluded.channels,
		       notices = excluded.notices, tried_at = excluded.tried_at, next_try = excluded.next_try, tries = 1`
	_, err := tx.ExecContext(ctx, query, string(mustJSON(rows)))
	return err
}
