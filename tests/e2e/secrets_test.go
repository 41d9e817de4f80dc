package e2e

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"golang.org/x/crypto/ssh"

	"github.com/countersign/countersign/tests/house"
)

// unset are the secrets that this house cannot have, and why.
var unset = []string{
	"temporal.api_key", // it is sent over TLS only; the Temporal server of tests has none
}

// canary is a secret that nobody has seen before.
func canary(name string) string { return "canary-" + name + "-" + rand.Text() }

// key is a secret that must be base64.
func key(name string) string { return base64.StdEncoding.EncodeToString([]byte(canary(name))) }

// sshKey is a new key, private in PEM, and public as a host's is written.
func sshKey(t *testing.T) (private, public string) {
	t.Helper()
	_, made, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(made, "")
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(made)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(block)), string(ssh.MarshalAuthorizedKey(signer.PublicKey()))
}

// secrets are settings with a value for every secret that the house takes. What they
// lead to refuses or takes everybody: the directory is not there, the file store is, and all notices are sent by a mail server without sign-in.
func secrets(t *testing.T) map[string]any {
	t.Helper()
	backend := s3mem.New()
	require.NoError(t, backend.CreateBucket("attachments"))
	store := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(store.Close)
	nobody := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "refused: "+r.Header.Get("Authorization"), http.StatusUnauthorized) // it repeats what it was sent
	}))
	t.Cleanup(nobody.Close)
	private, public := sshKey(t)
	return map[string]any{
		"files.s3": map[string]any{"endpoint": strings.TrimPrefix(store.URL, "http://"), "bucket": "attachments", "tls": false,
			"access_key": canary("access"), "secret_key": canary("secret")},
		"mail.password": canary("mail"),
		"temporal.codec": map[string]any{"enabled": false, "key_id": "k", "token": canary("codec"),
			"keys": []map[string]any{{"id": "k", "secret": "Y2FuYXJ5LWNvZGVjLWtleS0zMi1ieXRlcy1pbi1hbGw="}}},
		"im.apps": []map[string]any{{"id": "wecom", "provider": "wecom", "url": nobody.URL, "tenant": "corp", "app": "1000002",
			"secret": canary("im"), "token": canary("callback"), "key": "Y2FuYXJ5LWltLWtleS0zMi1ieXRlcy1pbi1hbGwtMDE"}},
		"directory.sources": []map[string]any{{"id": "hr", "kind": "scim", "url": nobody.URL, "private_network": true,
			"token": canary("directory")}},
		"webhooks.endpoints": []map[string]any{{"id": "told", "url": nobody.URL, "private_network": true,
			"secret": key("webhook"), "old_secret": key("old webhook")}},
		"inbound.sources": []map[string]any{{"id": "crm", "kind": "webhook", "account": "lin", "mapping": "supplier_bill",
			"secrets": []map[string]any{{"secret": key("inbound")}}},
			{"id": "bucket", "kind": "s3", "account": "lin", "mapping": "supplier_bill", "every": "1h",
				"files": map[string]any{"endpoint": strings.TrimPrefix(store.URL, "http://"), "bucket": "attachments", "folder": "oa",
					"plain": true, "access_key": canary("drop access"), "secret_key": canary("drop secret")}},
			{"id": "sftp", "kind": "sftp", "account": "lin", "mapping": "supplier_bill", "every": "1s",
				"files": map[string]any{"endpoint": strings.TrimPrefix(nobody.URL, "http://"), "folder": "/oa", "user": "oa",
					"password": canary("drop password"), "private_key": private, "host_key": public}},
			{"id": "table", "kind": "table", "account": "lin", "mapping": "supplier_bill", "every": "1s",
				"table": map[string]any{"url": "postgres://reader:" + canary("table") + "@127.0.0.1:1/x?sslmode=disable",
					"query": "SELECT 1 AS n", "key": "n", "watermark": "n"}}},
	}
}

// noSecretIsToldOf looks for every secret of the house in everything that it left behind,
// after it refused, parked, failed and recovered; and sees a planted one in each place.
func noSecretIsToldOf(t *testing.T, h *house.House, door *house.Door) {
	away := httptest.NewServer(http.NotFoundHandler())
	defer away.Close()
	// Only now: beside a provider of sign-in the development issuer serves nobody.
	h.Set(t, "identity", map[string]any{"providers": []map[string]any{{"id": "sso", "issuer": away.URL,
		"client_id": "countersign", "client_secret": canary("client"), "label": "SSO"}}})
	h.Stop(house.Gateway)
	h.Run(house.Gateway)
	h.AwaitReady()
	known, missing := h.Secrets(t)
	require.ElementsMatch(t, unset, missing, "a secret of the configuration has no canary here")
	t.Setenv("COUNTERSIGN_MAIL_USER", "countersign") // the mail server takes no sign-in: the next letters fail
	h.Stop(house.Relay)
	h.Run(house.Relay)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s := &scene{T: t, house: h, door: door, ctx: ctx}
	d := s.submit("lin", expense("给谁发信", "1200.00"))
	for s.count(`SELECT count(*) FROM notices WHERE document = $1 AND tries > 0 AND failure <> ''`, d.ID) == 0 {
		require.NoError(t, ctx.Err(), "no letter failed")
		time.Sleep(look)
	}
	stranger := door.As(t, "lin")
	stranger.Token += "x"
	_, err := stranger.Document(ctx, d.ID)
	require.Error(t, err)
	more := map[string]string{
		"a directory that refuses":          h.Try(t, "directory", "sync", "--now", "--dry-run"),
		"an identity provider that is away": page(t, h.URL+"/login/sso"),
	}
	require.Empty(t, h.Leaks(t, door, known, more))
	t.Logf("%d secrets, in no place", len(known))
	plant(t, h, door, more)
}

// plant tells a secret in every place, and sees it found there.
func plant(t *testing.T, h *house.House, door *house.Door, more map[string]string) {
	planted := canary("planted")
	h.Say("level=ERROR msg=" + planted)
	more["a page"] = "<p>" + planted + "</p>"
	_, err := h.Database(t).ExecContext(t.Context(), `CREATE TABLE planted AS SELECT convert_to('{"a":"' || $1 || '"}', 'UTF8')`,
		planted)
	require.NoError(t, err)
	c, err := client.Dial(client.Options{HostPort: h.Stack.TemporalAddress()})
	require.NoError(t, err)
	defer c.Close()
	_, err = c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "planted", TaskQueue: "nobody"}, "Planted",
		map[string]string{"password": planted})
	require.NoError(t, err)
	_, err = door.As(t, "lin").Document(t.Context(), planted)
	require.Error(t, err)
	found := h.Leaks(t, door, map[string]string{"planted": planted}, more)
	for _, place := range []string{"planted in the logs", "planted in a page", "planted in countersign public.planted",
		"planted in temporal public.history_node"} {
		require.Contains(t, found, place)
	}
}

// page is what a browser gets, wherever it is led.
func page(t *testing.T, address string) string {
	t.Helper()
	response, err := http.Get(address) //nolint:noctx,gosec // loopback
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	var text strings.Builder
	require.NoError(t, response.Header.Write(&text))
	_, err = io.Copy(&text, response.Body)
	require.NoError(t, err)
	return text.String()
}
