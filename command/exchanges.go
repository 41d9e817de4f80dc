package command

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/countersign/countersign/adapters/erp/journal"
	"github.com/countersign/countersign/domain/outage"
	"github.com/countersign/countersign/relay"
	"github.com/countersign/countersign/store"
)

// keepExchanges has every exchange of the ERP connections that are opened from now on
// kept in the store, until the parts are closed; then what waits is kept.
func (p *parts) keepExchanges(s *store.Store) error {
	j := journal.New(journal.Options{Keep: func(ctx context.Context, batch []journal.Entry) error {
		rows := make([]store.Exchange, len(batch))
		for i, e := range batch {
			rows[i] = exchangeOf(e)
		}
		return s.SaveExchanges(ctx, rows)
	}})
	if err := p.metrics.Register(j); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		j.Run(ctx)
	}()
	p.closers = append(p.closers, func() {
		stop()
		<-over
	})
	p.record = j.Record
	return nil
}

func exchangeOf(e journal.Entry) store.Exchange {
	return store.Exchange{
		Connection: e.Connection, Adapter: e.Adapter, Op: e.Op, Document: e.Document, Reference: e.Reference,
		Entity: e.Entity, Attempt: e.Attempt, StartedAt: e.StartedAt, Took: e.Took, Status: e.Status, Class: e.Class,
		Code: e.Code, Method: e.Method, Path: e.Path, SentBytes: e.SentBytes, GotBytes: e.GotBytes, SentSum: e.SentSum,
		GotSum: e.GotSum, Sent: e.SentExcerpt, Got: e.Excerpt,
	}
}

// ownMetrics are those of a process without a gateway.
func (p *parts) ownMetrics() http.Handler {
	return promhttp.HandlerFor(prometheus.Gatherers{prometheus.DefaultGatherer, p.metrics}, promhttp.HandlerOpts{})
}

// watchedBooks are the connections that the relay looks after.
func (p *parts) watchedBooks(s *store.Store) relay.Books {
	alerts := p.config.ERP.Alerts
	books := relay.Books{Store: s, Keep: p.config.ERP.Exchanges.Keep,
		Rule: outage.Rule{Silent: alerts.Silent, Share: int64(alerts.Errors), Least: int64(alerts.Least)}}
	for _, c := range p.config.ERP.Connections {
		books.Connections = append(books.Connections, store.Books{Connection: c.ID, Entities: c.Entities})
	}
	return books
}
