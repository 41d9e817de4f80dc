package command

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/fault"
)

// authority makes certificates for a test.
type authority struct {
	*testing.T
	dir         string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	made        int64
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{T: t, dir: t.TempDir()}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	a.certificate, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	a.key = key
	a.write("ca.pem", "CERTIFICATE", der)
	return a
}

func (a *authority) write(name, kind string, der []byte) string {
	a.Helper()
	path := filepath.Join(a.dir, name)
	require.NoError(a, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	return path
}

func (a *authority) file() string { return filepath.Join(a.dir, "ca.pem") }

// issue makes a certificate for a host that ends in so long, negative for one that ended.
func (a *authority) issue(host string, life time.Duration) (cert, key string) {
	a.Helper()
	a.made++
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(a.made + 1), Subject: pkix.Name{CommonName: host},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(life), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, own.Public(), a.key)
	require.NoError(a, err)
	private, err := x509.MarshalECPrivateKey(own)
	require.NoError(a, err)
	n := strconv.FormatInt(a.made, 10)
	return a.write("cert"+n+".pem", "CERTIFICATE", der), a.write("key"+n+".pem", "EC PRIVATE KEY", private)
}

// demanding is a server that speaks only to who has a certificate of its authority; seen
// counts the requests that it heard.
func demanding(t *testing.T, clients *authority, cert, key string) (address string, seen *atomic.Int64) {
	t.Helper()
	own, err := tls.LoadX509KeyPair(cert, key)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(clients.certificate)
	seen = new(atomic.Int64)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TLS.PeerCertificates) > 0 {
			seen.Add(1)
		}
		http.Error(w, "{}", http.StatusNotFound)
	}))
	server.Config.ErrorLog = log.New(&strings.Builder{}, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL, seen
}

// httpConnections is a connection of every adapter that speaks HTTP.
func httpConnections(address string, settings config.TLS) []config.Connection {
	all := []config.Connection{
		{Adapter: "tryton", Database: "d", User: "u"},
		{Adapter: "odoo", Database: "d", User: "u"},
		{Adapter: "erpnext", Company: "c", User: "u"},
		{Adapter: "sandbox"},
		{Adapter: "kingdee", Database: "d", User: "u", Options: map[string]string{
			"app_id": "200001_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "account_book": "001", "reference_field": "F_REF",
			"currencies": "CNY=PRE001"}},
		{Adapter: "yonbip", User: "u", Options: map[string]string{"tenant": "t", "account_book": "b", "voucher_type": "1",
			"maker": "m@example.com", "gateway_url": address + "/g", "token_url": address + "/t"}},
		{Adapter: "u8", User: "u", Options: map[string]string{"from_account": "a", "to_account": "b", "maker": "demo"}},
		{Adapter: "soap", User: "u", Mapping: "ledger"},
		{Adapter: "sap", Company: "1010", User: "u", Options: map[string]string{"created_by": "CS", "chart": "YCOA"}},
	}
	for i := range all {
		c := &all[i]
		c.ID, c.URL, c.Password, c.Currency, c.TLS = c.Adapter, address, config.NewSecret("p"), "CNY", settings
		c.PerSecond, c.Timeout, c.Settle = 1000, time.Minute, 2*time.Minute
	}
	return all
}

// TestEveryERPIsReachedByCertificate proves that each adapter shows our certificate to an
// ERP that demands one, through the only way there is.
func TestEveryERPIsReachedByCertificate(t *testing.T) {
	ours := newAuthority(t, "ours")
	cert, key := ours.issue("127.0.0.1", time.Hour)
	address, seen := demanding(t, ours, cert, key)
	mine, mykey := ours.issue("countersign", time.Hour)
	for _, c := range httpConnections(address, config.TLS{CA: ours.file(), Cert: mine, Key: mykey}) {
		before := seen.Load()
		p, err := openERP(c, nil, nil)
		require.NoError(t, err, c.Adapter)
		_, err = p.Find(t.Context(), "v:1:accrual:1")
		require.Error(t, err, "%s: there is nothing there", c.Adapter)
		require.Greater(t, seen.Load(), before, "%s: %v", c.Adapter, err)
		c.TLS = config.TLS{CA: ours.file()}
		p, err = openERP(c, nil, nil)
		require.NoError(t, err, c.Adapter)
		before = seen.Load()
		_, err = p.Find(t.Context(), "v:1:accrual:1")
		require.Equal(t, erp.CodeUnavailable, fault.CodeOf(err), "%s: %v", c.Adapter, err)
		require.Equal(t, before, seen.Load(), c.Adapter)
	}
}

// TestNoUnverifiedERP proves what of either side's certificate is refused, before a byte
// of ours is sent.
func TestNoUnverifiedERP(t *testing.T) {
	ours, others := newAuthority(t, "ours"), newAuthority(t, "others")
	mine, mykey := ours.issue("countersign", time.Hour)
	old, oldkey := ours.issue("countersign", -time.Hour)
	foreign, foreignkey := others.issue("countersign", time.Hour)
	good := config.TLS{CA: ours.file(), Cert: mine, Key: mykey}
	for _, tt := range []struct {
		name     string
		host     string
		life     time.Duration
		settings config.TLS
		heard    bool
	}{
		{"all is well", "127.0.0.1", time.Hour, good, true},
		{"its authority is not ours", "127.0.0.1", time.Hour, config.TLS{CA: others.file(), Cert: mine, Key: mykey}, false},
		{"its authority is not the system's", "127.0.0.1", time.Hour, config.TLS{Cert: mine, Key: mykey}, false},
		{"its certificate has ended", "127.0.0.1", -time.Hour, good, false},
		{"it is another host", "erp.example.com", time.Hour, good, false},
		{"it has another name, which we were told", "erp.example.com", time.Hour, config.TLS{CA: ours.file(), Cert: mine,
			Key: mykey, ServerName: "erp.example.com"}, true},
		{"it has not the name that we were told", "127.0.0.1", time.Hour, config.TLS{CA: ours.file(), Cert: mine, Key: mykey,
			ServerName: "erp.example.com"}, false},
		{"we have none", "127.0.0.1", time.Hour, config.TLS{CA: ours.file()}, false},
		{"ours has ended", "127.0.0.1", time.Hour, config.TLS{CA: ours.file(), Cert: old, Key: oldkey}, false},
		{"ours is of another authority", "127.0.0.1", time.Hour, config.TLS{CA: ours.file(), Cert: foreign, Key: foreignkey}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cert, key := ours.issue(tt.host, tt.life)
			address, seen := demanding(t, ours, cert, key)
			p, err := openERP(httpConnections(address, tt.settings)[0], nil, nil)
			require.NoError(t, err)
			_, err = p.Find(t.Context(), "v:1:accrual:1")
			require.Error(t, err)
			require.Equal(t, tt.heard, seen.Load() > 0, "%v", err)
			if !tt.heard {
				require.Equal(t, fault.Busy, fault.KindOf(err), "nothing was written: %v", err)
			}
		})
	}
}

// TestBadCertificateFilesAreTold proves that a connection with files that are none is not opened.
func TestBadCertificateFilesAreTold(t *testing.T) {
	ours := newAuthority(t, "ours")
	mine, mykey := ours.issue("countersign", time.Hour)
	for _, settings := range []config.TLS{
		{CA: filepath.Join(t.TempDir(), "nowhere.pem")}, {CA: mykey}, {Cert: mine}, {Key: mykey}, {Cert: mykey, Key: mine},
	} {
		_, err := openERP(httpConnections("https://erp.example.com", settings)[0], nil, nil)
		require.ErrorContains(t, err, "tls: ", "%+v", settings)
	}
}
