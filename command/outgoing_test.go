package command

import (
	"bufio"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/countersign/countersign/adapters/drop"
	"github.com/countersign/countersign/adapters/drop/sftp"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/platform/publicnet"
)

// listening is a server that counts the lines that it was called on, and those on which
// either side believed the other: nothing is said to it before.
type listening struct {
	port           string
	called, spoken atomic.Int64
}

// protocols are those of HTTP that servers offer.
var protocols = []string{"h2", "http/1.1"}

// before is what a server says and hears before it is asked to encrypt.
type before func(line net.Conn) error

func listen(t *testing.T, settings *tls.Config, first before) *listening {
	t.Helper()
	u := &listening{}
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
			go u.answer(line, settings, first)
		}
	}()
	return u
}

func (u *listening) answer(line net.Conn, settings *tls.Config, first before) {
	defer line.Close() //nolint:errcheck // nobody is there any more
	_ = line.SetDeadline(time.Now().Add(10 * time.Second))
	if first != nil && first(line) != nil {
		return
	}
	sealed := tls.Server(line, settings)
	if sealed.Handshake() == nil {
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
			server := listen(t, &tls.Config{Certificates: []tls.Certificate{own}, NextProtos: protocols}, way.first)
			if way.guarded {
				for _, name := range []string{"localhost", "127.0.0.1"} {
					err := way.call(t.Context(), to{name, server.port, false, config.TLS{}})
					require.ErrorContains(t, err, publicnet.ErrPrivate.Error(), name)
				}
				require.Zero(t, server.called.Load(), "no line is even made")
			}
			require.Error(t, way.call(t.Context(), to{"127.0.0.1", server.port, true, config.TLS{}}))
			require.Positive(t, server.called.Load(), "it was tried")
			require.Zero(t, server.spoken.Load(), "nothing is told to whom cannot prove who it is")
		})
	}
}

// TestEveryWayShowsOurCertificate goes out on every way to a server of an authority of the
// company's own, which speaks to nobody without a certificate of it.
func TestEveryWayShowsOurCertificate(t *testing.T) {
	ours := newAuthority(t, "ours")
	cert, key := ours.issue("127.0.0.1", time.Hour)
	own, err := tls.LoadX509KeyPair(cert, key)
	require.NoError(t, err)
	mine, mykey := ours.issue("countersign", time.Hour)
	pool := x509.NewCertPool()
	pool.AddCert(ours.certificate)
	settings := &tls.Config{Certificates: []tls.Certificate{own}, NextProtos: protocols,
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}
	for _, way := range ways() {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			server := listen(t, settings, way.first)
			require.Error(t, way.call(t.Context(), to{"127.0.0.1", server.port, true, config.TLS{CA: ours.file()}}))
			require.Positive(t, server.called.Load(), "it was tried")
			require.Zero(t, server.spoken.Load(), "it listens to nobody without a certificate")
			known := config.TLS{CA: ours.file(), Cert: mine, Key: mykey}
			require.Error(t, way.call(t.Context(), to{"127.0.0.1", server.port, true, known}), "it hangs up")
			require.Positive(t, server.spoken.Load(), "it is shown ours")
			// Another one, for the first may still hear a try whose caller gave up.
			named := listen(t, settings, way.first)
			known.ServerName = "other.example.com"
			require.Error(t, way.call(t.Context(), to{"127.0.0.1", named.port, true, known}))
			require.Positive(t, named.called.Load(), "it was tried")
			require.Zero(t, named.spoken.Load(), "it has not the name that we were told")
		})
	}
}

// TestNoAnswerLeadsInside has systems that we ask tell us to go on at an address in our own
// network, which only the operator may name.
func TestNoAnswerLeadsInside(t *testing.T) {
	for _, way := range led() {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			for _, host := range []string{"127.0.0.1", "localhost"} {
				inner := listen(t, &tls.Config{}, nil)
				told := net.JoinHostPort(host, inner.port)
				require.Error(t, way.call(t, told, false))
				require.Zero(t, inner.called.Load(), "no line is even made")
				require.Error(t, way.call(t, told, true))
				require.Positive(t, inner.called.Load(), "the operator named it, or said that it may lead there")
			}
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
	server := listen(t, &tls.Config{}, func(line net.Conn) error {
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
