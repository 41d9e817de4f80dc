package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestErrorsNameTheKeyAndTheMend adds one mistake to a good file.
func TestErrorsNameTheKeyAndTheMend(t *testing.T) {
	const connection = "erp: { connections: [ { id: a, entities: [e], url: 'https://erp', "
	const app = "im: { apps: [ { id: a, "
	const claimed = "identity: { providers: [ { id: a, issuer: 'https://i', client_id: c, grants: [ { value: g, "
	for _, tt := range []struct{ name, add, key, mend string }{
		{"a slip of the pen", "relay: { batsh: 1 }", "relay.batsh", "did you mean batch?"},
		{"a section nobody knows", "kafka: { brokers: x }", "kafka", "remove it"},
		{"a slip in a list", "signing: { previous: [ { idd: k } ] }", "signing.previous[0].idd", "did you mean id?"},
		{"a value for a section", "mail: yes", "mail", "indent"},
		{"a word for a number", "relay: { batch: many }", "relay.batch", "compare it"},
		{"a number without its unit", "relay: { interval: soon }", "relay.interval", "30s or 2h"},
		{"an unknown mode", "mode: prod", "mode", "dev, production"},
		{"no connection to the database", "database: { max_open: 0 }", "database.max_open", "from 1 to"},
		{"an address without a port", "temporal: { address: temporal }", "temporal.address", "host:port"},
		{"reviews every five months", "access: { reviews: { months: 5 } }", "access.reviews.months", "1, 2, 3, 4, 6 or 12"},
		{"a review without time", "access: { reviews: { due: soon } }", "access.reviews.due", "15 workday"},
		{"half a certificate", "temporal: { tls: { cert: c.pem } }", "temporal.tls.key", "set both"},
		{"a key in the clear", "temporal: { api_key: k }", "temporal.api_key", "tls.enabled"},
		{"a codec without its key", "temporal: { codec: { enabled: true, key_id: k } }", "temporal.codec.key_id", "name one"},
		{"a short codec key", "temporal: { codec: { keys: [ { id: k, secret: c2hvcnQ= } ] } }",
			"temporal.codec.keys[0].secret", "openssl rand"},
		{"plain http for others", "gateway: { public_url: 'http://approvals.example.com' }", "gateway.public_url", "https://"},
		{"an address with a path", "gateway: { public_url: 'https://example.com/x' }", "gateway.public_url", "after the host"},
		{"a proxy that is no network", "gateway: { trusted_proxies: [10.0.0.1] }", "gateway.trusted_proxies[0]", "CIDR"},
		{"a frame of everybody", "gateway: { frame_ancestors: ['*'] }", "gateway.frame_ancestors[0]", "https://host"},
		{"a frame that ends its directive", "gateway: { frame_ancestors: ['https://a.example; script-src *'] }",
			"gateway.frame_ancestors[0]", "https://host"},
		{"a huge body", "gateway: { body_limit_bytes: 100000000 }", "gateway.body_limit_bytes", "67108864"},
		{"one workflow slot", "worker: { approval: { workflow_slots: 1 } }", "worker.approval.workflow_slots", "at least 2"},
		{"no time to stop", "worker: { stop_timeout: 0s }", "worker.stop_timeout", "from 1s"},
		{"an issuer in the clear", "identity: { providers: [ { id: a, issuer: 'http://idp.example.com', client_id: c } ] }",
			"identity.providers[0].issuer", "https://"},
		{"scopes without openid", "identity: { providers: [ { id: a, issuer: 'https://i', client_id: c, scopes: [email] } ] }",
			"identity.providers[0].scopes", "add openid"},
		{"power by a claim", claimed + "role: cashier, trusted: true } ] } ] }", "identity.providers[0].grants[0].role", "two people"},
		{"a role by nobody's word", claimed + "role: auditor } ] } ] }", "identity.providers[0].grants[0].trusted", "in the house"},
		{"a department of no company", claimed + "role: assistant, department: d, trusted: true } ] } ] }",
			"identity.providers[0].grants[0].entity", "legal entity"},
		{"claims that nobody may write", claimed + "role: auditor, trusted: true } ] } ] }", "scim.database_url", "what claims give"},
		{"a session longer idle than at all", "identity: { session: { idle: 20h } }", "identity.session.absolute", "20h"},
		{"a bad old key", "signing: { previous: [ { id: k0, key: x } ] }", "signing.previous[0].key", "openssl"},
		{"an old key with the new name", "signing: { previous: [ { id: k1, key: " + seed + " } ] }",
			"signing.previous[0].id", "new id"},
		{"an unknown adapter", connection + "adapter: abacus } ] }", "erp.connections[0].adapter", "tryton"},
		{"the sandbox in production", connection + "adapter: sandbox } ] }", "erp.connections[0].adapter", "books nothing"},
		{"tryton without a database", connection + "adapter: tryton } ] }", "erp.connections[0].database", "Tryton"},
		{"a window that is none", connection + `adapter: tryton, database: d, maintenance: ["nightly"] } ] }`,
			"erp.connections[0].maintenance", "daily 01:00-03:00"},
		{"always in maintenance", connection + `adapter: tryton, database: d, maintenance: ["daily 00:00-24:00"] } ] }`,
			"erp.connections[0].maintenance", "no time at all"},
		{"a zone nobody knows", connection + "adapter: tryton, database: d, zone: Mars/Base } ] }",
			"erp.connections[0].zone", "Asia/Shanghai"},
		{"no call at once", connection + "adapter: tryton, database: d, at_once: -1 } ] }",
			"erp.connections[0].at_once", "at least 1"},
		{"a rest too short", connection + "adapter: tryton, database: d, rest: 1ms } ] }",
			"erp.connections[0].rest", "1s"},
		{"one failure is no series", connection + "adapter: tryton, database: d, failures: 1 } ] }",
			"erp.connections[0].failures", "at least 2"},
		{"soap without a mapping", connection + "adapter: soap } ] }", "erp.connections[0].mapping", "mapping"},
		{"http without a mapping", connection + "adapter: http } ] }", "erp.connections[0].mapping", "mapping"},
		{"erpnext without a company", connection + "adapter: erpnext, user: u, password: p, currency: CNY } ] }",
			"erp.connections[0].company", "name in ERPNext"},
		{"odoo without a key", connection + "adapter: odoo, user: u, currency: CNY } ] }", "erp.connections[0].password", "API key"},
		{"odoo with a strange dialect", connection + "adapter: odoo, options: { dialect: soap } } ] }",
			"erp.connections[0].options.dialect", "json2, jsonrpc"},
		{"an option nobody knows", connection + "adapter: tryton, options: { dialect: json2 } } ] }",
			"erp.connections[0].options.dialect", "no options"},
		{"kingdee without its AppSecret", connection + "adapter: kingdee, database: d, user: u } ] }",
			"erp.connections[0].password", "AppSecret"},
		{"a login nobody knows", connection + "adapter: kingdee, options: { login: magic } } ] }",
			"erp.connections[0].options.login", "signed"},
		{"sap without its company code", connection + "adapter: sap } ] }", "erp.connections[0].company", "company code"},
		{"files in a form nobody reads", "erp: { connections: [ { id: a, entities: [e], adapter: filedrop, currency: CNY, " +
			"options: { format: xls } } ] }", "erp.connections[0].options.format", "hledger"},
		{"files to where nobody can put them", "erp: { connections: [ { id: a, entities: [e], adapter: filedrop, currency: CNY, " +
			"url: 'ftp://h/x' } ] }", "erp.connections[0].url", "sftp"},
		{"settled before the call ends", connection + "adapter: http, mapping: m, settle: 1s } ] }",
			"erp.connections[0].settle", "from 20s"},
		{"a platform nobody knows", app + "provider: icq } ] }", "im.apps[0].provider", "wecom"},
		{"an app without its secret", app + "provider: wecom, tenant: w, app: '1', token: t, key: k } ] }",
			"im.apps[0].secret", "Secret"},
		{"an app's name that is no part of an address", "im: { apps: [ { id: a/b, provider: wecom } ] }", "im.apps[0].id", "for ever"},
		{"a platform in the clear", app + "provider: wecom, url: 'http://wecom.example.com' } ] }", "im.apps[0].url", "https://"},
		{"an app's option nobody knows", app + "provider: wecom, options: { a: b } } ] }", "im.apps[0].options.a",
			"employee_attribute"},
		{"mail without a server", "mail: { enabled: true, from: a@b.c }", "mail.host", "mail.enabled"},
		{"a sender that is none", "mail: { enabled: true, host: h }", "mail.from", "approvals@example.com"},
		{"a password in the clear", "mail: { enabled: true, host: h, from: a@b.c, tls: none, password: p }", "mail.tls", "starttls"},
		{"a budget without room", "notices: { budget: 1 }", "notices.budget", "2 or more"},
		{"a digest at midnight", "notices: { digest_hour: 0 }", "notices.digest_hour", "such as 9"},
		{"a patience in no unit", "notices: { unanswered: soon }", "notices.unanswered", "4 workhours"},
		{"a bucket without an endpoint", "files: { s3: { bucket: b } }", "files.s3.endpoint", "host:port"},
		{"an unknown level", "observability: { log_level: loud }", "observability.log_level", "debug"},
		{"an unknown locale", "locale: { default: de }", "locale.default", "zh-CN, en"},
		{"a zone that does not exist", "locale: { zone: Asia/Beijing }", "locale.zone", "Asia/Shanghai"},
		{"a secret twice", "mail: { password: a, password_file: b }", "mail.password", "keep one"},
		{"a secret's file that is not there", "mail: { password_file: missing }", "mail.password", "readable file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(write(t, merge(tt.add)), nil)
			require.ErrorContains(t, err, tt.key)
			require.ErrorContains(t, err, tt.mend)
		})
	}
}

// merge adds a section to the good file, in place of the same one.
func merge(add string) string {
	section, rest, _ := strings.Cut(add, ":")
	var lines []string
	for line := range strings.Lines(strings.TrimSpace(whole)) {
		line = strings.TrimSpace(line)
		if inner, ok := strings.CutPrefix(line, section+": {"); ok && strings.Contains(rest, "{") {
			had := strings.TrimSuffix(strings.TrimSpace(inner), "}")
			if strings.Contains(rest, "public_url") {
				had = ""
			}
			if had != "" {
				had += ","
			}
			rest = " {" + had + strings.TrimPrefix(strings.TrimSpace(rest), "{")
			continue
		}
		lines = append(lines, line)
	}
	return strings.Join(append(lines, section+":"+rest), "\n") + "\n"
}

func TestProductionSaysEverythingThatIsMissing(t *testing.T) {
	_, err := Load("", nil)
	for _, key := range []string{"database.url", "gateway.public_url", "signing.private_key",
		"COUNTERSIGN_DATABASE_URL", "COUNTERSIGN_SIGNING_PRIVATE_KEY"} {
		require.ErrorContains(t, err, key)
	}
}

func TestAWrongSecretIsNotRepeated(t *testing.T) {
	for _, add := range []string{
		"signing: { private_key: hunter2 }",
		"mail: { password: [hunter2] }",
		"database: { url: 'mysql://root:hunter2@db' }",
	} {
		section, _, _ := strings.Cut(add, ":")
		text := ""
		for line := range strings.Lines(strings.TrimSpace(whole)) {
			if !strings.HasPrefix(line, section+":") {
				text += line
			}
		}
		_, err := Load(write(t, text+"\n"+add+"\n"), nil)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func TestAMissingFileIsNamed(t *testing.T) {
	_, err := Load("no-such-file.yaml", nil)
	require.ErrorContains(t, err, "no-such-file.yaml")
	require.ErrorContains(t, err, "--config")
}
