package command

import (
	"context"
	"fmt"
	"net"

	"github.com/countersign/countersign/adapters/mail"
	"github.com/countersign/countersign/store"
)

// bounces takes letters that came back until ctx ends; nil where nothing listens for them.
func (p *parts) bounces(ctx context.Context, s *store.Store) (*mail.Bounces, error) {
	c := p.config.Mail.Bounces
	if c.Listen == "" || !p.config.Mail.Enabled {
		return nil, nil //nolint:nilnil // none is no fault
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("mail.bounces.listen %s: %w; choose another address", c.Listen, err)
	}
	b := &mail.Bounces{Domain: c.Domain, Heard: func(ctx context.Context, token, status string) error {
		return s.MailReported(ctx, "", token, status)
	}}
	go func() {
		if err := b.Serve(ctx, l); err != nil {
			p.logger.Error("letters that come back are not heard any more", "error", err)
		}
	}()
	return b, nil
}
