package sftp_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/countersign/countersign/adapters/drop"
	"github.com/countersign/countersign/adapters/drop/droptest"
	"github.com/countersign/countersign/adapters/drop/sftp"
	"github.com/countersign/countersign/adapters/drop/sftp/sftptest"
	"github.com/countersign/countersign/domain/fault"
)

// TestAServerKeepsThePromises over a real line, by key and by password; a server with
// another key is told nothing.
func TestAServerKeepsThePromises(t *testing.T) {
	host, _ := sftptest.Keys(t)
	client, pemText := sftptest.Keys(t)
	at := t.TempDir()
	config := sftp.Config{Endpoint: sftptest.Serve(t, host, client.PublicKey()), User: "oa", PrivateKey: pemText, Folder: at,
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

	config.PrivateKey, config.Password = "", sftptest.Password
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
