package journal

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/countersign/countersign/adapters/erp/port"
)

// metrics count exchanges. Labels are names of the configuration, operations and
// classes: few, whatever an ERP says.
type metrics struct {
	exchanges *prometheus.CounterVec
	seconds   *prometheus.HistogramVec
	dropped   prometheus.CounterFunc
}

func newMetrics(j *Journal) *metrics {
	return &metrics{
		exchanges: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "countersign_erp_exchanges_total",
			Help: "Exchanges with an ERP, by connection, operation and class (ok, refused, busy, unknown).",
		}, []string{"connection", "operation", "class"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "countersign_erp_exchange_seconds", Help: "Time of an exchange with an ERP, by connection and operation.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 60},
		}, []string{"connection", "operation"}),
		dropped: prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "countersign_erp_exchanges_dropped_total",
			Help: "Exchanges that the log of exchanges did not keep, for want of room or of a database.",
		}, func() float64 { return float64(j.Dropped()) }),
	}
}

func (m *metrics) observe(x port.Exchange) {
	m.exchanges.WithLabelValues(x.Connection, string(x.Op), string(x.Class)).Inc()
	m.seconds.WithLabelValues(x.Connection, string(x.Op)).Observe(x.Took.Seconds())
}

// Describe is prometheus.Collector's.
func (j *Journal) Describe(to chan<- *prometheus.Desc) {
	j.metrics.exchanges.Describe(to)
	j.metrics.seconds.Describe(to)
	j.metrics.dropped.Describe(to)
}

// Collect is prometheus.Collector's.
func (j *Journal) Collect(to chan<- prometheus.Metric) {
	j.metrics.exchanges.Collect(to)
	j.metrics.seconds.Collect(to)
	j.metrics.dropped.Collect(to)
}
