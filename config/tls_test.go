package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// doors are the keys of every certificate there is, each in a file that is good without it.
var doors = map[string]string{
	"temporal.tls":                 "temporal: { tls: %s }",
	"identity.providers[0].tls":    "identity: { providers: [ { id: a, issuer: 'https://i', client_id: c, tls: %s } ] }",
	"directory.sources[0].tls":     "scim: { database_url: 'postgres://d:p@db/c' }\ndirectory: { sources: [ { id: a, kind: scim, url: 'https://hr', tls: %s } ] }",
	"erp.connections[0].tls":       "erp: { connections: [ { id: a, entities: [e], url: 'https://erp', adapter: tryton, database: d, tls: %s } ] }",
	"im.apps[0].tls":               "im: { apps: [ { id: a, provider: dingtalk, tenant: t, app: a, secret: s, tls: %s } ] }",
	"inbound.sources[0].table.tls": asked + "kind: table, table: { url: 'postgres://u@h/d', query: SELECT 1, key: id, watermark: id, tls: %s } } ] }",
	"inbound.sources[0].files.tls": asked + "kind: s3, files: { endpoint: 's3:443', bucket: b, tls: %s } } ] }",
	"mail.certificates":            "mail: { enabled: true, host: h, from: a@b.c, certificates: %s }",
	"webhooks.endpoints[0].tls":    "webhooks: { endpoints: [ { id: a, url: 'https://h', secret: " + seed + ", tls: %s } ] }",
	"files.s3.certificates":        "files: { s3: { bucket: b, endpoint: 's3:443', access_key: a, secret_key: s, certificates: %s } }",
}

const asked = "inbound: { sources: [ { id: a, account: p, mapping: m, every: 1h, "

// keyAndCertificate are files of them.
func keyAndCertificate(t *testing.T) (cert, key string) {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, own.Public(), own)
	require.NoError(t, err)
	private, err := x509.MarshalECPrivateKey(own)
	require.NoError(t, err)
	folder := t.TempDir()
	cert, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}), 0o600))
	return cert, key
}

// TestEveryDoorSaysWhichFileIsWrong tries every file that serves nobody at every door.
func TestEveryDoorSaysWhichFileIsWrong(t *testing.T) {
	cert, key := keyAndCertificate(t)
	_, other := keyAndCertificate(t)
	for at, door := range doors {
		load := func(settings string) error {
			_, err := Load(write(t, whole+fmt.Sprintf(door, settings)+"\n"), nil)
			return err
		}
		require.NoError(t, load(fmt.Sprintf("{ ca: '%s', cert: '%s', key: '%s', server_name: n }", cert, cert, key)), at)
		for settings, want := range map[string][2]string{
			"{ ca: /nowhere.pem }":                                 {".ca is not there: /nowhere.pem", "whole path"},
			fmt.Sprintf("{ ca: '%s' }", key):                       {".ca has no certificate", "in PEM"},
			fmt.Sprintf("{ cert: '%s' }", cert):                    {".key and cert go together", "both or neither"},
			fmt.Sprintf("{ key: '%s' }", key):                      {".key and cert go together", "both or neither"},
			fmt.Sprintf("{ cert: '%s', key: '%s' }", key, key):     {".cert has no certificate", "those between it"},
			fmt.Sprintf("{ cert: '%s', key: '%s' }", cert, other):  {".key is none, or not that of cert", "without a passphrase"},
			fmt.Sprintf("{ cert: /nowhere.pem, key: '%s' }", key):  {".cert is not there", "whole path"},
			fmt.Sprintf("{ cert: '%s', key: /nowhere.pem }", cert): {".key is not there", "whole path"},
		} {
			err := load(settings)
			require.ErrorContains(t, err, at+want[0], settings)
			require.ErrorContains(t, err, want[1], settings)
		}
	}
}

// TestCertificatesAreOfWhatIsEncrypted refuses them where nothing would ever look at them.
func TestCertificatesAreOfWhatIsEncrypted(t *testing.T) {
	cert, _ := keyAndCertificate(t)
	for at, door := range map[string]string{
		"erp.connections[0].tls":       "erp: { connections: [ { id: a, entities: [e], url: 'http://erp', adapter: tryton, database: d, tls: %s } ] }",
		"inbound.sources[0].table.tls": asked + "kind: table, table: { url: 'postgres://u@h/d?sslmode=disable', query: SELECT 1, key: id, watermark: id, tls: %s } } ] }",
		"inbound.sources[0].files.tls": asked + "kind: s3, files: { endpoint: 's3:443', bucket: b, plain: true, tls: %s } } ] }",
		"mail.certificates":            "mail: { enabled: true, host: h, from: a@b.c, tls: none, certificates: %s }",
		"files.s3.certificates":        "files: { s3: { bucket: b, endpoint: 's3:443', access_key: a, secret_key: s, tls: false, certificates: %s } }",
		"webhooks.endpoints[0].tls":    "webhooks: { endpoints: [ { id: a, url: 'http://h', private_network: true, secret: " + seed + ", tls: %s } ] }",
	} {
		_, err := Load(write(t, whole+fmt.Sprintf(door, "{ ca: '"+cert+"' }")+"\n"), nil)
		require.ErrorContains(t, err, at+" is set and nothing is encrypted", at)
	}
}
