package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
)

// checkMax bounds all checks of one look together.
const checkMax = 3 * time.Second

// healthy handles GET /healthz: the process answers.
func healthy(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, map[string]string{"status": "ok"})
}

// readiness handles GET /readyz: everything behind the gateway answers.
type readiness struct {
	desk   *desk.Desk
	checks []Check
}

// ready is what /readyz answers.
type ready struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks"` // ok, or the code of what is wrong
}

// ServeHTTP asks everything; causes are for the log, not for whoever asks.
func (h readiness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, stop := context.WithTimeout(r.Context(), checkMax)
	defer stop()
	checks := append([]Check{
		{Name: "database", Ask: h.desk.Store.Ping},
		{Name: "files", Ask: h.desk.Files.Check},
	}, h.checks...)
	answer, status := ready{Status: "ready", Checks: map[string]string{}}, http.StatusOK
	for _, c := range checks {
		err := c.Ask(ctx)
		answer.Checks[c.Name] = "ok"
		if err == nil {
			continue
		}
		slog.WarnContext(ctx, "not ready", "check", c.Name, "error", err.Error())
		answer.Checks[c.Name] = "failed"
		if code := fault.CodeOf(err); code != "" {
			answer.Checks[c.Name] = code
		}
		if c.Soft {
			continue
		}
		answer.Status, status = "not_ready", http.StatusServiceUnavailable
	}
	write(w, status, answer)
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller went away; nobody is left to tell
}
