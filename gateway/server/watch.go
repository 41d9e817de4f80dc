package server

import (
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/countersign/countersign/gateway/server/trace"
)

// watch logs and counts requests. It never writes down a query, a cookie, a
// header or a body: an address may carry a code, a body a secret.
type watch struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newWatch(registry *prometheus.Registry) (*watch, error) {
	w := &watch{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "countersign_http_requests_total", Help: "Requests answered, by room, method and status.",
		}, []string{"room", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "countersign_http_request_seconds", Help: "Time to answer, by room.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"room"}),
	}
	if err := registry.Register(w.requests); err != nil {
		return nil, err
	}
	return w, registry.Register(w.seconds)
}

func (w *watch) middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		began := time.Now()
		seen := &recorder{ResponseWriter: out, status: http.StatusOK}
		next.ServeHTTP(seen, r)
		took := time.Since(began)
		room := roomOf(r.URL.Path)
		w.requests.WithLabelValues(room, methodOf(r.Method), strconv.Itoa(seen.status)).Inc()
		w.seconds.WithLabelValues(room).Observe(took.Seconds())
		level := slog.LevelInfo
		if room == "health" {
			level = slog.LevelDebug
		}
		slog.Log(r.Context(), level, "request", "request", trace.Request(r.Context()), "method", r.Method,
			"path", r.URL.Path, "status", seen.status, "bytes", seen.bytes, "took", took.Round(time.Microsecond).String())
	})
}

// roomOf keeps the labels few, whatever paths callers invent.
func roomOf(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch first {
	case "api", "login", "logout", "dev", "docs", "static", "hooks", "live": // live is as long as somebody looks on
		return first
	case "healthz", "readyz", "metrics":
		return "health"
	}
	return "pages"
}

func methodOf(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// recorder sees what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	begun  bool
}

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) {
	if !r.begun {
		r.status, r.begun = status, true
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes.
func (r *recorder) Write(b []byte) (int, error) {
	r.begun = true
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
