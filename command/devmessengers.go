package command

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	dingtalk "github.com/countersign/countersign/adapters/im/dingtalk/sim"
	feishu "github.com/countersign/countersign/adapters/im/feishu/sim"
	slack "github.com/countersign/countersign/adapters/im/slack/sim"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/org"
)

// devMessenger is a simulated platform other than WeCom. Its address is known before the
// people are, who are there when the product is.
type devMessenger struct {
	name, url string
	server    *http.Server
	serve     atomic.Pointer[http.Handler]
}

// devSecret is every secret between the product and a simulated platform: nothing else
// believes it.
const devSecret = "dev"

// startMessengers starts those that were asked for.
func startMessengers(ctx context.Context, names []string) ([]*devMessenger, error) {
	var all []*devMessenger
	for _, name := range names {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return all, err
		}
		m := &devMessenger{name: name, url: "http://" + byName(l.Addr().String())}
		m.server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(m.ask)}
		go func() { _ = m.server.Serve(l) }() // ends with stop
		all = append(all, m)
	}
	return all, nil
}

func (m *devMessenger) ask(w http.ResponseWriter, r *http.Request) {
	if h := m.serve.Load(); h != nil {
		(*h).ServeHTTP(w, r)
		return
	}
	http.Error(w, "nobody has a phone yet", http.StatusServiceUnavailable)
}

func (m *devMessenger) stop() { _ = m.server.Close() } // nothing of it outlives the process

// app is the configuration of the simulated app. DingTalk's presses come over a stream.
func (m *devMessenger) app() map[string]any {
	app := map[string]any{"id": m.name, "provider": m.name, "url": m.url, "tenant": devSecret, "app": devSecret,
		"secret": devSecret, "token": devSecret, "key": devSecret, "public": true, "sync_every": "10s"}
	switch m.name {
	case "dingtalk":
		delete(app, "token")
		delete(app, "key")
		app["public"], app["options"] = false, map[string]string{"template": devSecret}
	case "slack":
		app["options"] = map[string]string{"client_id": devSecret}
	}
	return app
}

// join gives everybody of the company an account, and lets presses reach the gateway.
func (m *devMessenger) join(people *org.Snapshot, gateway string) {
	hook, h := gateway+"/hooks/im/"+m.name, http.Handler(nil)
	switch m.name {
	case "dingtalk":
		c := dingtalk.Config{AppKey: devSecret, AppSecret: devSecret, CorpID: devSecret, Template: devSecret,
			Robot: devSecret}
		for _, id := range sortedKeys(people.People) {
			p := people.People[id]
			c.People = append(c.People, dingtalk.Person{UserID: id, UnionID: id, Name: p.Name, Email: p.Email, Department: 1,
				Inactive: !p.Active})
		}
		h = dingtalk.New(c)
	case "feishu":
		c := feishu.Config{AppID: devSecret, AppSecret: devSecret, VerificationToken: devSecret, EncryptKey: devSecret,
			TenantKey: devSecret, Callback: hook}
		for _, id := range sortedKeys(people.People) {
			p := people.People[id]
			c.People = append(c.People, feishu.Person{OpenID: id, Name: p.Name, Email: p.Email, Resigned: !p.Active})
		}
		h = feishu.New(c)
	case "slack":
		c := slack.Config{AppID: devSecret, TeamID: devSecret, BotToken: devSecret, SigningSecret: devSecret,
			ClientID: devSecret, ClientSecret: devSecret}
		for _, id := range sortedKeys(people.People) {
			p := people.People[id]
			c.People = append(c.People, slack.Person{ID: id, Name: p.Name, Email: p.Email, Deleted: !p.Active})
		}
		s := slack.New(c)
		s.SetCallback(hook, m.url)
		h = s
	}
	m.serve.Store(&h)
}

// handsets are the phones of every simulated platform that was asked for.
type handsets struct {
	wecom  *devPhones
	others []*devMessenger
}

// handsets starts them; what was started is stopped by the caller, whatever became of
// the rest.
func (o devOptions) handsets(ctx context.Context) (h handsets, err error) {
	var names []string
	for _, name := range sortedKeys(o.others) {
		if *o.others[name] {
			names = append(names, name)
		}
	}
	if h.others, err = startMessengers(ctx, names); err == nil && o.wecom {
		h.wecom, err = startPhones(ctx, o.listen)
	}
	return h, err
}

func (h handsets) stop() {
	for _, m := range h.others {
		m.stop()
	}
	if h.wecom != nil {
		h.wecom.stop()
	}
}

// apps is the configuration of them all.
func (h handsets) apps() []map[string]any {
	var apps []map[string]any
	if h.wecom != nil {
		apps = h.wecom.apps()
	}
	for _, m := range h.others {
		apps = append(apps, m.app())
	}
	return apps
}

// join gives everybody of the company an account on each.
func (h handsets) join(ctx context.Context, c config.Config) error {
	if h.wecom == nil && len(h.others) == 0 {
		return nil
	}
	own, err := newParts(c, "phones")
	if err != nil {
		return err
	}
	defer own.close()
	s, err := own.store(ctx)
	if err != nil {
		return err
	}
	people, err := s.Snapshot(ctx, 0)
	if err != nil {
		return err
	}
	if h.wecom != nil {
		h.wecom.join(people)
	}
	for _, m := range h.others {
		m.join(people, c.Gateway.PublicURL)
	}
	return nil
}

// hint says where the phones are; there may be none.
func (h handsets) hint(out io.Writer) error {
	for _, m := range h.others {
		if _, err := fmt.Fprintf(out, "the phones       %s/_phone        手机（%s 模拟器）\n", m.url, m.name); err != nil {
			return err
		}
	}
	return h.wecom.hint(out)
}
