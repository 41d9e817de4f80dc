package mail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

const (
	lmtpTime    = 30 * time.Second // of one command
	lmtpTosMax  = 10               // recipients of one dialogue
	lmtpMessage = 32 << 20         // bytes that are taken; what is read of them is less
)

// serveLMTP speaks LMTP for a domain on a listener that only the mail server of the house
// reaches, until ctx ends.
func serveLMTP(ctx context.Context, l net.Listener, domain string, session func() smtp.Session) error {
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return session(), nil }))
	server.LMTP, server.Domain, server.MaxMessageBytes, server.MaxRecipients = true, domain, lmtpMessage, lmtpTosMax
	server.ReadTimeout, server.WriteTimeout = lmtpTime, lmtpTime
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	err := server.Serve(l)
	if ctx.Err() != nil || errors.Is(err, smtp.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("taking letters for %s: %w", domain, err)
}

// tokenOf is the token in an address that we gave out: <prefix><token>@<domain>.
func tokenOf(address, prefix, domain string) (string, error) {
	at := strings.LastIndexByte(address, '@')
	ours := at > 0 && strings.EqualFold(address[at+1:], domain)
	if !ours || len(address[:at]) < len(prefix) || !strings.EqualFold(address[:len(prefix)], prefix) {
		return "", &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such address here"}
	}
	return address[len(prefix):at], nil
}

// errLater has the mail server keep a letter and come again.
var errLater = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "later"}

// readMost reads the first bytes of a letter, and throws the rest away: it is taken all the
// same, so that nobody is answered.
func readMost(r io.Reader, most int64) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, most))
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	return raw, err
}
