// Package sftptest is an SFTP server for tests.
package sftptest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"net"
	"sync"
	"testing"

	server "github.com/pkg/sftp"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
)

// Password lets in who has no key.
const Password = "open sesame"

// Serve is an SFTP server on this machine's files, for who has a key or the password.
func Serve(t testing.TB, host ssh.Signer, client ssh.PublicKey) string {
	t.Helper()
	config := &ssh.ServerConfig{
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if string(key.Marshal()) == string(client.Marshal()) {
				return nil, nil
			}
			return nil, errors.New("another key")
		},
		PasswordCallback: func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if string(password) == Password {
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

// Keys makes a key, and its PEM.
func Keys(t testing.TB) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	require.NoError(t, err)
	return signer, string(pem.EncodeToMemory(block))
}
