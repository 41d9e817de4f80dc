package nemesis

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	dingtalk "github.com/countersign/countersign/adapters/im/dingtalk/sim"
	feishu "github.com/countersign/countersign/adapters/im/feishu/sim"
	"github.com/countersign/countersign/adapters/im/simphone"
	slack "github.com/countersign/countersign/adapters/im/slack/sim"
	wecom "github.com/countersign/countersign/adapters/im/wecom/sim"
)

// handset is a simulated platform on which one person has an account.
type handset struct {
	name, person string
	app          map[string]any // of the configuration
	serve        http.Handler
	at           func(base, hook string)

	// card is the card of a document, "" where there is none yet, and whether it still asks.
	card func(document string) (id string, asks bool)
	// press presses approve; each call of what it gives tells the platform's callback, the
	// first time and again, and says whether it was acknowledged.
	press func(t *testing.T, card string) func(ctx context.Context) bool
}

const handsetSecret = "handset" // between the product and a simulator: nothing else believes it

// handsets are the four platforms, each at an address of its own.
func handsets(t *testing.T) []*handset {
	t.Helper()
	all := []*handset{onWeCom(t), onDingTalk(), onFeishu(), onSlack()}
	for _, h := range all {
		listener := httptest.NewServer(h.serve)
		t.Cleanup(listener.Close)
		h.app["id"], h.app["provider"], h.app["url"] = h.name, h.name, listener.URL
		h.app["sync_every"] = "5s"
		at := h.at
		h.at = func(_, hook string) { at(listener.URL, hook) }
	}
	return all
}

func address(person string) string { return person + "@example.com" }

// deliver tells a callback as it is, and says whether it was acknowledged.
func deliver(ctx context.Context, to string, header map[string]string, body []byte) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return false
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// onPhone finds cards on a simulator's phone.
func onPhone(phone *simphone.Phone) func(document string) (string, bool) {
	return func(document string) (string, bool) {
		for _, m := range phone.Messages("") {
			if n := len(m.Card.Links); n > 0 && strings.HasSuffix(m.Card.Links[n-1].URL, document) {
				return m.ID, len(m.Card.Buttons) > 0
			}
		}
		return "", false
	}
}

func onWeCom(t *testing.T) *handset {
	var callback string
	s, err := wecom.New(wecom.Options{})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	const member = "wang"
	s.Join(wecom.Member{ID: member, Name: member, Email: address(member)})
	find := func(document string) (wecom.Card, bool) {
		for _, c := range s.Cards(member) {
			if strings.HasSuffix(c.URL, document) {
				return c, true
			}
		}
		return wecom.Card{}, false
	}
	return &handset{name: "wecom", person: member, serve: s, at: func(_, hook string) { callback = hook },
		app: map[string]any{"tenant": wecom.Corp, "app": strconv.Itoa(wecom.Agent), "secret": wecom.Secret, "token": wecom.Token,
			"key": wecom.Key, "public": true},
		card: func(document string) (string, bool) {
			c, found := find(document)
			if !found {
				return "", false
			}
			return document, c.Replace == ""
		},
		press: func(t *testing.T, document string) func(context.Context) bool {
			c, _ := find(document)
			told, err := s.Pressed(member, c.Task, c.Buttons[0].Key)
			require.NoError(t, err)
			return func(ctx context.Context) bool { return deliver(ctx, callback+"?"+told.Query.Encode(), nil, told.Body) }
		}}
}

func onDingTalk() *handset {
	const who = "chen"
	s := dingtalk.New(dingtalk.Config{AppKey: handsetSecret, AppSecret: handsetSecret, CorpID: handsetSecret, Template: handsetSecret,
		Robot: handsetSecret, People: []dingtalk.Person{{UserID: who, UnionID: who, Name: who, Email: address(who), Department: 1}}})
	return &handset{name: "dingtalk", person: who, serve: s, at: func(string, string) {}, card: onPhone(&s.Phone),
		app: map[string]any{"tenant": handsetSecret, "app": handsetSecret, "secret": handsetSecret,
			"options": map[string]string{"template": handsetSecret}},
		press: func(t *testing.T, card string) func(context.Context) bool {
			body, refused := s.Body(simphone.Press{Message: card, Operator: who, Button: "approve"})
			require.Empty(t, refused)
			told := false
			return func(ctx context.Context) bool {
				if told {
					s.LoseAcks(1) // the same message comes once more
				}
				told = true
				_, ok := s.Tell(ctx, "CALLBACK", "/v1.0/card/instances/callback", string(body))
				return ok
			}
		}}
}

func onFeishu() *handset {
	const who = "zhao"
	s := feishu.New(feishu.Config{AppID: handsetSecret, AppSecret: handsetSecret, VerificationToken: handsetSecret,
		EncryptKey: handsetSecret, TenantKey: handsetSecret, People: []feishu.Person{{OpenID: who, Name: who, Email: address(who)}}})
	return &handset{name: "feishu", person: who, serve: s, at: func(_, hook string) { s.SetCallback(hook) }, card: onPhone(&s.Phone),
		app: map[string]any{"tenant": handsetSecret, "app": handsetSecret, "secret": handsetSecret, "token": handsetSecret,
			"key": handsetSecret, "public": true},
		press: func(t *testing.T, card string) func(context.Context) bool {
			inside, _, refused := s.PressEvent(simphone.Press{Message: card, Operator: who, Button: "approve"})
			require.Empty(t, refused)
			told := s.Wrap(inside)
			return func(ctx context.Context) bool {
				status, _ := s.Post(ctx, told)
				return status == http.StatusOK
			}
		}}
}

func onSlack() *handset {
	var callback string
	const who = "sun"
	s := slack.New(slack.Config{AppID: handsetSecret, TeamID: handsetSecret, BotToken: handsetSecret, SigningSecret: handsetSecret,
		ClientID: handsetSecret, ClientSecret: handsetSecret, People: []slack.Person{{ID: who, Name: who, Email: address(who)}}})
	return &handset{name: "slack", person: who, serve: s, card: onPhone(&s.Phone),
		at: func(base, hook string) { callback = hook; s.SetCallback(hook, base) },
		app: map[string]any{"tenant": handsetSecret, "app": handsetSecret, "secret": handsetSecret, "token": handsetSecret,
			"key": handsetSecret, "public": true, "options": map[string]string{"client_id": handsetSecret}},
		press: func(t *testing.T, card string) func(context.Context) bool {
			payload, refused := s.Pressed(simphone.Press{Message: card, Operator: who, Button: "approve"})
			require.Empty(t, refused)
			told := s.Interaction(payload)
			return func(ctx context.Context) bool { return deliver(ctx, callback, told.Header, []byte(told.Body)) }
		}}
}
