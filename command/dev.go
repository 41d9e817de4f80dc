package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/platform/postgres"
	"github.com/countersign/countersign/stack"
	"github.com/countersign/countersign/store"
)

const (
	devNamespace = "default"
	devTokenLife = 24 * time.Hour
)

type devOptions struct {
	settings map[string]any // of --config, by key
	stack    stack.Options
	wecom    bool
	others   map[string]*bool // platforms that share a phone, by name
	listen   string
	encrypt  bool
}

func devCommand() *cobra.Command {
	var o devOptions
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Start everything on this machine: PostgreSQL, Temporal with its UI, gateway, worker, relay, an ERP",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.stack.Out = cmd.ErrOrStderr()
			path, err := cmd.Root().PersistentFlags().GetString("config")
			if err != nil {
				return err
			}
			if o.settings, err = devSettings(path); err != nil {
				return err
			}
			return o.run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.stack.Dir, "data", ".countersign", "directory of everything that is kept")
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8080", "the gateway's host:port, on loopback; port 0 takes a free one")
	flags.StringVar(&o.stack.ERP, "erp", stack.Sandbox, "the ERP: sandbox, or tryton for a real one")
	flags.StringVar(&o.stack.PostgresURL, "postgres", "", "use a running PostgreSQL: URL of a superuser")
	flags.StringVar(&o.stack.TemporalAddr, "temporal", "", "use a running Temporal: host:port")
	flags.BoolVar(&o.stack.TemporalCLI, "temporal-cli", false, "use an installed `temporal` command")
	flags.IntVar(&o.stack.TemporalPort, "temporal-port", 0, "port of Temporal, 0 takes a free one")
	flags.IntVar(&o.stack.UIPort, "temporal-ui-port", 8233, "port of Temporal's web UI, 0 takes a free one")
	flags.IntVar(&o.stack.ERPPort, "erp-port", 0, "port of the sandbox ERP, 0 takes a free one")
	flags.IntVar(&o.stack.MailPort, "mail-port", 0, "port of the mailbox's page, 0 takes a free one")
	flags.BoolVar(&o.wecom, "wecom", false, "show cards in a simulated WeCom, with a phone for everybody")
	o.others = map[string]*bool{}
	for name, title := range map[string]string{"feishu": "Feishu", "dingtalk": "DingTalk", "slack": "Slack"} {
		o.others[name] = flags.Bool(name, false, "show cards in a simulated "+title)
	}
	flags.BoolVar(&o.encrypt, "encrypt", false, "encrypt what Temporal keeps, and let its UI decrypt it")
	flags.BoolVar(&o.stack.Fsync, "fsync", true, "survive a power cut")
	return cmd
}

// run starts the stack, then the product in this process, and says ready.
func (o devOptions) run(ctx context.Context, out io.Writer) (err error) {
	if o.stack.Dir, err = filepath.Abs(o.stack.Dir); err != nil {
		return err
	}
	if o.stack.ERP != stack.Sandbox && o.stack.ERP != stack.Tryton {
		return fmt.Errorf("--erp %q is not known; choose %s or %s", o.stack.ERP, stack.Sandbox, stack.Tryton)
	}
	if o.listen, err = free(o.listen); err != nil {
		return err
	}
	_ = os.Remove(filepath.Join(o.stack.Dir, devFileName)) // of an earlier run: nobody should read it
	codec := ""
	if o.encrypt {
		if codec, err = stack.FreeAddress(); err != nil {
			return err
		}
		o.stack.UICodec = "http://" + codec
	}
	ground, err := o.ground(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ground.Stop()) }()
	file := filepath.Join(o.stack.Dir, "config.yaml")
	product := stack.Product{Listen: o.listen, Namespace: devNamespace, Codec: codec,
		Settings: map[string]any{"gateway.public_url": "http://" + byName(o.listen), "database.url": ground.DatabaseURL()}}
	maps.Copy(product.Settings, o.settings)
	phones, err := o.handsets(ctx)
	defer phones.stop()
	if err != nil {
		return err
	}
	if apps := phones.apps(); len(apps) > 0 {
		product.Settings["im.apps"] = apps
	}
	if err := ground.WriteConfig(file, product); err != nil {
		return err
	}
	c, err := config.LoadDev(file, nil)
	if err != nil {
		return err
	}
	c.Database.URL = config.NewSecret(ground.DatabaseURL())
	addresses, tokens, err := prepared(ctx, c)
	if err != nil {
		return err
	}
	if err := phones.join(ctx, c); err != nil {
		return err
	}
	f := devFile{Gateway: c.Gateway.PublicURL, Temporal: ground.TemporalAddress(), Namespace: devNamespace,
		TemporalUI: ground.TemporalUI(), ERP: ground.ERPURL, Mailbox: ground.MailURL, Config: file,
		Database: ground.DatabaseURL(), Tokens: tokens}
	return serveDev(ctx, c, addresses, func() error {
		if err := f.write(o.stack.Dir); err != nil {
			return err
		}
		if err := hints(out, f, o.stack); err != nil {
			return err
		}
		return phones.hint(out)
	})
}

// ground starts the servers, installing PostgreSQL where it is missing.
func (o devOptions) ground(ctx context.Context) (*stack.Stack, error) {
	ground, err := stack.Start(ctx, o.stack)
	var missing *postgres.MissingError
	if errors.As(err, &missing) {
		if err := postgres.Install(ctx, o.stack.Out); err != nil {
			return nil, err
		}
		return stack.Start(ctx, o.stack)
	}
	return ground, err
}

func prepared(ctx context.Context, c config.Config) (addresses, tokens map[string]string, err error) {
	p, err := newParts(c, "migrate")
	if err != nil {
		return nil, nil, err
	}
	defer p.close()
	return p.prepareDev(ctx)
}

// prepareDev brings database and Temporal up to date, with the demo company,
// roles of least privilege and a token for every demo person, and answers with
// the roles' addresses and the tokens. The tokens are new at each start.
func (p *parts) prepareDev(ctx context.Context) (addresses, tokens map[string]string, err error) {
	if err := p.migrate(ctx, true); err != nil {
		return nil, nil, err
	}
	if err := p.prepareTemporal(ctx); err != nil {
		return nil, nil, err
	}
	addresses, err = makeRoles(ctx, p.config.Database.URL.Reveal(), nil)
	if err != nil {
		return nil, nil, fmt.Errorf("making the database roles: %w", err)
	}
	s, err := p.store(ctx)
	if err != nil {
		return nil, nil, err
	}
	tokens, err = devTokens(ctx, s)
	return addresses, tokens, err
}

func devTokens(ctx context.Context, s *store.Store) (map[string]string, error) {
	people, err := s.Snapshot(ctx, 0)
	if err != nil {
		return nil, err
	}
	tokens := map[string]string{}
	for id, person := range people.People {
		if !person.Active {
			continue
		}
		token, hash := auth.NewToken()
		_, err := s.CreateToken(ctx, store.Token{Person: id, Name: "dev", Hash: hash, Scopes: access.Permissions(),
			ExpiresAt: time.Now().Add(devTokenLife)})
		if err != nil {
			return nil, fmt.Errorf("making a token for %s: %w", id, err)
		}
		tokens[id] = token
	}
	return tokens, nil
}

// serveDev runs the product in this process, each part under its own database
// role, and calls ready once the gateway is.
func serveDev(ctx context.Context, c config.Config, addresses map[string]string, ready func() error) error {
	group, ctx := errgroup.WithContext(ctx)
	whole, err := newParts(c, "dev")
	if err != nil {
		return err
	}
	slog.SetDefault(whole.logger)
	running := map[string]serve{"gateway": runGateway, "worker": runWorker, "relay": runRelay}
	if c.Temporal.Codec.Listen != "" {
		running["codec"] = runCodec
	}
	for name, run := range running {
		own := c
		own.Database.URL = config.NewSecret(addresses["countersign_"+name])
		own.SCIM.DatabaseURL = config.NewSecret(addresses[store.RoleDirectory])
		p, err := newParts(own, name)
		if err != nil {
			return err
		}
		p.metrics = whole.metrics
		group.Go(func() error {
			defer p.close()
			return run(ctx, p)
		})
	}
	group.Go(func() error {
		if err := stack.AwaitReady(ctx, c.Gateway.PublicURL); err != nil {
			if errors.Is(err, context.Canceled) {
				return nil // asked to stop
			}
			return err
		}
		return ready()
	})
	return group.Wait()
}

// hints says what a newcomer does next; the first word of its first line is what
// programs wait for.
func hints(out io.Writer, f devFile, o stack.Options) error {
	company, err := config.DemoCompany()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, `ready  %s

  the product      %s        产品页面
  Temporal UI      %s/namespaces/%s/workflows
  the ERP's books  %s        ERP 凭证
  the mailbox      %s        邮箱
  the API          %s/docs

  sign in as       %s
  try              sign in as lin, submit an expense of 1000.00; approve it as wang, then zhao, then liu;
                   see the voucher in the ERP's books. Or in another terminal: make try
  试一试           以 lin 登录,提交一张 1000.00 的报销单;再依次以 wang、zhao、liu 登录审批;
                   然后在 ERP 中查看凭证。也可在另一个终端运行:make try
  kept in          %s   (Ctrl-C stops everything; nothing is lost)
`, f.Gateway, f.Gateway, f.TemporalUI, f.Namespace, booksOf(f, o), f.Mailbox, f.Gateway, cast(company), o.Dir)
	return err
}

func booksOf(f devFile, o stack.Options) string {
	if o.ERP == stack.Tryton {
		return "Tryton (see " + filepath.Join(o.Dir, "config.yaml") + "), sandbox: " + f.ERP
	}
	return f.ERP
}

// cast names the demo people by what they do.
func cast(company org.Snapshot) string {
	text := ""
	for _, id := range []string{"lin", "wang", "zhao", "liu", "admin", "emma"} {
		if text != "" {
			text += " · "
		}
		text += id + " " + company.People[id].Name
	}
	return text
}

// byName is how a browser of this machine reaches an address: no passkey is made for a
// bare one.
func byName(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host != "127.0.0.1" {
		return address
	}
	return net.JoinHostPort("localhost", port)
}

// free replaces port 0 by a port that is free now. Another port that somebody listens on
// is refused before anything is built and started.
func free(address string) (string, error) {
	port, err := portOf(address)
	switch {
	case err != nil:
		return "", err
	case port == 0:
		return stack.FreeAddress()
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", fmt.Errorf("--listen %s: %w; choose another address", address, err)
	}
	return address, l.Close()
}
