package pages_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/mail"
	"github.com/countersign/countersign/adapters/mail/mailbox"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/relay"
	"github.com/countersign/countersign/store"
)

// listening gives a server a port of its own until the test ends.
func listening(t *testing.T, serve func(context.Context, net.Listener) error) *net.TCPAddr {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, l) }()
	t.Cleanup(func() { stop(); require.NoError(t, <-ended) })
	return l.Addr().(*net.TCPAddr)
}

// passedOn is a letter that the mail server of the house passes on.
func passedOn(t *testing.T, at *net.TCPAddr, from, to, text string) error {
	t.Helper()
	conn, err := net.Dial("tcp", at.String()) //nolint:noctx // of a test, on this machine
	require.NoError(t, err)
	c := smtp.NewClientLMTP(conn)
	defer c.Close() //nolint:errcheck // the answer is what counts
	require.NoError(t, c.Mail(from, nil))
	if err := c.Rcpt(to, nil); err != nil {
		return err
	}
	w, err := c.Data()
	require.NoError(t, err)
	_, err = fmt.Fprint(w, text)
	require.NoError(t, err)
	return w.Close()
}

// report is a delivery report as mail servers send it.
func report(action, status string) string {
	return "From: MAILER-DAEMON@mx.example.com\r\nTo: b@bounces.example.com\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=\"x\"\r\n\r\n--x\r\n\r\nSorry.\r\n--x\r\n" +
		"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n" +
		"Final-Recipient: rfc822; somebody@example.com\r\nAction: " + action + "\r\nStatus: " + status + "\r\n\r\n--x--\r\n"
}

// TestADeadAddressIsNotWrittenTo: what the mail server says at once and what comes back
// later both count, nobody else's report does, the administrators and the person hear of
// it, and the person has it written to again.
func TestADeadAddressIsNotWrittenTo(t *testing.T) {
	h := newHouse(t)
	box := mailbox.New()
	smtpAt := listening(t, box.Serve)
	bounces := &mail.Bounces{Domain: "bounces.example.com", Heard: func(ctx context.Context, token, status string) error {
		return h.store.MailReported(ctx, "", token, status)
	}}
	lmtpAt := listening(t, bounces.Serve)
	courier := relay.Mail{Directory: h.store, Text: i18n.Shipped().Text, Locale: "en", Zone: time.UTC, PublicURL: "https://cs.example",
		Addresses: h.store, Bounces: bounces, Sender: mail.New(mail.Options{Host: "127.0.0.1", Port: smtpAt.Port, TLS: "none",
			From: "noreply@example.com", Domain: "cs.example"})}
	write := func(person string) string {
		return fault.CodeOf(courier.Deliver(t.Context(), store.Notice{ID: "n-" + person, Notice: notice.Notice{Kind: "directory.stopped",
			Person: person, Data: map[string]string{"by": "scim", "n": "1", "active": "2"}}}))
	}
	comesBack := func(from, to, text string) error { return passedOn(t, lmtpAt, from, to, text) }
	require.Empty(t, write("wang"))
	back := box.Letters("wang@example.com")[0].From
	require.Regexp(t, `^b\+[0-9a-z]{20,}@bounces\.example\.com$`, back)

	for _, tt := range []struct{ name, from, to, text string }{
		{"a letter that is no report", "", back, "Subject: away\r\n\r\nI am on holiday. Status: 5.1.1\r\n"},
		{"a report with a sender", "eve@example.com", back, report("failed", "5.1.1")},
		{"of the letter, not of the address", "", back, report("failed", "5.7.1")},
		{"a delay", "", back, report("delayed", "4.4.1")},
		{"delivered", "", back, report("delivered", "2.0.0")},
		{"of nobody", "", "b+nobody@bounces.example.com", report("failed", "5.1.1")},
	} {
		require.NoError(t, comesBack(tt.from, tt.to, tt.text), tt.name)
		require.Empty(t, write("wang"), tt.name)
	}
	require.Error(t, comesBack("", "wang@bounces.example.com", report("failed", "5.1.1")), "it is nobody's mail server")

	require.NoError(t, comesBack("", back, report("failed", "5.1.1")))
	require.Equal(t, "mail.dead", write("wang"))
	h.get("wang", "/settings").is(200).says("wang@example.com", h.word("page.mail.again", nil))
	h.get("wang", "/notices").is(200).says("Letters to you come back")
	h.get("admin", "/notices").is(200).says("come back")
	require.Equal(t, "/settings", h.post("wang", "/settings/mail", url.Values{}).to())
	require.Empty(t, write("wang"))

	box.Refuse(func(string) *smtp.SMTPError {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	})
	require.Equal(t, "mail.gone", write("zhao"))
	box.Refuse(nil)
	require.Equal(t, "mail.dead", write("zhao"), "and nothing more is written there")
}
