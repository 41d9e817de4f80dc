package command

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/adapters/files"
	fileproviders "github.com/countersign/countersign/adapters/files/providers"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/auth/devissuer"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/pages"
	"github.com/countersign/countersign/gateway/server"
	"github.com/countersign/countersign/platform/temporal"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/workflows"
)

// devProvider is the id of the development issuer among the identity providers.
const devProvider = "dev"

func runGateway(ctx context.Context, p *parts) error {
	s, err := p.store(ctx)
	if err != nil {
		return err
	}
	c, err := p.dialLazy()
	if err != nil {
		return err
	}
	deps, err := p.gatewayDeps(ctx, s, c)
	if err != nil {
		return err
	}
	stop, err := p.serveMetrics(ctx, promhttp.HandlerFor(deps.Metrics, promhttp.HandlerOpts{}))
	if err != nil {
		return err
	}
	defer stop()
	if err := p.replies(ctx, deps.Desk, deps.Metrics); err != nil {
		return err
	}
	handler, err := server.New(deps)
	if err != nil {
		return fmt.Errorf("assembling the gateway: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.listen(ctx, handler) })
	group.Go(func() error {
		deps.Auth.Watch(ctx)
		return nil
	})
	group.Go(func() error {
		desk.ReviewRunner{Desk: deps.Desk, Schedule: p.reviews()}.Run(ctx)
		return nil
	})
	group.Go(func() error {
		desk.ImportRunner{Desk: deps.Desk}.Run(ctx)
		return nil
	})
	group.Go(func() error {
		desk.InboundRunner{Desk: deps.Desk}.Run(ctx)
		return nil
	})
	group.Go(func() error {
		deps.Desk.Receipts.Run(ctx, deps.Desk.Store.ActsDelivered)
		return nil
	})
	group.Go(func() error {
		deps.Desk.LookOut(ctx)
		return nil
	})
	return group.Wait()
}

// listen serves until ctx ends, then lets the requests in hand finish.
func (p *parts) listen(ctx context.Context, handler http.Handler) error {
	g := p.config.Gateway
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", g.Listen)
	if err != nil {
		return fmt.Errorf("gateway.listen %s: %w; choose another address", g.Listen, err)
	}
	web := server.Listener(g.Listen, handler)
	web.ReadTimeout, web.WriteTimeout, web.IdleTimeout = g.ReadTimeout, g.WriteTimeout, g.IdleTimeout
	drained := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.ShutdownTimeout)
		defer cancel()
		drained <- web.Shutdown(ctx)
	})
	defer stop()
	p.logger.Info("the gateway is ready", "listen", g.Listen)
	if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving: %w", err)
	}
	return <-drained
}

func (p *parts) gatewayDeps(ctx context.Context, s *store.Store, c client.Client) (server.Deps, error) {
	signer, err := p.signer(ctx, s)
	if err != nil {
		return server.Deps{}, err
	}
	kept, err := openFiles(p.config.Files)
	if err != nil {
		return server.Deps{}, err
	}
	counter := &desk.Desk{Store: s, Engine: p.engine(c, true), Receipts: desk.NewReceipts(), Signer: signer, Files: kept,
		AttachmentMax: p.config.Files.MaxBytes, Foresee: (&activities.Plans{Book: s}).Foresee,
		Directories: directoryTitles(p.config.Directory), AskDirectory: p.engine(c, false).AskDirectory,
		Connections: connectionsOf(p.config), Books: p.engine(c, false), Collector: p.engine(c, false),
		Messengers: messengers(p.config), Webhooks: endpointsOf(p.config), PublicURL: p.config.Gateway.PublicURL}
	if counter.Organisation, err = p.organisation(ctx, s); err != nil {
		return server.Deps{}, err
	}
	if counter.Inbound, err = p.inboundSources(); err != nil {
		return server.Deps{}, err
	}
	hook, err := p.inboundDoor(counter)
	if err != nil {
		return server.Deps{}, err
	}
	issuer, secret, err := p.issuer(s)
	if err != nil {
		return server.Deps{}, err
	}
	door, err := p.auth(ctx, s, issuer, secret)
	if err != nil {
		return server.Deps{}, err
	}
	proxies, err := prefixes(p.config.Gateway.TrustedProxies)
	if err != nil {
		return server.Deps{}, err
	}
	counter.Passkeys, err = auth.NewPasskeys(auth.PasskeyConfig{Public: p.config.Gateway.PublicURL,
		RP: p.config.Identity.Passkeys.RP, Origins: p.config.Identity.Passkeys.Origins})
	if err != nil {
		return server.Deps{}, fmt.Errorf("identity.passkeys: %w", err)
	}
	face, err := pages.New(pages.Deps{Desk: counter, SignIn: door, Framers: p.config.Gateway.FrameAncestors,
		Secure: strings.HasPrefix(p.config.Gateway.PublicURL, "https:")})
	if err != nil {
		return server.Deps{}, fmt.Errorf("the pages: %w", err)
	}
	provisioning, err := p.scim(ctx, s)
	if err != nil {
		return server.Deps{}, err
	}
	metrics := p.metrics
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	heard, err := p.imHooks(ctx, counter, metrics)
	if err != nil {
		return server.Deps{}, err
	}
	return server.Deps{
		Desk: counter, Auth: door, Version: Version, DevIssuer: issuer, Proxies: proxies, Metrics: metrics,
		MetricsElsewhere: p.config.Mode == config.Production || p.config.Observability.MetricsListen != "",
		Framers:          p.config.Gateway.FrameAncestors,
		Checks:           slices.Concat(p.checks(c), providerChecks(door), server.MessengerChecks(counter)),
		Rate:             server.Rate{PerSecond: p.config.Gateway.RatePerSecond, Burst: p.config.Gateway.RateBurst},
		BodyMax:          p.config.Gateway.BodyLimitBytes, Pages: face.Mount, SCIM: provisioning,
		Hooks: []server.Hook{hook.Register, heard.Mount},
	}, nil
}

// checks are what must answer before the gateway is ready, beside the database.
func (p *parts) checks(c client.Client) []server.Check {
	return []server.Check{
		{Name: "safe_mode", Ask: func(context.Context) error {
			if p.config.Worker.Effects.Paused {
				return errors.New("effects are paused (worker.effects.paused): reconcile, then turn it off")
			}
			return nil
		}},
		{Name: "temporal", Ask: func(ctx context.Context) error {
			_, err := c.CheckHealth(ctx, &client.CheckHealthRequest{})
			return err
		}},
		{Name: "search_attributes", Ask: func(ctx context.Context) error {
			missing, err := temporal.MissingSearchAttributes(ctx, c, p.config.Temporal.Namespace, workflows.SearchAttributes())
			if err == nil && len(missing) > 0 {
				err = fmt.Errorf("%d search attributes are not registered; run `countersign migrate`", len(missing))
			}
			return err
		}},
	}
}

// issuer is the development identity provider, nil outside dev.
func (p *parts) issuer(s *store.Store) (*devissuer.Issuer, string, error) {
	if p.config.Mode != config.Dev || len(p.config.Identity.Providers) > 0 {
		return nil, "", nil
	}
	secret := rand.Text()
	issuer, err := devissuer.New(devissuer.Config{
		Mode: string(p.config.Mode), Public: p.config.Gateway.PublicURL, Listen: p.config.Gateway.Listen, Secret: secret,
	}, func(ctx context.Context) ([]devissuer.Choice, error) {
		people, err := s.Snapshot(ctx, 0)
		if err != nil {
			return nil, err
		}
		var choices []devissuer.Choice
		for _, id := range sortedKeys(people.People) {
			if !people.Active(id) {
				continue
			}
			choice := devissuer.Choice{Person: people.People[id]}
			for _, grant := range people.GrantsOf(id) {
				if !slices.Contains(choice.Roles, grant.Role) {
					choice.Roles = append(choice.Roles, grant.Role)
				}
			}
			choices = append(choices, choice)
		}
		return choices, nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("the development issuer: %w", err)
	}
	return issuer, secret, nil
}

// openFiles opens where attachments lie.
func openFiles(c config.Files) (files.Store, error) {
	place := files.Config{Provider: "disk", Directory: c.Dir}
	if c.S3.Bucket != "" {
		settings, err := c.S3.Certs.Client()
		if err != nil {
			return nil, fmt.Errorf("files.s3.certificates: %w", err)
		}
		place = files.Config{Provider: "s3", Endpoint: c.S3.Endpoint, Bucket: c.S3.Bucket, Region: c.S3.Region,
			Prefix: c.S3.Prefix, AccessKey: c.S3.AccessKey.Reveal(), SecretKey: c.S3.SecretKey.Reveal(), Insecure: !c.S3.TLS,
			TLS: settings}
	}
	kept, err := fileproviders.Open(place)
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	return kept, nil
}

func prefixes(networks []string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, network := range networks {
		prefix, err := netip.ParsePrefix(network)
		if err != nil {
			return nil, fmt.Errorf("gateway.trusted_proxies %q: %w", network, err)
		}
		list = append(list, prefix)
	}
	return list, nil
}

// reviews says when rights are reviewed by themselves.
func (p *parts) reviews() desk.ReviewSchedule {
	r := p.config.Access.Reviews
	return desk.ReviewSchedule{Months: r.Months, Zone: p.zone(), AskedReview: desk.AskedReview{
		Title: r.Title, Roles: r.Roles, Entities: r.Entities, Reviewer: r.Reviewer, Undecided: r.Undecided,
		Due: r.Due, Grace: r.Grace,
	}}
}
