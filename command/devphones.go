package command

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/countersign/countersign/adapters/im/wecom/sim"
	"github.com/countersign/countersign/domain/org"
)

// devPhones is a simulated WeCom, with a phone for every person of the company.
type devPhones struct {
	url    string
	sim    *sim.Server
	server *http.Server
}

// devApp is the id of the simulated app, and of its callbacks' address.
const devApp = "wecom"

func startPhones(ctx context.Context, gateway string) (*devPhones, error) {
	simulated, err := sim.New(sim.Options{Callback: "http://" + gateway + "/hooks/im/" + devApp})
	if err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &devPhones{url: "http://" + byName(l.Addr().String()), sim: simulated,
		server: &http.Server{Handler: simulated, ReadHeaderTimeout: time.Minute}}
	go func() { _ = p.server.Serve(l) }() // ends with stop
	return p, nil
}

func (p *devPhones) stop() {
	_ = p.server.Close() // nothing of it outlives the process
	p.sim.Close()
}

// apps is the configuration of the simulated app.
func (p *devPhones) apps() []map[string]any {
	return []map[string]any{{"id": devApp, "provider": "wecom", "title": "企业微信 WeCom", "url": p.url, "tenant": sim.Corp,
		"app": strconv.Itoa(sim.Agent), "secret": sim.Secret, "token": sim.Token, "key": sim.Key, "public": true,
		"sign_in":    true,
		"sync_every": "10s", "options": map[string]string{"authorize_url": p.url + "/connect/oauth2/authorize"}}}
}

// join gives everybody of the company a phone.
func (p *devPhones) join(people *org.Snapshot) {
	for _, id := range sortedKeys(people.People) {
		person := people.People[id]
		p.sim.Join(sim.Member{ID: id, Name: person.Name, Email: person.Email, Disabled: !person.Active})
	}
}

// hint says where the phones are; there may be none.
func (p *devPhones) hint(out io.Writer) error {
	if p == nil {
		return nil
	}
	_, err := fmt.Fprintf(out, "the phones       %s/phone/        手机（企业微信模拟器）\n", p.url)
	return err
}
