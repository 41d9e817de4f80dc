// Package mail sends letters by SMTP.
//
// A letter is sent at least once: its Message-ID is made from the notice's id,
// so that mail systems fold a repeat into the first.
package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"html/template"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/letter"
)

// sendTimeout bounds one dialogue with the mail server.
const sendTimeout = 20 * time.Second

var _ = fault.Register(map[string]fault.Entry{
	"mail.bad_address": {Kind: fault.Invalid, Args: []string{"address"}},
	"mail.refused":     {Kind: fault.Invalid, Args: []string{"words"}},
	"mail.gone":        {Kind: fault.Invalid, Args: []string{"status", "words"}}, // there is no such address
	"mail.dead":        {Kind: fault.Invalid, Args: []string{"address"}},         // letters to it came back
	"mail.unavailable": {Kind: fault.Busy},
})

// Options says which mail server is used, and as whom.
type Options struct {
	Host     string
	Port     int
	User     string // "" = no sign-in
	Password string
	TLS      string // none, starttls or tls
	From     string // the sender, as an address with or without a name
	Domain   string // right-hand side of Message-IDs

	Certs *tls.Config // nil = the system's
}

// Letter is one mail to one person.
type Letter struct {
	ID      string // the notice's id; the same id is the same letter
	Name    string
	Address string
	Subject string
	Body    string // plain text; blank lines part paragraphs
	Link    string // where the person acts; a GET there never decides
	Button  string // the link's label
	Others  []Link // below it
	Leave   string // where a POST unsubscribes, with nothing else asked (RFC 8058); "" = what it tells is owed
	Return  string // where it comes back to if nobody takes it; "" = the sender
	Reply   string // where an answer to it goes; "" = the sender
}

// Link is one more place that a letter leads to.
type Link struct{ Words, URL string }

// Sender sends letters through one mail server. It is safe for concurrent use.
type Sender struct {
	options Options

	mu   sync.Mutex
	idle []*line
}

// A line is an open dialogue with the mail server; the next letter need not dial.
type line struct {
	client *smtp.Client
	used   time.Time
}

const (
	linesMost = 8               // kept open
	lineLife  = 5 * time.Second // without a letter; servers hang up after minutes
)

// New makes a sender. Nothing is dialled yet.
func New(o Options) *Sender { return &Sender{options: o} }

// Send delivers one letter to the mail server.
//
// Safe to repeat: the Message-ID is the same. Errors: Invalid for an address
// or a letter that will never be taken, Busy for everything that may pass.
// Time: 20 s at most.
func (s *Sender) Send(ctx context.Context, l Letter) error {
	msg, err := s.compose(l)
	if err != nil {
		return err
	}
	client, err := s.client()
	if err != nil {
		return fmt.Errorf("preparing the mail client: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if open := s.take(); open != nil {
		if err := client.SendWithSMTPClient(open.client, msg); err == nil || refused(err) {
			s.keep(client, open)
			return refusal(err)
		}
		_ = client.CloseWithSMTPClient(open.client) // it was closed at the other end; the letter goes by a new line
	}
	fresh, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return refusal(err)
	}
	err = client.SendWithSMTPClient(fresh, msg)
	if err == nil || refused(err) {
		s.keep(client, &line{client: fresh})
	} else {
		_ = client.CloseWithSMTPClient(fresh)
	}
	return refusal(err)
}

// take picks an open line, nil where there is none.
func (s *Sender) take() *line {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.idle) > 0 {
		last := s.idle[len(s.idle)-1]
		s.idle = s.idle[:len(s.idle)-1]
		if time.Since(last.used) < lineLife {
			return last
		}
		_ = last.client.Close()
	}
	return nil
}

// keep puts a line back, ready for the next letter.
func (s *Sender) keep(client *gomail.Client, l *line) {
	ready := client.ResetWithSMTPClient(l.client) == nil // over the network: not under the lock
	s.mu.Lock()
	if ready && len(s.idle) < linesMost {
		l.used = time.Now()
		s.idle = append(s.idle, l)
		l = nil
	}
	s.mu.Unlock()
	if l != nil {
		_ = client.CloseWithSMTPClient(l.client)
	}
}

// refused says whether the mail server answered, and said no for good.
func refused(err error) bool {
	var sent *gomail.SendError
	return errors.As(err, &sent) && !sent.IsTemp() && sent.ErrorCode() >= 500
}

func (s *Sender) compose(l Letter) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithCharset(gomail.CharsetUTF8))
	if err := msg.From(s.options.From); err != nil {
		return nil, fmt.Errorf("mail.from %q: %w", s.options.From, err)
	}
	if err := msg.AddToFormat(oneLine(l.Name), l.Address); err != nil {
		return nil, fault.New(fault.Invalid, "mail.bad_address", fault.Arg("address", l.Address))
	}
	if l.Return != "" {
		if err := msg.EnvelopeFrom(l.Return); err != nil {
			return nil, fmt.Errorf("mail.bounces.domain: %w", err)
		}
	}
	if l.Reply != "" {
		if err := msg.ReplyTo(l.Reply); err != nil {
			return nil, fmt.Errorf("mail.replies.domain: %w", err)
		}
	}
	msg.Subject(oneLine(l.Subject))
	msg.SetMessageIDWithValue(l.ID + "@" + s.options.Domain)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // keeps absence replies away
	if l.Leave != "" {
		msg.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+l.Leave+">")
		msg.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	msg.SetDate()
	text := l.Body
	if l.Link != "" {
		text += "\n\n" + l.Button + ": " + l.Link
	}
	for _, other := range l.Others {
		text += "\n" + other.Words + ": " + other.URL
	}
	msg.SetBodyString(gomail.TypeTextPlain, text)
	if err := msg.AddAlternativeHTMLTemplate(page, l); err != nil {
		return nil, fmt.Errorf("composing letter %s: %w", l.ID, err)
	}
	return msg, nil
}

func (s *Sender) client() (*gomail.Client, error) {
	o := []gomail.Option{gomail.WithPort(s.options.Port), gomail.WithTimeout(sendTimeout)}
	switch s.options.TLS {
	case "tls":
		o = append(o, gomail.WithSSL())
	case "starttls":
		o = append(o, gomail.WithTLSPolicy(gomail.TLSMandatory))
	default:
		o = append(o, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.options.Certs != nil {
		settings := s.options.Certs.Clone()
		settings.ServerName = cmp.Or(settings.ServerName, s.options.Host)
		o = append(o, gomail.WithTLSConfig(settings))
	}
	if s.options.User != "" {
		o = append(o, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(s.options.User), gomail.WithPassword(s.options.Password))
	}
	return gomail.NewClient(s.options.Host, o...)
}

// refusal sorts the mail server's answer: a 5xx will not change, the rest may.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	var sent *gomail.SendError
	if refused(err) && errors.As(err, &sent) && letter.Sorted(sent.EnhancedStatusCode()) == letter.Gone {
		return fault.New(fault.Invalid, "mail.gone", fault.Arg("status", sent.EnhancedStatusCode()),
			fault.Arg("words", answered(err)))
	}
	if refused(err) {
		return fault.New(fault.Invalid, "mail.refused", fault.Arg("words", answered(err)))
	}
	return fmt.Errorf("sending mail: %w: %w", fault.New(fault.Busy, "mail.unavailable"), err)
}

// answered is what the mail server said, without what was sent to it.
func answered(err error) string {
	said := oneLine(err.Error())
	if _, after, found := strings.Cut(said, " command: "); found {
		said = after
	}
	said, _, _ = strings.Cut(said, ", affected ")
	return said
}

// oneLine keeps a header a header.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// Paragraphs parts the body at blank lines, for the HTML form.
func (l Letter) Paragraphs() []string { return strings.Split(l.Body, "\n\n") }

var page = template.Must(template.New("letter").Parse(`<!doctype html>
<html><head><meta charset="utf-8"><title>{{.Subject}}</title></head>
<body style="font-family:system-ui,sans-serif;color:#1d2733;max-width:36rem;margin:1.5rem auto;line-height:1.5">
{{range .Paragraphs}}<p style="white-space:pre-line">{{.}}</p>
{{end}}{{if .Link}}<p><a href="{{.Link}}" style="display:inline-block;padding:.6rem 1.2rem;border-radius:.4rem;` +
	`background:#1f5fbf;color:#fff;text-decoration:none">{{.Button}}</a></p>{{end}}
{{range .Others}}<p><a href="{{.URL}}">{{.Words}}</a></p>
{{end}}</body></html>`))
