package relay

import (
	"context"
	"time"

	"github.com/countersign/countersign/domain/outage"
	"github.com/countersign/countersign/store"
)

// Books is how the relay looks after the connections to ERPs. Zero looks after none.
type Books struct {
	Store interface {
		WatchBooks(ctx context.Context, books []store.Books, rule outage.Rule) error
		DeleteExchanges(ctx context.Context, before time.Time) (int, error)
	}
	Connections []store.Books
	Rule        outage.Rule
	Keep        time.Duration // of what was said to ERPs; 0 = for good
}

// booksEvery is how often connections are looked at.
const booksEvery = 20 * time.Second

// watchBooks tells of connections that are sick or well again, and deletes some of what
// was said to them too long ago. It says whether there is more to delete.
func (r *Relay) watchBooks(ctx context.Context) bool {
	if r.Books.Store == nil || time.Since(r.watched) < booksEvery {
		return false
	}
	err := r.Books.Store.WatchBooks(ctx, r.Books.Connections, r.Books.Rule)
	if ctx.Err() == nil {
		r.report(err, "the connections to ERPs were not looked at")
	}
	if r.Books.Keep > 0 {
		deleted, err := r.Books.Store.DeleteExchanges(ctx, time.Now().Add(-r.Books.Keep))
		if ctx.Err() == nil {
			r.report(err, "old exchanges with ERPs were not deleted")
		}
		if deleted > 0 {
			return true
		}
	}
	r.watched = time.Now()
	return false
}
