package mail

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"net/textproto"
	"strings"

	"github.com/emersion/go-smtp"
)

// The limits of what comes back.
const (
	bounceMax      = 1 << 20 // bytes that are read
	bouncePartsMax = 10
)

// bouncePrefix begins the address that a letter comes back to: b+<token>@domain.
const bouncePrefix = "b+"

// Bounces takes letters that came back, by LMTP from the mail server of the house. It
// hears delivery reports (RFC 3464) to addresses it gave out; what else arrives there
// is taken and dropped, so that nobody is answered.
type Bounces struct {
	Domain string // of the addresses letters come back to
	// Heard is told the token of an address and an enhanced status code. Where it fails
	// the mail server keeps the report and comes again.
	Heard func(ctx context.Context, token, status string) error
}

// Address is where a letter comes back to whose recipient has this token.
func (b Bounces) Address(token string) string { return bouncePrefix + token + "@" + b.Domain }

// Serve speaks LMTP on a listener that only the mail server of the house reaches, until
// ctx ends.
func (b Bounces) Serve(ctx context.Context, l net.Listener) error {
	return serveLMTP(ctx, l, b.Domain, func() smtp.Session { return &bounceSession{ctx: ctx, bounces: b} })
}

// bounceSession is one dialogue.
type bounceSession struct {
	ctx     context.Context //nolint:containedctx // go-smtp hands none to a session
	bounces Bounces
	from    string
	tokens  []string
}

func (s *bounceSession) Reset()        { s.from, s.tokens = "", nil }
func (s *bounceSession) Logout() error { return nil }

func (s *bounceSession) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *bounceSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	token, err := tokenOf(to, bouncePrefix, s.bounces.Domain)
	if err == nil {
		s.tokens = append(s.tokens, token)
	}
	return err
}

// Data hears a report. A report has no sender, so that none answers another.
func (s *bounceSession) Data(r io.Reader) error {
	raw, err := readMost(r, bounceMax)
	if err != nil {
		return err
	}
	status := ReadReport(raw)
	if s.from != "" || status == "" || len(s.tokens) != 1 {
		return nil
	}
	if err := s.bounces.Heard(s.ctx, s.tokens[0], status); err != nil {
		return errLater
	}
	return nil
}

// ReadReport is the enhanced status code that a delivery report tells of its recipient;
// "" for what is no report, or tells nothing that failed.
func ReadReport(raw []byte) string {
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return ""
	}
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" || !strings.EqualFold(params["report-type"], "delivery-status") {
		return ""
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for range bouncePartsMax {
		part, err := parts.NextPart()
		if err != nil {
			return ""
		}
		kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if kind == "message/delivery-status" || kind == "message/global-delivery-status" {
			return readStatus(part)
		}
	}
	return ""
}

// readStatus reads the groups of fields: one of the message, and one of each recipient.
func readStatus(r io.Reader) string {
	fields := textproto.NewReader(bufio.NewReader(r))
	for range bouncePartsMax {
		group, err := fields.ReadMIMEHeader()
		if strings.EqualFold(group.Get("Action"), "failed") { // what is delayed may still arrive
			status, _, _ := strings.Cut(strings.TrimSpace(group.Get("Status")), " ")
			return status
		}
		if err != nil {
			return ""
		}
	}
	return ""
}
