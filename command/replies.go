package command

import (
	"context"
	"fmt"
	"net"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/countersign/countersign/adapters/mail"
	"github.com/countersign/countersign/gateway/desk"
)

// replyAddresses is where letters are answered to; nil where nobody decides so.
func (p *parts) replyAddresses() *mail.Replies {
	c := p.config.Mail.Replies
	if c.Listen == "" || !p.config.Mail.Enabled {
		return nil
	}
	return &mail.Replies{Domain: c.Domain, AuthServ: c.AuthServ}
}

// replies takes answers to letters until ctx ends.
func (p *parts) replies(ctx context.Context, counter *desk.Desk, metrics prometheus.Registerer) error {
	heard := p.replyAddresses()
	if heard == nil {
		return nil
	}
	outcomes := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "countersign_mail_replies_total",
		Help: "Answers to letters, by what became of them."}, []string{"outcome"})
	if err := metrics.Register(outcomes); err != nil {
		return err
	}
	heard.Told = func(outcome string) { outcomes.WithLabelValues(outcome).Inc() }
	heard.Heard = func(ctx context.Context, r mail.Reply) error {
		outcome, err := counter.Reply(ctx, r)
		if err == nil {
			heard.Told(outcome)
		}
		return err
	}
	listen := p.config.Mail.Replies.Listen
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("mail.replies.listen %s: %w; choose another address", listen, err)
	}
	go func() {
		if err := heard.Serve(ctx, l); err != nil {
			p.logger.Error("answers to letters are not heard any more", "error", err)
		}
	}()
	return nil
}
