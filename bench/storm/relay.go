package storm

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/countersign/countersign/adapters/mail"
	"github.com/countersign/countersign/adapters/mail/mailbox"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/gateway/engine"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/relay"
	"github.com/countersign/countersign/store"
)

// Relay is the relay as it is shipped, on a mail server; there is no Temporal beside it.
func Relay(s *store.Store, port int, m notice.Manners) *relay.Relay {
	letters := &relay.Mail{
		Sender: mail.New(mail.Options{Host: "127.0.0.1", Port: port, TLS: "none", From: "Countersign <noreply@example.com>",
			Domain: "cs.example.com"}),
		Directory: s, Text: i18n.Shipped().Text, Locale: "en", Zone: time.UTC, PublicURL: "https://cs.example.com", Wishes: s,
		Letters: s, Addresses: s,
	}
	post := &relay.Post{Book: s, Mail: letters, Manners: m, Keep: 90 * 24 * time.Hour}
	return &relay.Relay{Book: s, Engine: idle{}, Courier: post}
}

// idle is an engine that nothing is given to.
type idle struct{}

func (idle) Start(context.Context, engine.StartRequest) error    { return nil }
func (idle) Reverse(context.Context, engine.ReversalStart) error { return nil }
func (idle) Signal(context.Context, string, string) error        { return nil }
func (idle) Tell(context.Context, engine.Telling) error          { return nil }
func (idle) Backlog(context.Context) (int64, error)              { return 0, nil }

// Box is a mail server that counts letters by whom they are to.
type Box struct {
	Port int

	mu sync.Mutex
	to map[string]int
}

// OpenBox serves until ctx ends.
func OpenBox(ctx context.Context) (*Box, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &Box{Port: l.Addr().(*net.TCPAddr).Port, to: map[string]int{}} //nolint:forcetypeassert // tcp
	box := mailbox.New()
	box.Refuse(func(to string) *smtp.SMTPError {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.to[to]++
		return nil
	})
	go func() { _ = box.Serve(ctx, l) }()
	return b, nil
}

// Most is how many letters one person got at the most, and how many there were.
func (b *Box) Most() (most, all int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range b.to {
		most, all = max(most, n), all+n
	}
	return most, all
}
