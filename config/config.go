// Package config is everything that can be set, typed and checked: from
// defaults, a YAML file, the environment and flags, in that order.
//
// Key a.b is the environment's COUNTERSIGN_A_B. A secret may also be given as
// the path of a file, by a_file beside a, or as a reference file:/path. Lists of
// sections (identity.providers, erp.connections, im.apps, temporal.codec.keys,
// signing.previous) are set in the file only.
package config

import "time"

// Mode says whom the program works for.
type Mode string

// The modes.
const (
	Dev        Mode = "dev"        // one person's machine: own servers, demo company, sign-in without a password
	Production Mode = "production" // nothing is made up; what is missing is an error
)

// Config is everything that can be set. It is a value and never changes while
// the program runs.
type Config struct {
	Mode          Mode          `mapstructure:"mode"`
	Database      Database      `mapstructure:"database"`
	Temporal      Temporal      `mapstructure:"temporal"`
	Gateway       Gateway       `mapstructure:"gateway"`
	Worker        Worker        `mapstructure:"worker"`
	Relay         Relay         `mapstructure:"relay"`
	Identity      Identity      `mapstructure:"identity"`
	Access        Access        `mapstructure:"access"`
	SCIM          SCIM          `mapstructure:"scim"`
	Directory     Directory     `mapstructure:"directory"`
	Signing       Signing       `mapstructure:"signing"`
	ERP           ERP           `mapstructure:"erp"`
	IM            IM            `mapstructure:"im"`
	Inbound       Inbound       `mapstructure:"inbound"`
	Mail          Mail          `mapstructure:"mail"`
	Notices       Notices       `mapstructure:"notices"`
	Webhooks      Webhooks      `mapstructure:"webhooks"`
	Files         Files         `mapstructure:"files"`
	Observability Observability `mapstructure:"observability"`
	Locale        Locale        `mapstructure:"locale"`
}

// Database is PostgreSQL.
type Database struct {
	URL     Secret `mapstructure:"url"`      // postgres://user:password@host:5432/name?sslmode=verify-full
	MaxOpen int    `mapstructure:"max_open"` // connections of one process
}

// Temporal is the Temporal server and how we appear there.
type Temporal struct {
	Address    string     `mapstructure:"address"` // host:port of the frontend
	Namespace  string     `mapstructure:"namespace"`
	TLS        TLS        `mapstructure:"tls"`
	APIKey     Secret     `mapstructure:"api_key"`
	Codec      Codec      `mapstructure:"codec"`
	Versioning Versioning `mapstructure:"versioning"`
	Eager      bool       `mapstructure:"eager"` // start workflows on the worker of the same process, where there is one
}

// Codec encrypts what Temporal keeps.
type Codec struct {
	Enabled bool       `mapstructure:"enabled"`
	KeyID   string     `mapstructure:"key_id"` // of the key that encrypts; every key decrypts
	Keys    []CodecKey `mapstructure:"keys"`

	// The endpoint by which the Temporal UI shows payloads to who may read them:
	// `countersign codec`.
	Listen string `mapstructure:"listen"` // its host:port
	Origin string `mapstructure:"origin"` // of the UI, such as https://temporal.example.com
	Token  Secret `mapstructure:"token"`  // bearer token asked for; in dev mode none is
}

// CodecKey is one AES key.
type CodecKey struct {
	ID     string `mapstructure:"id"`
	Secret Secret `mapstructure:"secret"` // 32 bytes in base64
}

// Versioning is Temporal's Worker Deployment Versioning.
type Versioning struct {
	Enabled    bool   `mapstructure:"enabled"`
	Deployment string `mapstructure:"deployment"`
	BuildID    string `mapstructure:"build_id"` // "" = the build's own version
}

// Gateway is the HTTP side.
type Gateway struct {
	Listen          string        `mapstructure:"listen"`          // host:port
	PublicURL       string        `mapstructure:"public_url"`      // how people reach it, without a path
	TrustedProxies  []string      `mapstructure:"trusted_proxies"` // CIDRs whose X-Forwarded-For is believed
	FrameAncestors  []string      `mapstructure:"frame_ancestors"` // origins whose pages may frame ours; none by default
	BodyLimitBytes  int64         `mapstructure:"body_limit_bytes"`
	ReadTimeout     time.Duration `mapstructure:"read_timeout"`
	WriteTimeout    time.Duration `mapstructure:"write_timeout"`
	IdleTimeout     time.Duration `mapstructure:"idle_timeout"`
	RatePerSecond   float64       `mapstructure:"rate_per_second"` // requests of one person, token or unknown address
	RateBurst       int           `mapstructure:"rate_burst"`      // of these at once
	ShutdownTimeout time.Duration `mapstructure:"shutdown_timeout"`
}

// Worker is the workflow and activity workers of one process.
type Worker struct {
	Approval    ApprovalQueue `mapstructure:"approval"`
	Effects     EffectsQueue  `mapstructure:"effects"`
	StickyCache int           `mapstructure:"sticky_cache"` // workflows kept in memory, about 100 KiB each
	StopTimeout time.Duration `mapstructure:"stop_timeout"` // for work in hand when asked to stop
}

// ApprovalQueue is the task queue of workflows and local activities.
type ApprovalQueue struct {
	WorkflowSlots int `mapstructure:"workflow_slots"`
	LocalSlots    int `mapstructure:"local_slots"`
	Pollers       int `mapstructure:"pollers"`
}

// EffectsQueue is the task queue of effects on the world outside.
type EffectsQueue struct {
	Slots     int     `mapstructure:"slots"`
	PerSecond float64 `mapstructure:"per_second"` // effects begun, over all workers
	Paused    bool    `mapstructure:"paused"`     // safe mode: nothing reaches outside, and the gateway is not ready
}

// Relay is what drains the database: starts, acts, notices.
type Relay struct {
	Interval time.Duration `mapstructure:"interval"` // between two looks at what waits
	Batch    int           `mapstructure:"batch"`    // rows of one claim
}

// Identity is how people sign in.
type Identity struct {
	Providers []Provider `mapstructure:"providers"`
	Session   Session    `mapstructure:"session"`
	Passkeys  Passkeys   `mapstructure:"passkeys"`
}

// Passkeys are those that sign decisions.
type Passkeys struct {
	RP      string   `mapstructure:"rp_id"`   // domain that they sign for; "" = the host of gateway.public_url
	Origins []string `mapstructure:"origins"` // pages that may ask for them; none = gateway.public_url
}

// Provider is one OpenID Connect provider.
type Provider struct {
	ID           string   `mapstructure:"id"` // in the address of its sign-in: /login/<id>
	Issuer       string   `mapstructure:"issuer"`
	ClientID     string   `mapstructure:"client_id"`
	ClientSecret Secret   `mapstructure:"client_secret"`
	Scopes       []string `mapstructure:"scopes"` // none = openid profile email
	Label        string   `mapstructure:"label"`  // on the button, where a language has no title
	TitleEN      string   `mapstructure:"title_en"`
	TitleZH      string   `mapstructure:"title_zh"`

	// What it is believed when somebody comes for the first time; once bound, only the
	// binding says whose sign-in it is.
	PersonClaim string   `mapstructure:"person_claim"`  // its value is a person's id; "" = no claim is
	TrustEmail  bool     `mapstructure:"trust_email"`   // a verified address that is one person's is theirs
	Domains     []string `mapstructure:"email_domains"` // others do not come in; none = every one
	TenantClaim string   `mapstructure:"tenant_claim"`  // "" = tid
	Tenants     []string `mapstructure:"tenants"`       // others do not come in; none = every one

	ACRValues   []string    `mapstructure:"acr_values"`   // asked for where a fresh sign-in is, and the policy names none
	GroupsClaim string      `mapstructure:"groups_claim"` // a claim, or a path such as realm_access.roles; "" = groups
	UserInfo    bool        `mapstructure:"userinfo"`     // ask there for groups that the id_token does not tell
	Roles       []GroupRole `mapstructure:"roles"`        // none = groups bring no roles for a session
	Apps        []string    `mapstructure:"apps"`         // whose web views go straight here: wecom, dingtalk, feishu

	Grants    []ClaimGrant  `mapstructure:"grants"`     // none = groups give no rights
	GrantsFor time.Duration `mapstructure:"grants_for"` // a right holds so long without another sign-in

	TLS     TLS  `mapstructure:"tls"`
	Private bool `mapstructure:"private_network"` // endpoints that it tells may lie in a private network
}

// ClaimGrant is a right that a value of the groups claim gives.
type ClaimGrant struct {
	Value      string `mapstructure:"value"`
	Role       string `mapstructure:"role"`
	Entity     string `mapstructure:"entity"`     // "" = every legal entity
	Department string `mapstructure:"department"` // and those below it; "" = the whole legal entity
	Trusted    bool   `mapstructure:"trusted"`    // somebody else approves there who comes into the group
}

// GroupRole is a role that a provider's group brings for a session. Only a role that
// decides nothing can come so: auditor.
type GroupRole struct {
	Group string `mapstructure:"group"`
	Role  string `mapstructure:"role"`
}

// Session is how long a sign-in lasts.
type Session struct {
	Idle     time.Duration `mapstructure:"idle"`     // without a request
	Absolute time.Duration `mapstructure:"absolute"` // at most
}

// Signing is the key that signs what people do.
type Signing struct {
	KeyID      string      `mapstructure:"key_id"`
	PrivateKey Secret      `mapstructure:"private_key"` // Ed25519 seed, 32 bytes in base64
	Previous   []PublicKey `mapstructure:"previous"`    // keys that signed before; they verify for ever
}

// PublicKey is a key that only verifies.
type PublicKey struct {
	ID  string `mapstructure:"id"`
	Key string `mapstructure:"key"` // Ed25519 public key, 32 bytes in base64
}

// ERP is the books outside.
type ERP struct {
	Connections []Connection  `mapstructure:"connections"`
	MasterEvery time.Duration `mapstructure:"master_every"` // how often master data is read; 0 = only when somebody asks
	Reconcile   Reconcile     `mapstructure:"reconcile"`
	Exchanges   Exchanges     `mapstructure:"exchanges"`
	Alerts      Alerts        `mapstructure:"alerts"`
}

// Exchanges is the log of what was said to the ERPs.
type Exchanges struct {
	Keep time.Duration `mapstructure:"keep"` // 0 = for good
}

// Alerts say from when on finance and administrators are told that a connection is sick.
type Alerts struct {
	Silent time.Duration `mapstructure:"silent"` // without any answer; 0 = never
	Errors int           `mapstructure:"errors"` // percent of 15 minutes' exchanges without success; 0 = never
	Least  int           `mapstructure:"least"`  // exchanges for that to mean anything
}

// Reconcile says when our vouchers are compared with those of every connection.
type Reconcile struct {
	At   string `mapstructure:"at"`   // HH:MM in locale.zone; "" = never by itself
	Days int    `mapstructure:"days"` // how many days each comparison looks back
}

// Connection is one company in one ERP.
type Connection struct {
	ID        string        `mapstructure:"id"`
	Entities  []string      `mapstructure:"entities"` // legal entities whose vouchers go there
	Adapter   string        `mapstructure:"adapter"`  // tryton, odoo …, see rules_erp.go
	URL       string        `mapstructure:"url"`
	Database  string        `mapstructure:"database"`
	Company   string        `mapstructure:"company"` // its id or name there; "" = the user's own
	User      string        `mapstructure:"user"`
	Password  Secret        `mapstructure:"password"`
	Currency  string        `mapstructure:"currency"`   // base currency of that company
	Mapping   string        `mapstructure:"mapping"`    // http: a shipped mapping's name or a file's path
	Timeout   time.Duration `mapstructure:"timeout"`    // of one call; 0 = 20 s
	Settle    time.Duration `mapstructure:"settle"`     // how long an unanswered request may still run there; 0 = 2 min
	PerSecond float64       `mapstructure:"per_second"` // calls; 0 = 5
	AtOnce    int           `mapstructure:"at_once"`    // vouchers and other calls at once, of one worker; 0 = 4

	// Failures one after another make it rest for Rest; 0 = 5, 30 s.
	Failures int           `mapstructure:"failures"`
	Rest     time.Duration `mapstructure:"rest"`

	// Maintenance says when it is left alone, on the clock of Zone ("" = locale.zone); see
	// package maintenance.
	Maintenance []string `mapstructure:"maintenance"`
	Zone        string   `mapstructure:"zone"`

	TLS TLS `mapstructure:"tls"` // over https: whom we believe, and who we are

	// Of its master data: its exchange rates are those that documents are counted with, and
	// every difference waits for somebody, not only what would break something in use.
	Rates        bool `mapstructure:"rates"`
	ReviewMaster bool `mapstructure:"review_master"`

	Options map[string]string `mapstructure:"options"` // what only this adapter knows, by name; see rules_erp.go
}

// What a connection has where the file says nothing.
const (
	connectionTimeout   = 20 * time.Second
	connectionSettle    = 2 * time.Minute
	connectionPerSecond = 5
	connectionAtOnce    = 4
	connectionFailures  = 5
	connectionRest      = 30 * time.Second
)

// Mail is the SMTP server that notices leave by.
type Mail struct {
	Enabled  bool   `mapstructure:"enabled"`
	Host     string `mapstructure:"host"`
	Port     int    `mapstructure:"port"`
	User     string `mapstructure:"user"`
	Password Secret `mapstructure:"password"`
	TLS      string `mapstructure:"tls"` // starttls, tls or none
	Certs    TLS    `mapstructure:"certificates"`
	From     string `mapstructure:"from"` // Countersign <approvals@example.com>

	Bounces Bounces `mapstructure:"bounces"`
	Replies Replies `mapstructure:"replies"`
}

// Bounces is where letters come back to: the house's mail server passes them on by LMTP.
type Bounces struct {
	Listen string `mapstructure:"listen"` // of the relay; "" = letters come back to the sender
	Domain string `mapstructure:"domain"` // of the addresses: b+<token>@<domain>
}

// Replies is where letters are answered to: the house's mail server passes the answers on by
// LMTP, and says which of them it proved.
type Replies struct {
	Listen   string `mapstructure:"listen"`      // of the gateway; "" = nobody decides by answering a letter
	Domain   string `mapstructure:"domain"`      // of the addresses: r+<token>@<domain>
	AuthServ string `mapstructure:"authserv_id"` // how that server calls itself in Authentication-Results
}

// Files is where attachments lie: a directory, or S3 where a bucket is set.
type Files struct {
	Dir      string `mapstructure:"dir"`
	S3       S3     `mapstructure:"s3"`
	MaxBytes int64  `mapstructure:"max_bytes"` // of one file
}

// S3 is an object store.
type S3 struct {
	Endpoint  string `mapstructure:"endpoint"` // host:port
	Bucket    string `mapstructure:"bucket"`   // "" = files lie in the directory
	Region    string `mapstructure:"region"`
	Prefix    string `mapstructure:"prefix"` // before every key
	AccessKey Secret `mapstructure:"access_key"`
	SecretKey Secret `mapstructure:"secret_key"`
	TLS       bool   `mapstructure:"tls"`
	Certs     TLS    `mapstructure:"certificates"`
}

// Observability is what operators see.
type Observability struct {
	LogLevel       string `mapstructure:"log_level"`        // debug, info, warn or error
	LogFormat      string `mapstructure:"log_format"`       // json or text
	MetricsListen  string `mapstructure:"metrics_listen"`   // host:port; "" = none of its own
	PeopleInSearch bool   `mapstructure:"people_in_search"` // names and titles where Temporal shows them
}

// Locale is what a person sees who chose nothing.
type Locale struct {
	Default string `mapstructure:"default"` // zh-CN or en
	Zone    string `mapstructure:"zone"`    // IANA name
}
