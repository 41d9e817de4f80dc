package command

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/countersign/countersign/adapters/directory"
	"github.com/countersign/countersign/adapters/directory/scim"
	peopletable "github.com/countersign/countersign/adapters/directory/table"
	"github.com/countersign/countersign/adapters/drop"
	drops3 "github.com/countersign/countersign/adapters/drop/s3"
	"github.com/countersign/countersign/adapters/drop/sftp"
	"github.com/countersign/countersign/adapters/files"
	files3 "github.com/countersign/countersign/adapters/files/s3"
	"github.com/countersign/countersign/adapters/identity"
	"github.com/countersign/countersign/adapters/identity/oidc"
	"github.com/countersign/countersign/adapters/im"
	"github.com/countersign/countersign/adapters/mail"
	"github.com/countersign/countersign/adapters/table"
	sending "github.com/countersign/countersign/adapters/webhook"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/webhook"
	"github.com/countersign/countersign/platform/publicnet"
	"github.com/countersign/countersign/platform/temporal"
)

// unproved is a server whose certificate no authority that we believe has made. It counts
// the lines that it was called on, and those on which anything was said once encrypted.
type unproved struct {
	port           string
	called, spoken atomic.Int64
}

// before is what a server says and hears before it is asked to encrypt.
type before func(line net.Conn) error

func newUnproved(t *testing.T, own tls.Certificate, first before) *unproved {
	t.Helper()
	u := &unproved{}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, u.port, err = net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	go func() {
		for {
			line, err := l.Accept()
			if err != nil {
				return
			}
			u.called.Add(1)
			go u.answer(line, own, first)
		}
	}()
	return u
}

func (u *unproved) answer(line net.Conn, own tls.Certificate, first before) {
	defer line.Close() //nolint:errcheck // nobody is there any more
	_ = line.SetDeadline(time.Now().Add(10 * time.Second))
	if first != nil && first(line) != nil {
		return
	}
	sealed := tls.Server(line, &tls.Config{Certificates: []tls.Certificate{own}, NextProtos: []string{"h2", "http/1.1"}})
	if n, _ := sealed.Read(make([]byte, 1)); n > 0 {
		u.spoken.Add(1)
	}
}

// startTLS is how a mail server comes to encrypt; sslRequest how PostgreSQL does.
func startTLS(line net.Conn) error {
	lines := bufio.NewReader(line)
	for _, say := range []string{"220 mx ESMTP\r\n", "250-mx\r\n250 STARTTLS\r\n", "220 go on\r\n"} {
		if _, err := io.WriteString(line, say); err != nil {
			return err
		}
		if strings.HasPrefix(say, "220 go") {
			return nil
		}
		if _, err := lines.ReadString('\n'); err != nil {
			return err
		}
	}
	return nil
}

func sslRequest(line net.Conn) error {
	if _, err := io.ReadFull(line, make([]byte, 8)); err != nil {
		return err
	}
	_, err := io.WriteString(line, "S")
	return err
}

// outgoing is one way on which we go out.
type outgoing struct {
	name  string
	first before
	// call goes to an address, https and TLS; inside says that it may lie in a private network.
	call func(ctx context.Context, host, port string, inside bool) error
	// guarded: a name that leads into our own network is refused when the line is made, but for
	// an operator's word. Otherwise allowed is why it may lead there.
	guarded bool
	allowed string
}

const operators = "the operator names it in the configuration, and it mostly lies in the company's own network"

// ways are all but the ERPs, which are one more for each adapter, and SFTP, which knows no TLS.
func ways() []outgoing {
	at := func(host, port string) string { return "https://" + net.JoinHostPort(host, port) }
	all := []outgoing{
		{name: "webhooks", guarded: true, call: func(ctx context.Context, host, port string, inside bool) error {
			answer := sending.New().Send(ctx, sending.Endpoint{URL: at(host, port), Private: inside,
				Secrets: []sending.Secret{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}, webhook.Message{ID: "1", Body: json.RawMessage("{}")})
			if answer.Status != 0 {
				return nil
			}
			return errors.New(answer.Words)
		}},
		{name: "a directory's table", guarded: true, call: func(ctx context.Context, host, port string, inside bool) error {
			_, err := peopletable.Open(directory.Config{ID: "d", URL: at(host, port), Private: inside}).List(ctx)
			return err
		}},
		{name: "a directory by SCIM", guarded: true, call: func(ctx context.Context, host, port string, inside bool) error {
			_, err := scim.Open(directory.Config{ID: "d", URL: at(host, port), Private: inside}).List(ctx)
			return err
		}},
		{name: "OpenID Connect", allowed: operators, call: func(ctx context.Context, host, port string, _ bool) error {
			p, err := oidc.Open(identity.Config{ID: "o", Issuer: at(host, port), ClientID: "c", ClientSecret: "secret"})
			if err != nil {
				panic(err)
			}
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			p.Watch(ctx)
			return p.Ready()
		}},
		{name: "attachments in S3", allowed: operators, call: func(ctx context.Context, host, port string, _ bool) error {
			s, err := files3.Open(files.Config{Endpoint: net.JoinHostPort(host, port), Bucket: "bucket", Region: "r", AccessKey: "a", SecretKey: "s"})
			if err != nil {
				panic(err)
			}
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			return s.Check(ctx)
		}},
		{name: "dropped files in S3", allowed: operators, call: func(ctx context.Context, host, port string, _ bool) error {
			p, err := drops3.Open(drops3.Config{Endpoint: net.JoinHostPort(host, port), Bucket: "bucket", Region: "r", AccessKey: "a",
				SecretKey: "s", Once: true})
			if err != nil {
				panic(err)
			}
			_, err = p.List(ctx, drop.Incoming)
			return err
		}},
		{name: "a table of another database", first: sslRequest, allowed: operators,
			call: func(ctx context.Context, host, port string, _ bool) error {
				s, err := table.Open(table.Config{URL: "postgres://u:secret@" + net.JoinHostPort(host, port) + "/d", Query: "SELECT 1 AS id",
					Key: "id", Watermark: "id"})
				if err != nil {
					panic(err)
				}
				_, err = s.Read(ctx, "", func([]byte) error { return nil })
				return err
			}},
		{name: "Temporal", allowed: operators, call: func(ctx context.Context, host, port string, _ bool) error {
			ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			_, err := temporal.Dial(ctx, temporal.Config{Address: net.JoinHostPort(host, port), Namespace: "n", APIKey: "secret",
				TLS: temporal.TLS{Enabled: true}})
			return err
		}},
	}
	for kind, first := range map[string]before{"tls": nil, "starttls": startTLS} {
		all = append(all, outgoing{name: "letters by " + kind, first: first, allowed: operators,
			call: func(ctx context.Context, host, port string, _ bool) error {
				number, _ := strconv.Atoi(port)
				return mail.New(mail.Options{Host: host, Port: number, User: "u", Password: "secret", TLS: kind, From: "a@example.com",
					Domain: "example.com"}).Send(ctx, mail.Letter{ID: "1", Address: "b@example.com", Subject: "s", Body: "b"})
			}})
	}
	for _, provider := range []string{"wecom", "dingtalk", "feishu", "slack"} {
		all = append(all, outgoing{name: provider, allowed: "the vendor's own address, or the operator's", call: func(ctx context.Context,
			host, port string, _ bool) error {
			app, err := im.Open(im.Config{Name: provider, Provider: provider, URL: at(host, port), Tenant: "t", App: "1", Secret: "secret",
				Token: "token", Key: im.Secret(strings.Repeat("A", 43)), Timeout: 5 * time.Second, Options: appOptions[provider]})
			if err != nil {
				panic(err)
			}
			_, err = app.People(ctx, "")
			return err
		}})
	}
	for _, c := range httpConnections("https://x", config.TLS{}) {
		all = append(all, outgoing{name: "the ERP " + c.Adapter, allowed: operators, call: func(ctx context.Context, host, port string,
			_ bool) error {
			c.URL = at(host, port)
			for _, name := range []string{"gateway_url", "token_url"} {
				if c.Options[name] != "" {
					c.Options[name] = at(host, port)
				}
			}
			p, err := openERP(c, nil, nil)
			if err != nil {
				panic(err)
			}
			_, err = p.Find(ctx, "v:1:accrual:1")
			return err
		}})
	}
	return all
}

// appOptions are what an app is not opened without.
var appOptions = map[string]map[string]string{"dingtalk": {"template": "card.schema"},
	"slack": {"client_id": "1.2"}}

// TestNobodyIsTrustedUnproved goes out on every way there is: to a name that leads into our
// own network, where that is guarded, and to a server that cannot prove who it is. Neither is
// told anything.
func TestNobodyIsTrustedUnproved(t *testing.T) {
	strangers := newAuthority(t, "strangers")
	cert, key := strangers.issue("127.0.0.1", time.Hour)
	own, err := tls.LoadX509KeyPair(cert, key)
	require.NoError(t, err)
	for _, way := range ways() {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			require.NotEqual(t, way.guarded, way.allowed != "", "it is guarded, or has a reason")
			server := newUnproved(t, own, way.first)
			if way.guarded {
				for _, name := range []string{"localhost", "127.0.0.1"} {
					err := way.call(t.Context(), name, server.port, false)
					require.ErrorContains(t, err, publicnet.ErrPrivate.Error(), name)
				}
				require.Zero(t, server.called.Load(), "no line is even made")
			}
			require.Error(t, way.call(t.Context(), "127.0.0.1", server.port, true))
			require.Positive(t, server.called.Load(), "it was tried")
			require.Zero(t, server.spoken.Load(), "nothing is told to whom cannot prove who it is")
		})
	}
}

// TestNoOtherSFTPServerIsTrusted is the same for SFTP, which knows keys and no certificates.
func TestNoOtherSFTPServerIsTrusted(t *testing.T) {
	known, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	_, other, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(other)
	require.NoError(t, err)
	public, err := ssh.NewPublicKey(known)
	require.NoError(t, err)
	var told atomic.Int64
	settings := &ssh.ServerConfig{PasswordCallback: func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) {
		told.Add(1)
		return nil, errors.New("no")
	}}
	settings.AddHostKey(signer)
	server := newUnproved(t, tls.Certificate{}, func(line net.Conn) error {
		_, _, _, err := ssh.NewServerConn(line, settings)
		return errors.Join(err, io.EOF)
	})
	for key, knows := range map[string]bool{string(ssh.MarshalAuthorizedKey(public)): false,
		string(ssh.MarshalAuthorizedKey(signer.PublicKey())): true} {
		p, err := sftp.Open(sftp.Config{Endpoint: "127.0.0.1:" + server.port, User: "u", Password: "secret", HostKey: key, Folder: "/"})
		require.NoError(t, err)
		told.Store(0)
		_, err = p.List(t.Context(), drop.Incoming)
		require.Error(t, err)
		require.Equal(t, knows, told.Load() > 0, "the password is for the server that we know")
	}
}
