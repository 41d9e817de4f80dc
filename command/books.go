package command

import (
	"fmt"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/gate"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/maintenance"
	"github.com/countersign/countersign/domain/money"
)

// ledgers are the books by legal entity.
func (p *parts) ledgers() (activities.Ledgers, error) {
	books, err := p.connections()
	if err != nil {
		return nil, err
	}
	ledgers := activities.Ledgers{}
	for entity, connection := range p.connectionsByEntity() {
		ledgers[entity] = books[connection]
	}
	return ledgers, nil
}

// connectionsByEntity says where each legal entity is booked.
func (p *parts) connectionsByEntity() map[string]string {
	ids := map[string]string{}
	for _, c := range p.config.ERP.Connections {
		for _, entity := range c.Entities {
			ids[entity] = c.ID
		}
	}
	return ids
}

// connections opens the ERP connections, each once in a process: whoever asks an ERP for
// whatever does so through the same gate and at the same pace.
func (p *parts) connections() (map[string]activities.Ledger, error) {
	if p.books != nil {
		return p.books, nil
	}
	books := map[string]activities.Ledger{}
	p.gatesChanged = make(chan struct{}, 1)
	for _, c := range p.config.ERP.Connections {
		door, err := openGate(c, p.gateChanged)
		if err != nil {
			return nil, fmt.Errorf("erp.connections %s: %w", c.ID, err)
		}
		opened, err := openERP(c, door.Transport, p.record)
		if err != nil {
			return nil, fmt.Errorf("erp.connections %s: %w", c.ID, err)
		}
		books[c.ID] = activities.Ledger{Port: opened, Settle: c.Settle, Gate: door, Connection: c.ID}
	}
	p.books = books
	return books, nil
}

// gateChanged has somebody look at the gates soon; it never waits.
func (p *parts) gateChanged(gate.State) {
	select {
	case p.gatesChanged <- struct{}{}:
	default: // somebody will look anyway
	}
}

// gates are those of the connections that were opened.
func (p *parts) gates() []*gate.Gate {
	var all []*gate.Gate
	for _, c := range p.config.ERP.Connections {
		if ledger, opened := p.books[c.ID]; opened {
			all = append(all, ledger.Gate)
		}
	}
	return all
}

func openGate(c config.Connection, changed func(gate.State)) (*gate.Gate, error) {
	windows, err := windowsOf(c)
	if err != nil {
		return nil, err
	}
	return gate.New(gate.Options{Connection: c.ID, Windows: windows, AtOnce: c.AtOnce,
		Failures: uint32(c.Failures), Rest: c.Rest, Changed: changed}), nil //nolint:gosec // the configuration was checked
}

// windowsOf reads when a connection is left alone.
func windowsOf(c config.Connection) (maintenance.Windows, error) {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return maintenance.Windows{}, fmt.Errorf("zone: %w", err)
	}
	windows, err := maintenance.Read(c.Maintenance, zone)
	if err != nil {
		return maintenance.Windows{}, fmt.Errorf("maintenance: %w", err)
	}
	return windows, nil
}

// openERP opens one connection; what it sends goes through over, where there is one, and
// then waits its turn. record is told of every exchange, nil of none.
func openERP(
	c config.Connection, over func(http.RoundTripper) http.RoundTripper, record port.Recorder,
) (erp.Port, error) {
	line, err := lineTo(c)
	if err != nil {
		return nil, err
	}
	var sender http.RoundTripper = paced{line, rate.NewLimiter(rate.Limit(c.PerSecond), max(1, int(c.PerSecond)))}
	if over != nil {
		sender = over(sender)
	}
	opening := erpConfig(c)
	opening.Record, opening.Client, opening.TLS = record, &http.Client{Transport: sender}, line.TLSClientConfig.Clone()
	return erp.Open(opening)
}

// erpConfig is a connection as its adapter wants it.
func erpConfig(c config.Connection) erp.Config {
	provider, mapping := c.Adapter, c.Mapping
	if provider == config.AdapterSandbox {
		provider, mapping = config.AdapterHTTP, "sandbox"
	}
	if provider == config.AdapterHTTP {
		provider = "httpjson"
	}
	return erp.Config{
		Name: c.ID, Provider: provider, URL: c.URL, Database: c.Database, Company: c.Company, User: c.User,
		Secret: erp.Secret(c.Password.Reveal()), Currency: money.Currency(c.Currency), Timeout: c.Timeout, Mapping: mapping,
		Options: c.Options}
}
