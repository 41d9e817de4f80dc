// Package mailbox is the mail server of the development stack: a real SMTP
// server that keeps what it is given, and a page that shows it.
package mailbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Limits of the mailbox.
const (
	maxLetters = 500     // the oldest go first
	maxBytes   = 1 << 20 // of one letter
	ioTimeout  = 10 * time.Second
)

// Letter is one mail as it arrived.
type Letter struct {
	To        []string
	From      string
	Subject   string
	MessageID string
	Leave     []string // List-Unsubscribe, and how it is done (RFC 8058)
	Text      string   // the plain part
	HTML      string   // the HTML part, as source
	At        time.Time
}

// Mailbox keeps the newest letters in memory.
type Mailbox struct {
	mu      sync.Mutex
	letters []Letter
	taken   int
	refuse  func(to string) *smtp.SMTPError
}

// New makes an empty mailbox.
func New() *Mailbox { return &Mailbox{} }

// Refuse lets a test decide which recipients are refused, and how.
func (m *Mailbox) Refuse(rule func(to string) *smtp.SMTPError) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refuse = rule
}

// Letters returns what arrived, newest first; to "" means to anybody.
func (m *Mailbox) Letters(to string) []Letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []Letter
	for i := len(m.letters) - 1; i >= 0; i-- {
		l := m.letters[i]
		if to == "" || strings.EqualFold(strings.Join(l.To, ","), to) {
			found = append(found, l)
		}
	}
	return found
}

// Count is how many letters were ever taken, those that had to go included.
func (m *Mailbox) Count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.taken
}

// Serve speaks SMTP on the listener until ctx ends.
func (m *Mailbox) Serve(ctx context.Context, l net.Listener) error {
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &session{box: m}, nil
	}))
	server.Domain, server.MaxMessageBytes, server.EnableSMTPUTF8 = "localhost", maxBytes, true
	server.ReadTimeout, server.WriteTimeout = ioTimeout, ioTimeout
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	err := server.Serve(l)
	if ctx.Err() != nil || errors.Is(err, smtp.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serving the mailbox: %w", err)
}

type session struct {
	box  *Mailbox
	from string
	to   []string
}

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.box.mu.Lock()
	rule := s.box.refuse
	s.box.mu.Unlock()
	if rule != nil {
		if refused := rule(to); refused != nil {
			return refused
		}
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	letter, err := read(r)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "unreadable letter"}
	}
	letter.From, letter.To, letter.At = s.from, s.to, time.Now().UTC()
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.letters = append(s.box.letters, letter)
	s.box.taken++
	if extra := len(s.box.letters) - maxLetters; extra > 0 {
		s.box.letters = s.box.letters[extra:]
	}
	return nil
}

func read(r io.Reader) (Letter, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxBytes))
	if err != nil {
		return Letter{}, fmt.Errorf("reading a letter: %w", err)
	}
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Letter{}, fmt.Errorf("parsing a letter: %w", err)
	}
	decoder := new(mime.WordDecoder)
	subject, err := decoder.DecodeHeader(msg.Header.Get("Subject"))
	if err != nil {
		return Letter{}, fmt.Errorf("decoding a subject: %w", err)
	}
	letter := Letter{Subject: subject, MessageID: msg.Header.Get("Message-ID"),
		Leave: append(msg.Header["List-Unsubscribe"], msg.Header["List-Unsubscribe-Post"]...)}
	return letter, parts(msg.Header.Get, msg.Body, &letter)
}

// parts collects the plain and the HTML part, whatever wraps them.
func parts(header func(string) string, body io.Reader, letter *Letter) error {
	kind, params, err := mime.ParseMediaType(header("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") {
		return eachPart(multipart.NewReader(body, params["boundary"]), letter)
	}
	if strings.EqualFold(header("Content-Transfer-Encoding"), "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("reading a part: %w", err)
	}
	if kind == "text/html" {
		letter.HTML = string(text)
	} else if letter.Text == "" {
		letter.Text = string(text)
	}
	return nil
}

func eachPart(r *multipart.Reader, letter *Letter) error {
	for {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the parts: %w", err)
		}
		if err := parts(part.Header.Get, part, letter); err != nil {
			return err
		}
	}
}
