package command

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/adapters/mail"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/relay"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/worker"
)

// stopLeast is the least time a worker is given for what it has in hand: a call
// to the ERP ends within it.
const stopLeast = 60 * time.Second

// serve is one of the product's long-running processes.
type serve func(ctx context.Context, p *parts) error

func gatewayCommand() *cobra.Command {
	return processCommand("gateway", "Serve the HTTP API and the pages", runGateway)
}

func workerCommand() *cobra.Command {
	return processCommand("worker", "Run workflows and activities", runWorker)
}

func relayCommand() *cobra.Command {
	return processCommand("relay", "Carry starts, acts and notices from PostgreSQL outward", runRelay)
}

func allCommand() *cobra.Command {
	return processCommand("all", "Gateway, worker and relay in one process, on servers of your own", runAll)
}

func processCommand(name, short string, run serve) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := load(cmd, name)
			if err != nil {
				return err
			}
			defer p.close()
			return run(cmd.Context(), p)
		},
	}
}

// runAll runs the three together; the first that fails stops the others.
func runAll(ctx context.Context, p *parts) error {
	group, ctx := errgroup.WithContext(ctx)
	shared := p.metrics
	for name, run := range map[string]serve{"gateway": runGateway, "worker": runWorker, "relay": runRelay} {
		own, err := newParts(p.config, name)
		if err != nil {
			return err
		}
		own.metrics = shared
		if name != "gateway" {
			own.config.Observability.MetricsListen = "" // the gateway's metrics tell of the whole process
		}
		group.Go(func() error {
			defer own.close()
			return run(ctx, own)
		})
	}
	return group.Wait()
}

func runWorker(ctx context.Context, p *parts) error {
	s, err := p.store(ctx)
	if err != nil {
		return err
	}
	c, err := p.dial(ctx)
	if err != nil {
		return err
	}
	if err := p.keepExchanges(s); err != nil {
		return err
	}
	ledgers, err := p.ledgers()
	if err != nil {
		return err
	}
	deps := workerDeps(c, s, ledgers)
	if deps.Directory, err = p.directories(ctx, s); err != nil {
		return err
	}
	if deps.Master, err = p.masterData(s); err != nil {
		return err
	}
	if deps.Inbound, err = p.inbounds(s); err != nil {
		return err
	}
	if !p.config.Worker.Effects.Paused {
		p.scheduleMasterData(ctx, c, deps.Master)
		if err := p.scheduleInbound(ctx, c); err != nil {
			return err
		}
		if err := worker.KeepSchedules(ctx, c, p.directorySchedules()); err != nil {
			return err
		}
	}
	stop, err := p.serveMetrics(ctx, p.ownMetrics())
	if err != nil {
		return err
	}
	defer stop()
	if err := p.scheduleReconciliations(ctx, c); err != nil {
		p.logger.Error("nobody will reconcile by night", "error", err)
	}
	if err := worker.ScheduleDigests(ctx, c); err != nil {
		p.logger.Error("nobody will get a digest", "error", err)
	}
	deps.Digests = p.digests(s)
	if gates := p.gates(); len(gates) > 0 {
		go worker.TellGates(ctx, s, hostname()+"/"+strconv.Itoa(os.Getpid()), gates, p.gatesChanged)
	}
	p.logger.Info("the worker is ready", "temporal", p.config.Temporal.Address)
	deps.Reconciliations = p.reconciliations(s, ledgers)
	return worker.Run(ctx, p.workerConfig(), deps)
}

func workerDeps(c client.Client, s *store.Store, ledgers activities.Ledgers) worker.Deps {
	return worker.Deps{
		Client:   c,
		Records:  &activities.Records{Book: s, Calendars: &activities.Calendars{Book: s}, Ledgers: ledgers},
		Plans:    &activities.Plans{Book: s},
		Vouchers: &activities.Vouchers{Book: s, Ledgers: ledgers},

		Reversals: &activities.Reversals{Book: s, Ledgers: ledgers},
	}
}

// digests begins what the relay sends.
func (p *parts) digests(s *store.Store) *activities.Digests {
	d := &activities.Digests{Book: s, Manners: p.manners(), Zone: p.zone(), Mail: p.config.Mail.Enabled}
	for _, app := range p.config.IM.Apps {
		d.Apps = append(d.Apps, app.ID)
	}
	return d
}

// manners is how people are told.
func (p *parts) manners() notice.Manners {
	n := p.config.Notices
	return notice.Manners{Budget: n.Budget, Gather: n.Gather, Working: n.WorkingTime, DigestHour: n.DigestHour,
		Unanswered: n.UnansweredFor()}
}

func (p *parts) workerConfig() worker.Config {
	w := p.config.Worker
	c := worker.Config{
		Cache: w.StickyCache, Tasks: w.Approval.WorkflowSlots, Records: w.Approval.LocalSlots, Pollers: w.Approval.Pollers,
		Effects: w.Effects.Slots, EffectRate: w.Effects.PerSecond, Stop: max(w.StopTimeout, stopLeast),
		NoEffects: w.Effects.Paused,
	}
	for _, one := range p.config.ERP.Connections {
		c.Books = append(c.Books, worker.Books{ID: one.ID, AtOnce: one.AtOnce})
	}
	if v := p.config.Temporal.Versioning; v.Enabled {
		c.Deployment, c.Build = v.Deployment, v.BuildID
		if c.Build == "" {
			c.Build = Version
		}
	}
	return c
}

func runRelay(ctx context.Context, p *parts) error {
	s, err := p.store(ctx)
	if err != nil {
		return err
	}
	c, err := p.dialLazy()
	if err != nil {
		return err
	}
	stop, err := p.serveMetrics(ctx, p.ownMetrics())
	if err != nil {
		return err
	}
	defer stop()
	p.logger.Info("the relay is ready")
	r := &relay.Relay{Book: s, Engine: p.engine(c, false), Every: p.config.Relay.Interval,
		Batch: p.config.Relay.Batch, Logger: p.logger, Books: p.watchedBooks(s)}
	letters, err := p.courier(s)
	if err != nil {
		return err
	}
	if letters.Bounces, err = p.bounces(ctx, s); err != nil {
		return err
	}
	if !p.config.Mail.Enabled {
		letters.Sender = nil
	}
	if r.Webhooks, err = p.webhooks(s); err != nil {
		return err
	}
	cards, err := p.cards(s, letters)
	if err != nil {
		return err
	}
	if p.config.Mail.Enabled || cards != nil {
		if r.Courier, err = p.post(s, letters, cards); err != nil {
			return err
		}
	}
	return relayWith(ctx, r, cards)
}

// mailer sends letters through the configured mail server.
func (p *parts) mailer() (*mail.Sender, error) {
	m := p.config.Mail
	settings, err := m.Certs.Client()
	if err != nil {
		return nil, fmt.Errorf("mail.certificates: %w", err)
	}
	return mail.New(mail.Options{Host: m.Host, Port: m.Port, User: m.User, Password: m.Password.Reveal(),
		TLS: m.TLS, From: m.From, Domain: mailDomain(p.config), Certs: settings}), nil
}

func (p *parts) courier(s *store.Store) (*relay.Mail, error) {
	sender, err := p.mailer()
	return &relay.Mail{
		Sender: sender, Directory: s, Text: i18n.Shipped().Text, Locale: p.config.Locale.Default, Zone: p.zone(),
		PublicURL: p.config.Gateway.PublicURL, Wishes: s, Letters: s, Addresses: s, Replies: p.replyAddresses(),
	}, err
}

// post tells people by app and by mail.
func (p *parts) post(s *store.Store, letters *relay.Mail, cards *relay.Cards) (*relay.Post, error) {
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "countersign_notice_deliveries_total",
		Help: "Tries to tell people, by shape (one, several, digest, again), channel and what came of it."},
		[]string{"shape", "channel", "outcome"})
	if err := p.metrics.Register(counter); err != nil {
		return nil, err
	}
	return &relay.Post{Book: s, Mail: letters, Cards: cards, Manners: p.manners(), Keep: p.config.Notices.Keep,
		Told: func(shape, channel, outcome string) { counter.WithLabelValues(shape, channel, outcome).Inc() }}, nil
}

// mailDomain is the right-hand side of Message-IDs: the gateway's public host.
func mailDomain(c config.Config) string {
	request, err := http.NewRequest(http.MethodGet, c.Gateway.PublicURL, nil) //nolint:noctx // only parsed
	if err != nil || request.URL.Hostname() == "" {
		return "countersign.invalid"
	}
	return request.URL.Hostname()
}

// serveMetrics answers /healthz and /metrics on an address of their own, which
// only monitoring should reach.
func (p *parts) serveMetrics(ctx context.Context, metrics http.Handler) (func(), error) {
	address := p.config.Observability.MetricsListen
	if address == "" {
		return func() {}, nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("observability.metrics_listen %s: %w", address, err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			p.logger.Error("the metrics listener stopped", "error", err)
		}
	}()
	return func() { _ = server.Close() }, nil
}

// portOf reads the port of host:port.
func portOf(address string) (int, error) {
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		return 0, fmt.Errorf("%q is no host:port", address)
	}
	port, err := strconv.Atoi(text)
	if err != nil || port < 0 || port > 65535 {
		return 0, fmt.Errorf("%q has no port", address)
	}
	return port, nil
}
