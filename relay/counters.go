package relay

import "sync/atomic"

// Counters say what the relay did since it was made, for metrics.
type Counters struct {
	acts, starts, tellings, notices, webhooks, failures atomic.Int64
}

// Counted is one reading of the counters.
type Counted struct {
	Acts, Starts, Tellings, Notices, Webhooks int64 // delivered
	Failures                                  int64 // to be tried again
}

// Read reads the counters.
func (c *Counters) Read() Counted {
	return Counted{
		Acts: c.acts.Load(), Starts: c.starts.Load(), Tellings: c.tellings.Load(),
		Notices: c.notices.Load(), Webhooks: c.webhooks.Load(), Failures: c.failures.Load(),
	}
}

func (c *Counters) done(kind *atomic.Int64, err error) {
	if err != nil {
		c.failures.Add(1)
		return
	}
	kind.Add(1)
}
