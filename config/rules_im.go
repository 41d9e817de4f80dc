package config

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// IM is the messaging platforms on which people decide.
type IM struct {
	Apps []IMApp `mapstructure:"apps"`
}

// IMApp is one app on one platform.
type IMApp struct {
	ID       string        `mapstructure:"id"`       // in the address of its callbacks: /hooks/im/<id>
	Provider string        `mapstructure:"provider"` // dingtalk, feishu, slack, wecom, see platforms
	Title    string        `mapstructure:"title"`    // for people; "" = the platform's own name
	URL      string        `mapstructure:"url"`      // "" = the vendor's
	Tenant   string        `mapstructure:"tenant"`   // whose people: corp id, team id …
	App      string        `mapstructure:"app"`      // agent id, app key …
	Secret   Secret        `mapstructure:"secret"`   // tokens are got with it
	Token    Secret        `mapstructure:"token"`    // callbacks are signed with it
	Key      Secret        `mapstructure:"key"`      // callbacks are encrypted with it
	Timeout  time.Duration `mapstructure:"timeout"`  // of one call; 0 = 10 s

	Public      bool          `mapstructure:"public"`       // the platform reaches our callbacks; else cards only open
	HideAmounts bool          `mapstructure:"hide_amounts"` // no amount on a card: it is read on the page
	SignIn      bool          `mapstructure:"sign_in"`      // people come in through it, as the matching says
	SyncEvery   time.Duration `mapstructure:"sync_every"`   // how often its people are matched with ours; 0 = 6 h

	TLS     TLS  `mapstructure:"tls"`
	Private bool `mapstructure:"private_network"` // addresses that the platform tells may lie in a private network

	Options map[string]string `mapstructure:"options"` // what only this provider knows, by name
}

// Of an app where the file says nothing.
const (
	imTimeout   = 10 * time.Second
	imSyncEvery = 6 * time.Hour
)

// platform says what one messaging platform wants to be told.
type platform struct {
	needs   map[string]string   // keys that must not be empty, and what to set there
	options map[string][]string // names of options, and the values each may have; none = any
}

// platforms lists every messaging platform there is. A new one is a line here and one
// in adapters/im/registry.go.
var platforms = map[string]platform{
	"dingtalk": {
		needs: map[string]string{"tenant": "set the CorpId", "app": "set the Client ID (AppKey)",
			"secret": "set the Client Secret (AppSecret)"},
		options: map[string][]string{"callback": nil, "robot": nil, "template": nil},
	},
	"feishu": {
		needs: map[string]string{"tenant": "set the tenant key", "app": "set the App ID",
			"secret": "set the App Secret", "token": "set the Verification Token",
			"key": "set the Encrypt Key: without one Feishu signs nothing"},
		options: map[string][]string{"accounts": nil, "callbacks": nil},
	},
	"slack": {
		needs: map[string]string{"tenant": "set the workspace's id (T…)", "app": "set the App ID (A…)",
			"secret": "set the Bot User OAuth Token", "token": "set the Signing Secret",
			"key": "set the Client Secret, to sign in"},
		options: map[string][]string{"client_id": nil},
	},
	"wecom": {
		needs: map[string]string{"tenant": "set the corp id 企业ID", "app": "set the app's AgentId",
			"secret": "set the app's Secret", "token": "set the Token of «API receiving» 接收消息",
			"key": "set its EncodingAESKey"},
		options: map[string][]string{"authorize_url": nil, "employee_attribute": nil, "email_field": {"biz_mail", "email"}},
	},
}

func (c Config) checkIM(k *check) {
	var ids []string
	for i, app := range c.IM.Apps {
		at := "im.apps[" + strconv.Itoa(i) + "]."
		ids = append(ids, app.ID)
		k.want(app.ID == "" || strings.Trim(app.ID, "abcdefghijklmnopqrstuvwxyz0123456789-") == "", at+"id",
			"has other characters than a to z, 0 to 9 and -", "it is part of an address; keep it for ever")
		app.check(k, at, c.Mode)
	}
	k.unique("im.apps", ids)
}

func (a IMApp) check(k *check, at string, mode Mode) {
	k.oneOf(at+"provider", a.Provider, slices.Sorted(maps.Keys(platforms))...)
	if a.URL != "" && mode == Production && !loopback(a.URL) {
		k.url(at+"url", a.URL, "https")
	} else if a.URL != "" {
		k.url(at+"url", a.URL, "http", "https")
	}
	a.TLS.check(k, at+"tls", !strings.HasPrefix(a.URL, "http://"), "begin url with https://")
	rules := platforms[a.Provider]
	set := map[string]bool{"tenant": a.Tenant != "", "app": a.App != "", "secret": a.Secret.IsSet(),
		"token": a.Token.IsSet(), "key": a.Key.IsSet()}
	for _, key := range slices.Sorted(maps.Keys(rules.needs)) {
		k.want(set[key], at+key, "is empty", rules.needs[key])
	}
	for _, name := range slices.Sorted(maps.Keys(a.Options)) {
		allowed, known := rules.options[name]
		k.want(known, at+"options."+name, "is no option",
			"provider "+a.Provider+" knows "+strings.Join(slices.Sorted(maps.Keys(rules.options)), ", "))
		if known && len(allowed) > 0 {
			k.oneOf(at+"options."+name, a.Options[name], allowed...)
		}
	}
	k.want(!a.SignIn || a.Provider != "slack" || a.Options["client_id"] != "", at+"options.client_id", "is empty",
		"set the Client ID, or sign_in: false")
	k.duration(at+"timeout", a.Timeout, time.Second, time.Minute)
	k.duration(at+"sync_every", a.SyncEvery, time.Second, 7*24*time.Hour)
}
