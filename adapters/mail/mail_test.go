package mail_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/mail"
	"github.com/countersign/countersign/adapters/mail/mailbox"
	"github.com/countersign/countersign/domain/fault"
)

func serve(t *testing.T) (*mailbox.Mailbox, mail.Options) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	box := mailbox.New()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- box.Serve(ctx, l) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
	return box, mail.Options{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: "none",
		From: "Countersign 会签 <noreply@example.com>", Domain: "countersign.example.com"}
}

func TestLetterArrivesInBothForms(t *testing.T) {
	box, options := serve(t)
	letter := mail.Letter{ID: "n-1", Name: "林晓", Address: "lin@example.com", Subject: "待您审批:差旅报销 ¥1,000.00",
		Body: "赵敏,您好。\n\n一张报销单等待您的审批。", Link: "http://127.0.0.1/tasks/1?a=1&b=2", Button: "查看",
		Leave:  "https://cs.example.com/leave/" + strings.Repeat("x", 120),
		Others: []mail.Link{{Words: "打开", URL: "http://127.0.0.1/documents/1?a=1&b=2"}}}
	require.NoError(t, mail.New(options).Send(t.Context(), letter))

	got := box.Letters("lin@example.com")
	require.Len(t, got, 1)
	require.Equal(t, letter.Subject, got[0].Subject)
	require.Equal(t, "<n-1@countersign.example.com>", got[0].MessageID)
	require.Equal(t, []string{"<" + letter.Leave + ">", "List-Unsubscribe=One-Click"}, got[0].Leave)
	require.Contains(t, got[0].Text, "一张报销单等待您的审批。")
	require.Contains(t, got[0].Text, letter.Link)
	require.Contains(t, got[0].HTML, `href="http://127.0.0.1/tasks/1?a=1&amp;b=2"`)
	require.Contains(t, got[0].Text, "打开: "+letter.Others[0].URL)
	require.Contains(t, got[0].HTML, `href="http://127.0.0.1/documents/1?a=1&amp;b=2"`)
}

func TestHeadersCannotBeInjected(t *testing.T) {
	box, options := serve(t)
	letter := mail.Letter{ID: "n-2", Name: "Eve\r\nBcc: all@example.com", Address: "lin@example.com",
		Subject: "hello\r\nBcc: all@example.com", Body: "<script>alert(1)</script>"}
	require.NoError(t, mail.New(options).Send(t.Context(), letter))
	got := box.Letters("")
	require.Len(t, got, 1)
	require.Equal(t, []string{"lin@example.com"}, got[0].To)
	require.NotContains(t, got[0].HTML, "<script>")
	require.False(t, strings.ContainsAny(got[0].Subject, "\r\n"))
	letter.Reply = "r+x@example.com>\r\nBcc: all@example.com"
	require.Error(t, mail.New(options).Send(t.Context(), letter), "an address is one, or none")
	require.Len(t, box.Letters(""), 1)
}

func TestRefusalsAreSorted(t *testing.T) {
	box, options := serve(t)
	box.Refuse(func(to string) *smtp.SMTPError {
		switch to {
		case "gone@example.com":
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
		case "later@example.com":
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "later"}
		}
		return nil
	})
	for _, tt := range []struct {
		name, address, code string
		kind                fault.Kind
	}{
		{"an address that is gone", "gone@example.com", "mail.gone", fault.Invalid},
		{"a server that is busy", "later@example.com", "mail.unavailable", fault.Busy},
		{"an address that is none", "not an address", "mail.bad_address", fault.Invalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := mail.New(options).Send(t.Context(), mail.Letter{ID: "n", Address: tt.address, Subject: "s", Body: "b"})
			require.Equal(t, tt.code, fault.CodeOf(err))
			require.Equal(t, tt.kind, fault.KindOf(err))
			if f, _ := fault.As(err); tt.code == "mail.gone" {
				require.Contains(t, f.Args["words"], "no such user")
				require.NotRegexp(t, "command|affected|gone@", f.Args["words"], "what the server said, and no more")
			}
		})
	}
	options.Port = 1 // nobody listens there
	err := mail.New(options).Send(t.Context(), mail.Letter{ID: "n", Address: "lin@example.com", Subject: "s", Body: "b"})
	require.Equal(t, fault.Busy, fault.KindOf(err))
}

func TestAnOpenLineIsUsedAgainAndALostOneReplaced(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	counted := &countingListener{Listener: l}
	box := mailbox.New()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { _ = box.Serve(ctx, counted) }()
	sender := mail.New(mail.Options{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: "none",
		From: "noreply@example.com", Domain: "example.com"})
	letter := mail.Letter{ID: "n", Address: "lin@example.com", Subject: "s", Body: "b"}
	for range 5 {
		require.NoError(t, sender.Send(t.Context(), letter))
	}
	require.EqualValues(t, 1, counted.accepted.Load())
	counted.hangUp()
	require.NoError(t, sender.Send(t.Context(), letter), "the other end hung up meanwhile")
	require.Len(t, box.Letters(""), 6)
	require.EqualValues(t, 2, counted.accepted.Load())
}

// countingListener counts connections and can close them all.
type countingListener struct {
	net.Listener
	accepted atomic.Int64
	mu       sync.Mutex
	open     []net.Conn
}

func (l *countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.accepted.Add(1)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.open = append(l.open, conn)
	}
	return conn, err
}

func (l *countingListener) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range l.open {
		_ = conn.Close()
	}
}
