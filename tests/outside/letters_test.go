package outside

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/drop"
	"github.com/countersign/countersign/adapters/mail"
)

// letters are answers to letters, by LMTP as the mail server of the house brings them.
func letters() []parser {
	const head = "From: lin@example.com\r\nTo: r+abc@cs.example.com\r\nMessage-Id: <1@example.com>\r\n" +
		"Authentication-Results: mx; dkim=pass header.d=example.com\r\nDKIM-Signature: d=example.com; h=from:to\r\n"
	good := head + "Content-Type: text/plain; charset=utf-8\r\n\r\napprove\r\n"
	var inside strings.Builder
	for n := range 200 {
		fmt.Fprintf(&inside, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", n, n)
	}
	report := "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n" +
		"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
	none := map[string]string{external: noEntities, laughs: noEntities, ratio: "no encoding of letters packs",
		path:      "attachments are never kept, and their names never read",
		malformed: "what is no UTF-8 becomes �; a word so broken is no decision"}
	reports := map[string]string{large: "LMTP takes one megabyte (mail.bounceMax), as of answers", twice: "it tells one code; the first is taken",
		malformed: "only a code is read, and whoever hears it looks whether it is one"}
	for _, trick := range []string{external, laughs, ratio, path} {
		reports[trick] = none[trick]
	}
	return []parser{
		{"an answer to a letter", good, map[string]string{deep: head + inside.String() + "approve\r\n", large: good + strings.Repeat("much\r\n", 400_000),
			twice: "From: eve@example.com\r\n" + good}, none, answers},
		{"a report of what came back", report, map[string]string{deep: inside.String() + report}, reports, func(_ *testing.T, text []byte) error {
			if mail.ReadReport(text) == "" {
				return errors.New("no report")
			}
			return nil
		}},
	}
}

func answers(t *testing.T, text []byte) error {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	why, heard := "", ""
	replies := mail.Replies{Domain: "cs.example.com", AuthServ: "mx", Told: func(outcome string) { why = outcome },
		Heard: func(_ context.Context, r mail.Reply) error { heard = strings.TrimSpace(r.Text); return nil }}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- replies.Serve(ctx, l) }()
	defer func() { cancel(); require.NoError(t, <-done) }()
	line, err := new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	client := smtp.NewClientLMTP(line)
	defer client.Close() //nolint:errcheck // the test is over
	require.NoError(t, client.Mail("lin@example.com", nil))
	require.NoError(t, client.Rcpt("r+abc@cs.example.com", nil))
	data, err := client.Data()
	require.NoError(t, err)
	if _, err = data.Write(text); err == nil {
		err = data.Close()
	}
	switch {
	case err != nil:
		return err
	case why != "":
		return errors.New(why)
	case heard != "approve":
		return errors.New("nothing was decided: " + heard[:min(len(heard), 80)])
	}
	return nil
}

// names are those of files that others put where we look.
func names() []parser {
	alone := map[string]string{}
	for _, trick := range []string{external, laughs, deep, large, ratio, twice} {
		alone[trick] = "it is a name, not a content"
	}
	return []parser{{"the name of a dropped file", "2026-03.csv", map[string]string{path: "../../etc/passwd", malformed: "a\xff.csv"}, alone,
		func(_ *testing.T, text []byte) error {
			if !drop.ValidName(string(text)) {
				return drop.ErrBadName
			}
			return nil
		}}}
}
