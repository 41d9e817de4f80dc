package command

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/gateway/engine"
	"github.com/countersign/countersign/platform/log"
	"github.com/countersign/countersign/platform/temporal"
	"github.com/countersign/countersign/store"
)

// parts are what a process of the product is made of; each command opens the
// ones it needs and closes them all with close.
type parts struct {
	config  config.Config
	process string // gateway, worker, relay, …: shown to PostgreSQL and Temporal
	logger  *slog.Logger
	closers []func()

	metrics *prometheus.Registry // shared by the parts of one process
	record  port.Recorder        // of exchanges with ERPs; nil until keepExchanges

	directory *store.Store                 // as the directory's role; nil until something needs it
	books     map[string]activities.Ledger // by connection; nil until somebody needs them

	gatesChanged chan struct{} // somebody should look at the gates before the books
}

// load reads the configuration of a command and makes its logger.
func load(cmd *cobra.Command, process string) (*parts, error) {
	path, err := cmd.Root().PersistentFlags().GetString("config")
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	read := config.Load
	if os.Getenv(config.EnvName("mode")) == string(config.Dev) {
		read = config.LoadDev
	}
	c, err := read(path, cmd.Flags())
	if err != nil {
		return nil, err
	}
	p, err := newParts(c, process)
	if err == nil {
		slog.SetDefault(p.logger)
	}
	return p, err
}

func newParts(c config.Config, process string) (*parts, error) {
	logger, err := log.New(os.Stderr, log.Options{Level: c.Observability.LogLevel, Format: c.Observability.LogFormat})
	if err != nil {
		return nil, err
	}
	logger = logger.With("process", process)
	return &parts{config: c, process: process, logger: logger, metrics: prometheus.NewRegistry()}, nil
}

// close closes what was opened, the newest first.
func (p *parts) close() {
	for i := len(p.closers) - 1; i >= 0; i-- {
		p.closers[i]()
	}
	p.closers = nil
}

func (p *parts) store(ctx context.Context) (*store.Store, error) {
	if !p.config.Database.URL.IsSet() {
		return nil, config.NoDatabase
	}
	options := store.Options{URL: p.config.Database.URL.Reveal(), MaxOpen: p.config.Database.MaxOpen,
		Application: "countersign-" + p.process,
		PlanOnce:    p.process == "worker" || p.process == "relay"}
	opened, err := patiently(ctx, p, "the database (database.url)", func() (*store.Store, error) {
		return store.Open(ctx, options)
	})
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, func() { _ = opened.Close() })
	return opened, nil
}

func (p *parts) temporalConfig(worker bool) (temporal.Config, error) {
	t := p.config.Temporal
	c := temporal.Config{
		Address: t.Address, Namespace: t.Namespace, Identity: p.process + "@" + hostname(),
		TLS: temporal.TLS{Enabled: t.TLS.On(), CAFile: t.TLS.CA, CertFile: t.TLS.Cert, KeyFile: t.TLS.Key,
			ServerName: t.TLS.ServerName},
		APIKey: t.APIKey.Reveal(), BlockOnMissingKey: worker, Logger: p.logger,
	}
	keys, err := codecKeys(t.Codec)
	c.Keys = keys
	return c, err
}

// codecKeys puts the key that encrypts first; all of them decrypt.
func codecKeys(c config.Codec) ([]temporal.Key, error) {
	if !c.Enabled {
		return nil, nil
	}
	var keys []temporal.Key
	for _, k := range c.Keys {
		key, err := temporal.ParseKey(k.ID + ":" + k.Secret.Reveal())
		if err != nil {
			return nil, fmt.Errorf("temporal.codec.keys %s: %w", k.ID, err)
		}
		if k.ID == c.KeyID {
			keys = append([]temporal.Key{key}, keys...)
			continue
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// How long a process that starts waits for what it cannot do without: servers
// of one machine come up in any order.
const (
	startPatience = 2 * time.Minute
	startPause    = time.Second
)

// patiently opens what a process needs, trying for a while.
func patiently[T any](ctx context.Context, p *parts, what string, open func() (T, error)) (T, error) {
	began := time.Now()
	for {
		opened, err := open()
		if err == nil {
			return opened, nil
		}
		if time.Since(began) > startPatience || ctx.Err() != nil {
			return opened, fmt.Errorf("reaching %s: %w", what, err)
		}
		p.logger.Warn("waiting for "+what, "error", err.Error())
		select {
		case <-ctx.Done():
			return opened, fmt.Errorf("reaching %s: %w", what, ctx.Err())
		case <-time.After(startPause):
		}
	}
}

// dial connects to Temporal, waiting for it: a worker without it has no work.
func (p *parts) dial(ctx context.Context) (client.Client, error) {
	settings, err := p.temporalConfig(true)
	if err != nil {
		return nil, err
	}
	what := "Temporal at " + p.config.Temporal.Address + " (temporal.address)"
	c, err := patiently(ctx, p, what, func() (client.Client, error) { return temporal.Dial(ctx, settings) })
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, c.Close)
	return c, nil
}

// dialLazy connects on first use: submissions and acts are accepted without.
func (p *parts) dialLazy() (client.Client, error) {
	settings, err := p.temporalConfig(false)
	if err != nil {
		return nil, err
	}
	c, err := temporal.DialLazy(settings)
	if err != nil {
		return nil, fmt.Errorf("preparing Temporal at %s: %w", p.config.Temporal.Address, err)
	}
	p.closers = append(p.closers, c.Close)
	return c, nil
}

func (p *parts) engine(c client.Client, eager bool) *engine.Engine {
	people := p.config.Observability.PeopleInSearch
	return &engine.Engine{Client: c, Eager: eager && p.config.Temporal.Eager, Connections: p.connectionsByEntity(),
		Shown: engine.Shown{People: people, Titles: people}}
}

// signer opens the key that signs acts. The worker believes only keys that
// `migrate` published, so one that nobody published is told before it signs.
func (p *parts) signer(ctx context.Context, s *store.Store) (evidence.Signer, error) {
	signer, err := p.signingKey()
	if err != nil {
		return evidence.Signer{}, err
	}
	ring, err := s.PublicKeys(ctx)
	if err != nil {
		return evidence.Signer{}, err
	}
	if known, ok := ring[signer.KeyID]; !ok || !known.Equal(signer.Public()) {
		return evidence.Signer{}, fmt.Errorf("signing.key_id %s: its public key is not published; "+
			"run `countersign migrate` with the same signing keys", signer.KeyID)
	}
	return signer, nil
}

func (p *parts) signingKey() (evidence.Signer, error) {
	signer, err := evidence.NewSigner(p.config.Signing.KeyID, p.config.Signing.PrivateKey.Reveal())
	if err != nil {
		return evidence.Signer{}, fmt.Errorf("signing.private_key: %w", err)
	}
	return signer, nil
}

// publishKeys makes the signing key and its predecessors believed: verify keys
// are added and never taken back.
func (p *parts) publishKeys(ctx context.Context, s *store.Store) error {
	for _, previous := range p.config.Signing.Previous {
		public, err := evidence.ParsePublicKey(previous.ID, previous.Key)
		if err != nil {
			return fmt.Errorf("signing.previous %s: %w", previous.ID, err)
		}
		if err := s.SavePublicKey(ctx, previous.ID, public); err != nil {
			return fmt.Errorf("publishing the verify key %s: %w", previous.ID, err)
		}
	}
	if !p.config.Signing.PrivateKey.IsSet() {
		return nil
	}
	signer, err := p.signingKey()
	if err != nil {
		return err
	}
	if err := s.SavePublicKey(ctx, signer.KeyID, signer.Public()); err != nil {
		return fmt.Errorf("publishing the verify key %s: %w", signer.KeyID, err)
	}
	return nil
}

func (p *parts) zone() *time.Location {
	zone, err := time.LoadLocation(p.config.Locale.Zone)
	if err != nil {
		return time.UTC // the configuration was checked; this is for a system without zones
	}
	return zone
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}
