package config

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/webhook"
)

// Webhooks are the other systems that are told of events, as Standard Webhooks say.
type Webhooks struct {
	GiveUp    time.Duration `mapstructure:"give_up"` // for so long one may fail before it is disabled
	Keep      time.Duration `mapstructure:"keep"`    // for so long what was delivered can be looked at and sent again
	Endpoints []Webhook     `mapstructure:"endpoints"`
}

// Webhook is one of them.
type Webhook struct {
	ID        string   `mapstructure:"id"`
	Title     string   `mapstructure:"title"` // for people; "" = the id
	URL       string   `mapstructure:"url"`   // https
	Secret    Secret   `mapstructure:"secret"`
	OldSecret Secret   `mapstructure:"old_secret"` // signs beside the other while the receiver changes over
	Events    []string `mapstructure:"events"`     // document.approved, voucher.*; none: webhook.Ordinary
	Types     []string `mapstructure:"types"`      // document types; none: all
	Entities  []string `mapstructure:"entities"`   // none: all
	Account   string   `mapstructure:"account"`    // the receiver's own here: what it did itself is not told back to it
	Evidence  bool     `mapstructure:"evidence"`   // the whole event, with its hashes and opinions
	Private   bool     `mapstructure:"private_network"`
	TLS       TLS      `mapstructure:"tls"`
}

// secretLeast is what Standard Webhooks ask of a key, in bytes; secretMost too.
const secretLeast, secretMost = 24, 64

func (w Webhooks) check(k *check, c Config) {
	var ids []string
	k.want(w.GiveUp >= time.Hour, "webhooks.give_up", "is too short", "set at least 1h, such as 120h")
	k.want(w.Keep >= time.Hour, "webhooks.keep", "is too short", "set at least 1h, such as 720h")
	for i, e := range w.Endpoints {
		at := "webhooks.endpoints[" + strconv.Itoa(i) + "]."
		ids = append(ids, e.ID)
		if e.Private {
			k.url(at+"url", e.URL, "https", "http")
		} else {
			k.url(at+"url", e.URL, "https")
		}
		e.TLS.check(k, at+"tls", strings.HasPrefix(e.URL, "https://"), "begin url with https://")
		k.want(!sameHost(e.URL, c.Gateway.PublicURL), at+"url", "leads back to this house",
			"name the other system: events that come back would never end")
		k.want(signs(e.Secret), at+"secret", "is no key of 24 to 64 bytes in base64",
			"set one made by `openssl rand -base64 32`, with or without whsec_ before it, and give it to the receiver")
		k.want(!e.OldSecret.IsSet() || signs(e.OldSecret), at+"old_secret", "is no key of 24 to 64 bytes in base64",
			"set the key that the receiver still knows, or nothing")
		for _, event := range e.Events {
			k.want(webhook.Named(event), at+"events", "names no kind of event: "+event,
				"write kinds such as document.approved, or all of a noun such as voucher.*")
		}
	}
	k.unique("webhooks.endpoints", ids)
}

func signs(s Secret) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s.Reveal(), "whsec_"))
	return err == nil && len(key) >= secretLeast && len(key) <= secretMost
}

func sameHost(a, b string) bool {
	one, errA := url.Parse(a)
	other, errB := url.Parse(b)
	return errA == nil && errB == nil && one.Host != "" && one.Host == other.Host
}
