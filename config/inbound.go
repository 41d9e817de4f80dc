package config

import (
	"strconv"
	"time"
)

// The kinds of source.
const (
	InboundAPI     = "api"      // it calls the API with a token
	InboundWebhook = "webhook"  // it calls /hooks/inbound/<id>, signed
	InboundFile    = "file"     // it puts files into a folder
	InboundTable   = "table"    // we read a table or a view of its database
	InboundBill    = "erp_bill" // we ask an ERP for approved supplier bills
)

// How a webhook is signed.
const (
	SignedStandard = "standard" // Standard Webhooks: webhook-id, webhook-timestamp, webhook-signature
	SignedHMAC     = "hmac"     // HMAC-SHA256 over the body alone, in a header of its own
)

// Inbound is which systems may start documents.
type Inbound struct {
	Sources []InboundSource `mapstructure:"sources"`
}

// InboundSource is one of them.
type InboundSource struct {
	ID       string   `mapstructure:"id"`
	Title    string   `mapstructure:"title"`
	Kind     string   `mapstructure:"kind"`
	Account  string   `mapstructure:"account"`  // id of the person in whose name it enters documents
	Entities []string `mapstructure:"entities"` // whose documents it may start; none = every one
	Mapping  string   `mapstructure:"mapping"`  // a shipped mapping's name or a file's path

	// webhook
	Signature string          `mapstructure:"signature"` // standard or hmac
	Header    string          `mapstructure:"header"`    // hmac: which header carries it
	Secrets   []InboundSecret `mapstructure:"secrets"`   // any of them; two while one is replaced

	// file, table and erp_bill: how often they are read; 0 = only when somebody asks
	Every time.Duration `mapstructure:"every"`

	Dir string `mapstructure:"dir"` // file: the folder

	DatabaseURL Secret `mapstructure:"database_url"` // table: postgres://…, a user that may only read
	View        string `mapstructure:"view"`         // table: the table or view, with its schema where it has one
	Column      string `mapstructure:"column"`       // table: a column that only grows, such as an id

	Connection string `mapstructure:"connection"` // erp_bill: id of an ERP connection
	Days       int    `mapstructure:"days"`       // erp_bill: how far back bills are dated; 0 = 60
}

// InboundSecret is one secret of a webhook.
type InboundSecret struct {
	Secret Secret `mapstructure:"secret"`
}

// secretLeast is how many characters a webhook's secret has at least.
const secretLeast = 24

// Polled says whether we ask the source ourselves.
func (s InboundSource) Polled() bool {
	return s.Kind == InboundFile || s.Kind == InboundTable || s.Kind == InboundBill
}

func (i Inbound) check(k *check, c Config) {
	var ids []string
	for n, s := range i.Sources {
		at := "inbound.sources[" + strconv.Itoa(n) + "]."
		ids = append(ids, s.ID)
		k.oneOf(at+"kind", s.Kind, InboundAPI, InboundWebhook, InboundFile, InboundTable, InboundBill)
		k.want(inboundID.MatchString(s.ID), at+"id", "is no name", "set lower-case letters, digits, - and _, at most 40")
		k.want(s.Account != "", at+"account", "is empty", "name the person in whose name documents are entered")
		k.want(s.Mapping != "", at+"mapping", "is empty", "name a mapping file, or a shipped mapping")
		k.want(s.Every == 0 || s.Polled(), at+"every", "is of file, table and erp_bill only", "remove it")
		k.want(s.Every == 0 || s.Every >= time.Second, at+"every", "is too short", "set at least 1s")
		s.checkWebhook(k, at)
		s.checkPolled(k, at, c)
	}
	k.unique("inbound.sources", ids)
}

func (s InboundSource) checkWebhook(k *check, at string) {
	if s.Kind != InboundWebhook {
		k.want(len(s.Secrets) == 0 && s.Header == "", at+"secrets", "are of webhooks only", "remove them")
		return
	}
	k.want(len(s.Secrets) > 0, at+"secrets", "is empty", "set at least one: openssl rand -base64 32")
	for i, one := range s.Secrets {
		k.want(len(one.Secret.Reveal()) >= secretLeast, at+"secrets["+strconv.Itoa(i)+"].secret", "is too short",
			"make one with: openssl rand -base64 32")
		if s.Signature != SignedHMAC {
			k.want(standardSecret(one.Secret.Reveal()), at+"secrets["+strconv.Itoa(i)+"].secret", "is not base64",
				"make one with: openssl rand -base64 32; whsec_ before it is fine")
		}
	}
	if s.Signature != "" {
		k.oneOf(at+"signature", s.Signature, SignedStandard, SignedHMAC)
	}
	k.want((s.Signature == SignedHMAC) == (s.Header != ""), at+"header", "goes with signature: hmac",
		"name the header that carries the signature, such as X-Signature")
}

func (s InboundSource) checkPolled(k *check, at string, c Config) {
	k.want((s.Kind == InboundFile) == (s.Dir != ""), at+"dir", "goes with kind: file", "name the folder of a file source")
	table := s.Kind == InboundTable
	k.want(table == s.DatabaseURL.IsSet(), at+"database_url", "goes with kind: table",
		"set the address of the other database, or database_url_file")
	k.want(table == columnName.MatchString(s.Column), at+"column", "goes with kind: table",
		"name a column that only grows")
	k.want(table == viewName.MatchString(s.View), at+"view", "goes with kind: table", "name a table or view: oa.payments")
	known := false
	for _, one := range c.ERP.Connections {
		known = known || one.ID == s.Connection
	}
	k.want(s.Kind == InboundBill && known || s.Kind != InboundBill && s.Connection == "", at+"connection",
		"is no ERP connection of kind: erp_bill", "name one of erp.connections")
	number(k, at+"days", s.Days, 0, 400, "set days from 1 to 400")
}
