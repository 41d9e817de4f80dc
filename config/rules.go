package config

import (
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Check finds everything that is wrong, not only the first.
//
// Errors: one Problem a key, joined.
func (c Config) Check() error {
	k := &check{}
	k.oneOf("mode", string(c.Mode), string(Dev), string(Production))
	c.checkDatabase(k)
	c.Temporal.check(k)
	c.checkGateway(k)
	c.Worker.check(k)
	k.duration("relay.interval", c.Relay.Interval, 10*time.Millisecond, 10*time.Minute)
	k.count("relay.batch", c.Relay.Batch, 10_000)
	c.checkIdentity(k)
	c.Access.Reviews.check(k)
	c.SCIM.check(k, c.Mode)
	c.Directory.check(k, c)
	c.checkSigning(k)
	c.checkERP(k)
	c.checkIM(k)
	c.Inbound.check(k)
	c.Mail.check(k)
	c.Notices.check(k)
	c.Webhooks.check(k, c)
	c.Files.check(k)
	c.Observability.check(k)
	k.oneOf("locale.default", c.Locale.Default, "zh-CN", "en")
	_, err := time.LoadLocation(c.Locale.Zone)
	k.want(err == nil && c.Locale.Zone != "" && c.Locale.Zone != "Local", "locale.zone", "is no time zone",
		"set an IANA name such as Asia/Shanghai")
	return k.err()
}

// NoDatabase is the problem of a command that needs a database and was not told
// of one. In dev a file may lack the address, because dev brings its own.
var NoDatabase = Problem{Key: "database.url", Text: "is empty",
	Mend: "set postgres://user:password@host:5432/countersign, or database.url_file"}

// frameOrigin is what a browser takes for the origin of a frame: nothing in it can
// end the directive it is written into.
var frameOrigin = regexp.MustCompile(`^https://(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$`)

func (c Config) checkDatabase(k *check) {
	if c.Database.URL.IsSet() {
		k.url("database.url", c.Database.URL.Reveal(), "postgres", "postgresql")
	} else {
		k.want(c.Mode == Dev, NoDatabase.Key, NoDatabase.Text, NoDatabase.Mend)
	}
	k.count("database.max_open", c.Database.MaxOpen, 1000)
}

func (t Temporal) check(k *check) {
	k.address("temporal.address", t.Address)
	k.want(t.Namespace != "", "temporal.namespace", "is empty", "set the namespace's name")
	t.TLS.check(k, "temporal.tls", true, "")
	k.want(!t.APIKey.IsSet() || t.TLS.On(), "temporal.api_key", "would travel in the clear",
		"set temporal.tls.enabled: true")
	k.want(!t.Versioning.Enabled || t.Versioning.Deployment != "", "temporal.versioning.deployment", "is empty",
		"set the deployment's name, or temporal.versioning.enabled: false")
	t.Codec.check(k)
}

func (c Codec) check(k *check) {
	var ids []string
	for i, key := range c.Keys {
		ids = append(ids, key.ID)
		k.key32("temporal.codec.keys["+strconv.Itoa(i)+"].secret", key.Secret.Reveal())
	}
	k.unique("temporal.codec.keys", ids)
	k.want(!c.Enabled || slices.Contains(ids, c.KeyID), "temporal.codec.key_id", "is the id of no key",
		"name one of temporal.codec.keys")
	if c.Listen != "" {
		k.address("temporal.codec.listen", c.Listen)
	}
}

func (c Config) checkGateway(k *check) {
	g := c.Gateway
	k.address("gateway.listen", g.Listen)
	switch {
	case g.PublicURL == "":
		k.want(c.Mode == Dev, "gateway.public_url", "is empty",
			"set how people reach it, such as https://approvals.example.com")
	case c.Mode == Production && !loopback(g.PublicURL):
		k.url("gateway.public_url", g.PublicURL, "https")
	default:
		k.url("gateway.public_url", g.PublicURL, "http", "https")
	}
	if u, err := url.Parse(g.PublicURL); err == nil {
		k.want(u.Path == "" && u.RawQuery == "", "gateway.public_url", "has a path", "end it after the host, without a /")
	}
	for i, network := range g.TrustedProxies {
		k.cidr("gateway.trusted_proxies["+strconv.Itoa(i)+"]", network)
	}
	for i, origin := range g.FrameAncestors {
		k.want(frameOrigin.MatchString(origin), "gateway.frame_ancestors["+strconv.Itoa(i)+"]", "is no origin",
			"set https://host, or https://*.host for all below it, without a path")
	}
	number(k, "gateway.body_limit_bytes", g.BodyLimitBytes, 16<<10, 64<<20, "set bytes from 16384 to 67108864")
	k.duration("gateway.read_timeout", g.ReadTimeout, time.Second, 10*time.Minute)
	k.duration("gateway.write_timeout", g.WriteTimeout, 5*time.Second, 10*time.Minute)
	k.duration("gateway.idle_timeout", g.IdleTimeout, time.Second, time.Hour)
	number(k, "gateway.rate_per_second", g.RatePerSecond, 0.1, 1_000_000, "set requests a second, at least 0.1")
	k.count("gateway.rate_burst", g.RateBurst, 1_000_000)
	k.duration("gateway.shutdown_timeout", g.ShutdownTimeout, time.Second, 10*time.Minute)
}

// loopback says whether an address is on this machine, where plain http is fine.
func loopback(address string) bool {
	u, err := url.Parse(address)
	return err == nil && slices.Contains([]string{"127.0.0.1", "localhost", "::1"}, u.Hostname())
}

func (w Worker) check(k *check) {
	k.count("worker.approval.workflow_slots", w.Approval.WorkflowSlots, 10_000)
	k.want(w.Approval.WorkflowSlots != 1, "worker.approval.workflow_slots", "is too few",
		"set at least 2, for the sticky queue")
	k.count("worker.approval.local_slots", w.Approval.LocalSlots, 10_000)
	number(k, "worker.approval.pollers", w.Approval.Pollers, 2, 100, "set a number from 2 to 100")
	k.count("worker.effects.slots", w.Effects.Slots, 10_000)
	number(k, "worker.effects.per_second", w.Effects.PerSecond, 0.001, 100_000, "set effects a second, more than 0")
	k.count("worker.sticky_cache", w.StickyCache, 1_000_000)
	k.duration("worker.stop_timeout", w.StopTimeout, time.Second, time.Hour)
}

func (c Config) checkSigning(k *check) {
	s := c.Signing
	if s.PrivateKey.IsSet() {
		k.key32("signing.private_key", s.PrivateKey.Reveal())
		k.want(s.KeyID != "", "signing.key_id", "is empty", "name the key, such as k2026; the name is kept for ever")
	} else {
		k.want(c.Mode == Dev, "signing.private_key", "is empty", "make one with: openssl rand -base64 32")
	}
	ids := []string{}
	for i, key := range s.Previous {
		ids = append(ids, key.ID)
		k.key32("signing.previous["+strconv.Itoa(i)+"].key", key.Key)
		k.want(key.ID != s.KeyID, "signing.previous["+strconv.Itoa(i)+"].id", "is that of the key in force",
			"give a new key a new id")
	}
	k.unique("signing.previous", ids)
}

func (m Mail) check(k *check) {
	k.oneOf("mail.tls", m.TLS, "starttls", "tls", "none")
	number(k, "mail.port", m.Port, 1, 65535, "set a port, such as 587")
	if !m.Enabled {
		return
	}
	k.want(m.Host != "", "mail.host", "is empty", "set the SMTP server's name, or mail.enabled: false")
	k.want(m.Bounces.Listen == "" || m.Bounces.Domain != "" && !strings.ContainsAny(m.Bounces.Domain, "@ <>"),
		"mail.bounces.domain", "is no domain", "set the domain of the addresses that letters come back to")
	if m.Replies.Listen != "" {
		r := m.Replies
		k.want(r.Domain != "" && !strings.ContainsAny(r.Domain, "@ <>") && !strings.EqualFold(r.Domain, m.Bounces.Domain),
			"mail.replies.domain", "is no domain of its own",
			"set the domain of the addresses that letters are answered to, another than mail.bounces.domain")
		k.want(r.AuthServ != "" && !strings.ContainsAny(r.AuthServ, " ;\"()"), "mail.replies.authserv_id",
			"names no mail server",
			"set the name by which your mail server signs Authentication-Results, and have it remove those of others")
	}
	m.Certs.check(k, "mail.certificates", m.TLS != "none", "set mail.tls to starttls or tls")
	_, err := mail.ParseAddress(m.From)
	k.want(err == nil, "mail.from", "is no sender", "set an address such as Countersign <approvals@example.com>")
	k.want(!m.Password.IsSet() || m.TLS != "none" || m.Host == "localhost" || m.Host == "127.0.0.1", "mail.tls",
		"would send the password in the clear", "set starttls or tls")
}

func (f Files) check(k *check) {
	number(k, "files.max_bytes", f.MaxBytes, 1<<10, 1<<30, "set bytes from 1024 to 1073741824")
	if f.S3.Bucket == "" {
		k.want(f.Dir != "", "files.dir", "is empty", "set a directory, or files.s3.bucket")
		return
	}
	f.S3.Certs.check(k, "files.s3.certificates", f.S3.TLS, "set files.s3.tls: true")
	k.want(f.S3.Endpoint != "", "files.s3.endpoint", "is empty", "set host:port of the store")
	k.want(f.S3.AccessKey.IsSet(), "files.s3.access_key", "is empty", "set the access key")
	k.want(f.S3.SecretKey.IsSet(), "files.s3.secret_key", "is empty", "set the secret key")
}

func (o Observability) check(k *check) {
	k.oneOf("observability.log_level", o.LogLevel, "debug", "info", "warn", "error")
	k.oneOf("observability.log_format", o.LogFormat, "json", "text")
	if o.MetricsListen != "" {
		k.address("observability.metrics_listen", o.MetricsListen)
	}
}
