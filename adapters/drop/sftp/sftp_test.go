package sftp_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	server "github.com/pkg/sftp"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/countersign/countersign/adapters/drop"
	"github.com/countersign/countersign/adapters/drop/droptest"
	"github.com/countersign/countersign/adapters/drop/sftp"
	"github.com/countersign/countersign/domain/fault"
)

// serve is an SFTP server on this machine's files, for who has a key or the password.
func serve(t *testing.T, host ssh.Signer, client ssh.PublicKey) string {
	t.Helper()
	config := &ssh.ServerConfig{
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if string(key.Marshal()) == string(client.Marshal()) {
				return nil, nil
			}
			return nil, errors.New("another key")
		},
		PasswordCallback: func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if string(password) == "open sesame" {
				return nil, nil
			}
			return nil, errors.New("another password")
		},
	}
	config.AddHostKey(host)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var all sync.WaitGroup
	t.Cleanup(func() {
		_ = listener.Close()
		all.Wait()
	})
	all.Go(func() {
		for {
			line, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { answer(line, config) })
		}
	})
	return listener.Addr().String()
}

func answer(line net.Conn, config *ssh.ServerConfig) {
	defer line.Close() //nolint:errcheck // a test's
	_, channels, requests, err := ssh.NewServerConn(line, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for wanted := range channels {
		channel, asked, err := wanted.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range asked {
				_ = r.Reply(r.Type == "subsystem", nil)
			}
		}()
		files, err := server.NewServer(channel)
		if err != nil {
			return
		}
		_ = files.Serve()
		_ = channel.Close()
	}
}

func keys(t *testing.T) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	require.NoError(t, err)
	return signer, string(pem.EncodeToMemory(block))
}

// TestAServerKeepsThePromises over a real line, by key and by password; a server with
// another key is told nothing.
func TestAServerKeepsThePromises(t *testing.T) {
	host, _ := keys(t)
	client, pemText := keys(t)
	at := t.TempDir()
	config := sftp.Config{Endpoint: serve(t, host, client.PublicKey()), User: "oa", PrivateKey: pemText, Folder: at,
		HostKey: string(ssh.MarshalAuthorizedKey(host.PublicKey()))}
	p, err := sftp.Open(config)
	require.NoError(t, err)
	droptest.Run(t, p, func(path, content string) {
		path = filepath.Join(at, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	})

	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(at, "link.csv")))
	_, err = p.Read(t.Context(), drop.Incoming, "link.csv", 1<<20)
	require.Equal(t, "drop.not_found", fault.CodeOf(err))

	config.PrivateKey, config.Password = "", "open sesame"
	byPassword, err := sftp.Open(config)
	require.NoError(t, err)
	_, err = byPassword.List(t.Context(), drop.Done)
	require.NoError(t, err)
	for _, change := range []func(c *sftp.Config){
		func(c *sftp.Config) { c.Password = "guess" },
		func(c *sftp.Config) { c.HostKey = string(ssh.MarshalAuthorizedKey(client.PublicKey())) },
		func(c *sftp.Config) { c.Endpoint = "127.0.0.1:1" },
	} {
		other := config
		change(&other)
		p, err := sftp.Open(other)
		require.NoError(t, err)
		_, err = p.List(t.Context(), drop.Incoming)
		require.Equal(t, fault.Busy, fault.KindOf(err))
		require.NotContains(t, err.Error(), "guess")
	}
	config.HostKey = "no key"
	_, err = sftp.Open(config)
	require.Error(t, err)
}
