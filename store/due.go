package store

import "context"

// Due says in which queues something lies that may be taken now. 到期
type Due struct {
	Acts, Starts, Tellings, Reversals bool // for Temporal
	Notices                           bool // for people: to be planned, or to be sent
	Webhooks                          bool // for other systems: to be sorted, or to be sent
}

// Documents says whether Temporal is owed something.
func (d Due) Documents() bool { return d.Acts || d.Starts || d.Tellings || d.Reversals }

// dueQuery looks into the indexes of what waits, and takes nothing: to ask each queue
// for its rows, several times a second, costs more than what is found there.
const dueQuery = `
	SELECT EXISTS (SELECT FROM inbox
	               WHERE (outcome IS NULL OR NOT delivered) AND next_delivery <= statement_timestamp()) AS acts,
	       EXISTS (SELECT FROM starts WHERE done_at IS NULL AND next_try <= statement_timestamp()) AS starts,
	       EXISTS (SELECT FROM tellings WHERE done_at IS NULL AND next_try <= statement_timestamp())
	           OR EXISTS (SELECT FROM changes WHERE spread_at IS NULL) AS tellings,
	       EXISTS (SELECT FROM reversals WHERE next_try <= statement_timestamp()) AS reversals,
	       EXISTS (SELECT FROM notices WHERE sent_at IS NULL AND NOT quiet AND next_try <= statement_timestamp())
	           OR EXISTS (SELECT FROM notice_deliveries
	                      WHERE state = 'waiting' AND next_try <= statement_timestamp()) AS notices,
	       $1 AND (EXISTS (SELECT FROM webhook_events) OR EXISTS (
	           SELECT FROM webhook_endpoints w WHERE w.state = 'active' AND w.next_try <= statement_timestamp()
	              AND EXISTS (SELECT FROM webhook_messages m
	                          WHERE m.endpoint = w.id AND m.state = 'waiting'))) AS webhooks`

// Due looks which queues hold something that may be taken now; webhooks are looked at
// only where they are asked for.
func (s *Store) Due(ctx context.Context, webhooks bool) (Due, error) {
	var due Due
	err := s.db.GetContext(ctx, &due, dueQuery, webhooks)
	return due, sqlFault("store.Due", err)
}
