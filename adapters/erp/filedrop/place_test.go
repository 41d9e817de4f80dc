package filedrop_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/countersign/countersign/adapters/drop"
	"github.com/countersign/countersign/adapters/drop/s3"
	"github.com/countersign/countersign/adapters/drop/sftp"
	"github.com/countersign/countersign/adapters/drop/sftp/sftptest"
	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/conformance"
	"github.com/countersign/countersign/adapters/erp/erptest"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
)

// elsewhere is a fixture on a place, which an importer sees past the line.
func elsewhere(t testing.TB, c erp.Config, proxy *conformance.Proxy, place drop.Place) conformance.Fixture {
	t.Helper()
	p, err := erp.Open(c)
	require.NoError(t, err)
	year := time.Now().Year()
	return conformance.Fixture{Port: p, Proxy: proxy, Reopen: func() (erp.Port, error) { return erp.Open(c) },
		Creates: conformance.Contains("PUT", ".json"), Posts: conformance.Contains("PUT", ".csv"),
		Counted: func(ctx context.Context, reference string) (drafts, posted int, err error) {
			for _, room := range []drop.Room{drop.Incoming, drop.Working, "taken"} {
				files, err := place.List(ctx, room)
				if err != nil {
					return 0, 0, err
				}
				for _, f := range files {
					switch {
					case room == drop.Working && f.Name == voucher.Short(reference)+".json":
						drafts++
					case room != drop.Working && strings.Contains(f.Name, voucher.Short(reference)):
						posted++
					}
				}
			}
			return drafts - posted, posted, nil
		},
		Expense: "6602", Payable: "2241", Bank: "1002", Party: "lin", Base: "CNY", Foreign: "EUR",
		Date: fmt.Sprintf("%d-03-31", year), Settle: 2 * time.Second}
}

// bucket is a connection to a fresh bucket, through a proxy.
func bucket(t testing.TB, options map[string]string) (erp.Config, *conformance.Proxy, drop.Place) {
	t.Helper()
	backend := s3mem.New()
	require.NoError(t, backend.CreateBucket("books"))
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	proxy := erptest.NewProxy(t, server.URL)
	options["region"], options["master"] = "us-east-1", master(t)
	place, err := s3.Open(s3.Config{Endpoint: strings.TrimPrefix(server.URL, "http://"), Bucket: "books", Prefix: "to/erp",
		Region: "us-east-1", AccessKey: "k", SecretKey: "s", Plain: true})
	require.NoError(t, err)
	return erp.Config{Name: "drop", Provider: "filedrop", Currency: "CNY", User: "k", Secret: "s", Timeout: time.Second,
		URL: "s3+http://" + strings.TrimPrefix(proxy.URL, "http://") + "/books/to/erp", Options: options}, proxy, place
}

// server is a connection to a directory of an SFTP server, and that directory.
func server(t testing.TB) (erp.Config, string) {
	t.Helper()
	host, _ := sftptest.Keys(t)
	client, key := sftptest.Keys(t)
	at, file := t.TempDir(), filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(file, []byte(key), 0o600))
	return erp.Config{Name: "drop", Provider: "filedrop", Currency: "CNY", User: "erp", Timeout: 2 * time.Second,
		URL: "sftp://" + sftptest.Serve(t, host, client.PublicKey()) + at, Options: map[string]string{"private_key": file,
			"master": master(t), "host_key": string(ssh.MarshalAuthorizedKey(host.PublicKey()))}}, at
}

func master(t testing.TB) string {
	t.Helper()
	return config(t).Options["master"]
}

// TestBucketKeepsThePromises over a line that breaks.
func TestBucketKeepsThePromises(t *testing.T) {
	t.Parallel()
	for _, promise := range conformance.Promises() {
		t.Run(promise.Name, func(t *testing.T) {
			t.Parallel()
			c, proxy, place := bucket(t, map[string]string{"taken": "taken"})
			f := elsewhere(t, c, proxy, place)
			if reason := promise.Absent(f); reason != "" {
				t.Skip(reason)
			}
			promise.Keep(t, f)
		})
	}
}

// TestBucketNemesis drops each once, whatever the line does and whoever dies, while an
// importer takes what it sees.
func TestBucketNemesis(t *testing.T) {
	t.Parallel()
	c, proxy, place := bucket(t, map[string]string{"taken": "taken"})
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			files, _ := place.List(context.Background(), drop.Incoming)
			for _, f := range files {
				_ = place.Move(context.Background(), drop.Incoming, f.Name, "taken", f.Name)
			}
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	defer func() { close(stop); <-done }()
	erptest.Nemesis(t, elsewhere(t, c, proxy, place), 24, 10)
}

// TestBucketOfAGreedyImporter proves that a file which may have been dropped, and taken away
// without a trace, stops for a person.
func TestBucketOfAGreedyImporter(t *testing.T) {
	c, proxy, place := bucket(t, map[string]string{})
	f := elsewhere(t, c, proxy, place)
	book, v := conformance.NewBook(), f.Voucher("v:greedy:accrual:1", 100)
	proxy.Once(f.Posts, conformance.DropBefore)
	_, err := f.PostOnce(t.Context(), book, v)
	require.Equal(t, erp.CodeUnknown, fault.CodeOf(err), "%v", err)
	time.Sleep(f.Settle)
	_, err = f.PostOnce(t.Context(), book, v)
	require.Equal(t, erp.CodeConflict, fault.CodeOf(err), "%v", err)
	require.Contains(t, err.Error(), "importer")
	_, posted, err := f.Counted(t.Context(), v.Reference)
	require.NoError(t, err)
	require.Zero(t, posted)
}

// TestServerKeepsThePromises but those of a line that can be broken by name: SFTP is no HTTP.
func TestServerKeepsThePromises(t *testing.T) {
	t.Parallel()
	for _, promise := range conformance.Promises() {
		t.Run(promise.Name, func(t *testing.T) {
			t.Parallel()
			f := onServer(t)
			if reason := promise.Absent(f); reason != "" {
				t.Skip(reason)
			}
			promise.Keep(t, f)
		})
	}
}

func onServer(t testing.TB) conformance.Fixture {
	t.Helper()
	c, at := server(t)
	proxy, err := conformance.NewProxy("http://127.0.0.1:1", nil) // it has no line of HTTP
	require.NoError(t, err)
	t.Cleanup(proxy.Close)
	place, err := sftp.Open(sftp.Config{Endpoint: strings.TrimSuffix(strings.TrimPrefix(c.URL, "sftp://"), at), User: "erp",
		Password: sftptest.Password, HostKey: c.Options["host_key"], Folder: at})
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(at, "taken"), 0o750))
	f := elsewhere(t, c, proxy, place)
	f.NoLine = true // TestServerAway
	return f
}

// TestServerAway proves that a server which does not answer is busy, and that what was taken
// away is not dropped again.
func TestServerAway(t *testing.T) {
	c, at := server(t)
	p, err := erp.Open(c)
	require.NoError(t, err)
	f := conformance.Fixture{Port: p, Expense: "6602", Payable: "2241", Party: "lin", Base: "CNY", Date: "2026-03-31",
		Settle: 4 * time.Second}
	book, v := conformance.NewBook(), f.Voucher("v:sftp:accrual:1", 100)
	found, err := f.PostOnce(t.Context(), book, v)
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(at, found.Number)))
	again, err := f.PostOnce(t.Context(), conformance.NewBook(), v)
	require.NoError(t, err)
	require.Equal(t, found, again)
	require.NoFileExists(t, filepath.Join(at, found.Number))
	c.URL = "sftp://127.0.0.1:1/x"
	away, err := erp.Open(c)
	require.NoError(t, err)
	_, err = away.Find(t.Context(), "v:sftp:accrual:1")
	require.Equal(t, erp.CodeUnavailable, fault.CodeOf(err), "%v", err)
}
