package server

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

// MessengerChecks tell which messaging apps do not work, as the relay found when it last
// matched their people. No platform is asked, and people decide on the pages without them:
// that is no reason to send requests elsewhere.
func MessengerChecks(d *desk.Desk) []Check {
	var checks []Check
	known := &imSyncs{desk: d}
	for _, m := range d.Messengers {
		checks = append(checks, Check{Name: "im." + m.ID, Soft: true, Ask: func(ctx context.Context) error {
			syncs, err := known.now(ctx)
			switch last := syncs[m.ID]; {
			case err != nil:
				return err
			case last.Failure == "":
				return nil
			case last.Code == "":
				return errors.New(last.Failure)
			default:
				return fault.New(fault.Busy, last.Code, fault.Arg("app", m.ID), fault.Arg("words", last.Failure))
			}
		}})
	}
	return checks
}

// imSyncs are the last matchings of all apps, asked for once a probe.
type imSyncs struct {
	desk *desk.Desk

	mutex sync.Mutex
	probe <-chan struct{} // of its context: the checks of a probe share one
	last  map[string]store.IMSync
	err   error
}

func (s *imSyncs) now(ctx context.Context) (map[string]store.IMSync, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.probe == nil || s.probe != ctx.Done() {
		s.last, s.err = s.desk.Store.IMSyncs(ctx)
		s.probe = ctx.Done()
	}
	return s.last, s.err
}

// messengers tells how the messaging apps are.
type messengers struct {
	desk            *desk.Desk
	working, linked *prometheus.Desc
}

func newMessengers(d *desk.Desk) *messengers {
	labels := []string{"app"}
	return &messengers{desk: d,
		working: prometheus.NewDesc("countersign_im_working",
			"Whether a messaging app answered and took our secret when its people were last matched.", labels, nil),
		linked: prometheus.NewDesc("countersign_im_linked", "People who were found in a messaging app by the last matching.",
			labels, nil)}
}

// Describe is prometheus.Collector's.
func (c *messengers) Describe(to chan<- *prometheus.Desc) {
	to <- c.working
	to <- c.linked
}

// Collect is prometheus.Collector's. Where the database is away it tells nothing.
func (c *messengers) Collect(to chan<- prometheus.Metric) {
	if len(c.desk.Messengers) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), countPatience)
	defer cancel()
	syncs, err := c.desk.Store.IMSyncs(ctx)
	if err != nil {
		slog.Warn("how the messaging apps are was not read", "error", err)
		return
	}
	for _, m := range c.desk.Messengers {
		last, known := syncs[m.ID]
		if !known {
			continue // the relay has not asked yet
		}
		works := 1.0
		if last.Failure != "" {
			works = 0
		}
		to <- prometheus.MustNewConstMetric(c.working, prometheus.GaugeValue, works, m.ID)
		to <- prometheus.MustNewConstMetric(c.linked, prometheus.GaugeValue, float64(last.Linked), m.ID)
	}
}
