package desk

import (
	"context"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
)

// phaseOpen is that of a gate that lets through, see gate.Phase; the worst comes last.
const (
	phaseOpen        = "open"
	phaseMaintenance = "maintenance"
)

var phases = []string{phaseOpen, "trying", "limited", "resting", phaseMaintenance}

// RestingERP is an ERP that is not called right now, or only by way of trial.
type RestingERP struct {
	Connection
	Phase string    // see gate.Phase: never open
	Until time.Time // when it is called again; zero while it is being tried
	Code  string    // of the newest failure, "" for none
}

// RestingERPs lists the ERPs that are not called right now, of those that somebody may
// see something of. A window is told from the configuration, and the rest as the
// workers say; where they differ, the worst.
func (d *Desk) RestingERPs(ctx context.Context, who auth.Who) ([]RestingERP, error) {
	connections, err := d.ConnectionsOf(who)
	if err != nil || len(connections) == 0 {
		return nil, err
	}
	rows, err := d.Store.Gates(ctx)
	if err != nil {
		return nil, err
	}
	var resting []RestingERP
	for _, c := range connections {
		erp := RestingERP{Connection: c, Phase: phaseOpen}
		for _, row := range rows {
			if row.Connection == c.ID && slices.Index(phases, row.Phase) > slices.Index(phases, erp.Phase) {
				erp.Phase, erp.Until, erp.Code = row.Phase, row.Until.Time, row.Code
			}
		}
		if until, closed := c.Maintenance.Closed(time.Now()); closed {
			erp.Phase, erp.Until, erp.Code = phaseMaintenance, until, ""
		}
		if erp.Phase != phaseOpen {
			resting = append(resting, erp)
		}
	}
	return resting, nil
}

// awake refuses what would only wait for the end of a maintenance window.
//
// Errors: Busy erp.maintenance, with until when.
func (c Connection) awake() error {
	until, closed := c.Maintenance.Closed(time.Now())
	if !closed {
		return nil
	}
	return fault.New(fault.Busy, "erp.maintenance", fault.Arg("connection", c.ID),
		fault.Arg("until", until.UTC().Format(time.RFC3339)))
}
