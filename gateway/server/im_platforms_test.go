package server_test

import (
	"cmp"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/im"
	dingtalk "github.com/countersign/countersign/adapters/im/dingtalk/sim"
	feishu "github.com/countersign/countersign/adapters/im/feishu/sim"
	"github.com/countersign/countersign/adapters/im/simphone"
	slack "github.com/countersign/countersign/adapters/im/slack/sim"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/hooks"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/relay"
)

// platform is a simulated platform on which everybody of a house has an account.
type platform struct {
	config  im.Config
	account func(person string) string
	serve   http.Handler
	phone   *simphone.Phone
	press   simphone.Presser
	ready   func() // waits until presses reach the house
	at      func(base, hook string)
}

// platforms are those that share a phone; WeCom has tests of its own.
func platforms(people *org.Snapshot) map[string]func() platform {
	const patience = time.Minute // this test is not about a platform's
	return map[string]func() platform{
		"feishu": func() platform {
			c := feishu.Config{AppID: "cli", AppSecret: "s", VerificationToken: "v", EncryptKey: "k", TenantKey: "t", Patience: patience}
			for id, p := range people.People {
				c.People = append(c.People, feishu.Person{OpenID: "ou_" + id, Name: p.Name, Email: p.Email, Resigned: !p.Active})
			}
			s := feishu.New(c)
			return platform{serve: s, phone: &s.Phone, press: s.PressOn, account: func(p string) string { return "ou_" + p },
				at: func(_, hook string) { s.SetCallback(hook) }, ready: func() {},
				config: im.Config{App: "cli", Secret: "s", Token: "v", Key: "k", Tenant: "t"}}
		},
		"dingtalk": func() platform { // over a stream: nobody reaches the house
			c := dingtalk.Config{AppKey: "ding", AppSecret: "s", CorpID: "t", Template: "card", Robot: "ding", Patience: patience}
			for id, p := range people.People {
				c.People = append(c.People, dingtalk.Person{UserID: "d_" + id, Name: p.Name, Email: p.Email,
					UnionID: "u_" + id, Department: 1, Inactive: !p.Active})
			}
			s := dingtalk.New(c)
			return platform{serve: s, phone: &s.Phone, press: s.PressOn, account: func(p string) string { return "d_" + p },
				at: func(_, _ string) {}, ready: func() { s.Connections(1) },
				config: im.Config{App: "ding", Secret: "s", Tenant: "t", Options: map[string]string{"template": "card"}}}
		},
		"slack": func() platform {
			c := slack.Config{AppID: "A1", TeamID: "T1", BotToken: "xoxb", SigningSecret: "v", ClientID: "1.2", ClientSecret: "k", Patience: patience}
			for id, p := range people.People {
				c.People = append(c.People, slack.Person{ID: "U" + id, Name: p.Name, Email: p.Email, Deleted: !p.Active})
			}
			s := slack.New(c)
			return platform{serve: s, phone: &s.Phone, press: s.PressOn, account: func(p string) string { return "U" + p },
				at: func(base, hook string) { s.SetCallback(hook, base) }, ready: func() {},
				config: im.Config{App: "A1", Secret: "xoxb", Token: "v", Key: "k", Tenant: "T1", Options: map[string]string{"client_id": "1.2"}}}
		},
	}
}

// onPlatform is a house that shows its cards on one platform.
type onPlatform struct {
	*wecom // what a house with cards asks, whatever the platform
	platform
}

// TestPlatforms tells on each platform the story of a card: shown by a real house,
// pressed on the phone, decided once; and true again when it was decided on the web.
func TestPlatforms(t *testing.T) {
	h := newHouse(t)
	people, err := h.store.Snapshot(t.Context(), 0)
	require.NoError(t, err)
	for name, simulate := range platforms(people) {
		t.Run(name, func(t *testing.T) {
			o := onPlatform{&wecom{house: h}, simulate()}
			listener := httptest.NewServer(o.serve)
			defer listener.Close()
			o.config.Name, o.config.Provider, o.config.URL = name, name, listener.URL
			port, err := im.Open(o.config)
			require.NoError(t, err)
			app := hooks.App{Port: port, Channel: name}
			h.im.Apps = map[string]hooks.App{name: app}
			o.at(listener.URL, h.url+"/hooks/im/"+name)
			ctx, end := context.WithCancel(t.Context())
			var listening sync.WaitGroup
			if streamer, streams := port.(im.Streamer); streams {
				listening.Go(func() { h.im.Listen(ctx, name, app, streamer) })
			}
			defer listening.Wait()
			defer end()
			o.ready()
			o.cards = &relay.Cards{Book: h.store, Desk: h.desk,
				Mail: &relay.Mail{Directory: h.store, Text: i18n.Shipped().Text, Locale: "zh-CN", Zone: time.UTC, PublicURL: h.url},
				Apps: []relay.CardApp{{Port: port, Public: true, SyncEvery: time.Hour}}}
			o.cards.Match(t.Context())
			o.pressDecides(t, name)
			if port.Capabilities().Reason {
				o.reasonComesAlong(t)
				o.reasonIsMissing(t)
			}
			b := newInsideApp(t, h, port, name)
			b.as = func(person string, r *http.Request) {
				as := map[string]string{"dingtalk": "u_" + person}[name]
				r.URL.RawQuery += "&as=" + cmp.Or(as, o.account(person))
			}
			b.opensSignedIn(h)
		})
	}
}

// message is the card that somebody has of a document.
func (o onPlatform) message(t *testing.T, person, document string) simphone.Message {
	t.Helper()
	for _, m := range o.phone.Messages(o.account(person)) {
		if len(m.Card.Links) > 0 && strings.HasSuffix(m.Card.Links[len(m.Card.Links)-1].URL, document) {
			return m
		}
	}
	t.Fatalf("%s has no card of %s", person, document)
	return simphone.Message{}
}

func (o onPlatform) says(t *testing.T, person, document, words string) {
	t.Helper()
	m := o.message(t, person, document)
	for _, line := range m.Card.Lines {
		if strings.Contains(line.Text, words) {
			return
		}
	}
	t.Fatalf("the card of %s does not say %s: %+v", person, words, m.Card)
}

func (o onPlatform) pressDecides(t *testing.T, name string) {
	id := o.submitted("lin", "2000.00")
	o.tell()
	o.says(t, "wang", id, "CNY 2000.00")
	card := o.message(t, "wang", id)
	press := func(who string) simphone.Told {
		return o.press(t.Context(), simphone.Press{Message: card.ID, Operator: o.account(who), Button: "approve"})
	}
	for _, who := range []string{"chen", "liu", "lin", "gone", "nobody"} { // it was forwarded, or they looked over a shoulder
		press(who)
		require.Zero(t, o.acts(id), who)
	}
	require.True(t, press("wang").OK)
	press("wang")
	require.Eventually(t, func() bool { return o.decided("wang", id) }, time.Minute, 10*time.Millisecond)
	require.Equal(t, 1, o.acts(id), "decided once")
	require.Equal(t, name, o.channel(id))
	o.tell()
	o.says(t, "wang", id, "已由王芳同意")
	o.says(t, "chen", id, "已由王芳同意")
	require.Empty(t, o.message(t, "chen", id).Card.Buttons)
	o.decide("zhao", id, "approve", "").is(200)
	o.tell()
	o.says(t, "zhao", id, "已由赵敏同意")
}

func (o onPlatform) reasonComesAlong(t *testing.T) {
	id := o.submitted("lin", "2000.00")
	o.tell()
	card := o.message(t, "wang", id)
	press := simphone.Press{Message: card.ID, Operator: o.account("wang"), Button: "reject", Reason: "金额不符"}
	require.True(t, o.press(t.Context(), press).OK)
	if asked := o.phone.Messages(press.Operator)[0]; asked.ID != card.ID { // Slack asks in a modal
		press.Message, press.Button = asked.ID, "submit"
		require.True(t, o.press(t.Context(), press).OK)
	}
	require.Eventually(t, func() bool { return o.decided("wang", id) }, time.Minute, 10*time.Millisecond)
	var reason string
	o.ask(`SELECT canonical::jsonb ->> 'opinion' FROM inbox WHERE document = $1`, id, &reason)
	require.Equal(t, "金额不符", reason)
	o.tell()
	require.Empty(t, o.message(t, "wang", id).Card.Buttons)
}

// reasonIsMissing sends a rejection that a platform let through without its reason: it is
// no act, and the document is still theirs to decide.
func (o onPlatform) reasonIsMissing(t *testing.T) {
	id := o.submitted("lin", "2000.00")
	o.tell()
	card := o.message(t, "wang", id)
	press := simphone.Press{Message: card.ID, Operator: o.account("wang"), Button: "reject", Reason: " "}
	o.press(t.Context(), press)
	if asked := o.phone.Messages(press.Operator)[0]; asked.ID != card.ID {
		press.Message, press.Button = asked.ID, "submit"
		o.press(t.Context(), press)
	}
	require.Zero(t, o.acts(id))
	o.decide("wang", id, "reject", "金额不符").is(200)
}
