package config

import "strconv"

// The kinds of source.
const (
	InboundAPI     = "api"     // it calls the API with a token
	InboundWebhook = "webhook" // it calls /hooks/inbound/<id>, signed
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
	Account  string   `mapstructure:"account"`         // id of the person in whose name it enters documents
	Entities []string `mapstructure:"entities"`        // whose documents it may start; none = every one
	Mapping  string   `mapstructure:"mapping"`         // a shipped mapping's name or a file's path
	Once     bool     `mapstructure:"once_by_invoice"` // refuse an invoice that another document shows already

	// webhook
	Signature string          `mapstructure:"signature"` // standard or hmac
	Header    string          `mapstructure:"header"`    // hmac: which header carries it
	Secrets   []InboundSecret `mapstructure:"secrets"`   // any of them; two while one is replaced
}

// InboundSecret is one secret of a webhook.
type InboundSecret struct {
	Secret Secret `mapstructure:"secret"`
}

// inboundSecretLeast is how many characters a webhook's secret has at least.
const inboundSecretLeast = 24

func (i Inbound) check(k *check) {
	var ids []string
	for n, s := range i.Sources {
		at := "inbound.sources[" + strconv.Itoa(n) + "]."
		ids = append(ids, s.ID)
		k.oneOf(at+"kind", s.Kind, InboundAPI, InboundWebhook)
		k.want(inboundID.MatchString(s.ID), at+"id", "is no name", "set lower-case letters, digits, - and _, at most 40")
		k.want(s.Account != "", at+"account", "is empty", "name the person in whose name documents are entered")
		k.want(s.Mapping != "", at+"mapping", "is empty", "name a mapping file, or a shipped mapping")
		s.checkWebhook(k, at)
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
		k.want(len(one.Secret.Reveal()) >= inboundSecretLeast, at+"secrets["+strconv.Itoa(i)+"].secret", "is too short",
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
