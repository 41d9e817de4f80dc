package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/goccy/go-yaml"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

const seed = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

// whole is a file with all that production needs.
const whole = `
database: { url: "postgres://u:p@db/countersign" }
gateway: { public_url: "https://approvals.example.com" }
signing: { key_id: k1, private_key: "` + seed + `" }
`

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestTheExampleIsTheDefaults(t *testing.T) {
	got, err := read(Default(), "config.example.yaml", nil)
	require.NoError(t, err)
	want := Default()
	require.Equal(t, text(want), text(got))

	t.Setenv("COUNTERSIGN_DATABASE_URL", "postgres://u:p@db/countersign")
	t.Setenv("COUNTERSIGN_GATEWAY_PUBLIC_URL", "https://approvals.example.com")
	t.Setenv("COUNTERSIGN_SIGNING_KEY_ID", "k1")
	t.Setenv("COUNTERSIGN_SIGNING_PRIVATE_KEY", seed)
	_, err = Load("config.example.yaml", nil)
	require.NoError(t, err)
}

// text shows a configuration, empty lists like missing ones.
func text(c Config) string { return strings.ReplaceAll(fmt.Sprintf("%+v", c), "[]", "") }

// TestTheExampleSpeaksOfEveryKey fails when a key is added and not explained.
func TestTheExampleSpeaksOfEveryKey(t *testing.T) {
	example, err := os.ReadFile("config.example.yaml")
	require.NoError(t, err)
	var off []string // also what is commented out
	for line := range strings.Lines(string(example)) {
		off = append(off, strings.TrimLeft(line, " #-"))
	}
	for _, key := range append(Keys(), listKeys(reflect.TypeFor[Config]())...) {
		name := key[strings.LastIndex(key, ".")+1:]
		found := false
		for _, line := range off {
			found = found || strings.HasPrefix(line, name+":") || strings.HasPrefix(line, name+"_file:")
		}
		require.True(t, found, "%s is not in config.example.yaml", key)
	}
}

func listKeys(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		switch field := t.Field(i).Type; {
		case field.Kind() == reflect.Struct:
			keys = append(keys, listKeys(field)...)
		case field.Kind() == reflect.Slice && field.Elem().Kind() == reflect.Struct:
			for _, l := range leaves(field.Elem(), "") {
				keys = append(keys, l.key)
			}
		}
	}
	return keys
}

// TestTheListsOfTheExampleAreRight takes the comment signs off the lists of
// sections and reads them.
func TestTheListsOfTheExampleAreRight(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	require.NoError(t, os.WriteFile(secret, []byte(seed+"\n"), 0o600))
	example, err := os.ReadFile("config.example.yaml")
	require.NoError(t, err)
	var lines []string
	for line := range strings.Lines(string(example)) {
		if strings.HasSuffix(strings.TrimSpace(line), ": []") && !strings.Contains(line, "trusted") ||
			strings.Contains(line, "previous: []") {
			continue
		}
		if strings.HasPrefix(strings.TrimSpace(line), "# ") && strings.HasPrefix(line, " ") {
			line = strings.Replace(line, "# ", "", 1)
		}
		lines = append(lines, line)
	}
	file := strings.Join(lines, "")
	for _, name := range []string{"temporal-api-key", "codec-c2026", "codec-token", "oidc", "signing-key", "erp", "smtp",
		"s3-access", "s3-secret", "hr", "wecom", "wecom-token", "wecom-key", "warehouse-webhook", "crm",
		"contracts-database"} {
		file = strings.ReplaceAll(file, "/run/secrets/"+name+" ", secret+" ")
		file = strings.ReplaceAll(file, "/run/secrets/"+name+"\n", secret+"\n")
	}
	file = strings.ReplaceAll(file, "<public key, 32 bytes in base64>", seed)
	file = strings.ReplaceAll(file, "    enabled: false\n    ca:", "    enabled: true\n    ca:")
	c, err := Load(write(t, file), nil)
	require.NoError(t, err)
	require.Equal(t, []string{"acme-cn"}, c.ERP.Connections[0].Entities)
	require.Equal(t, seed, c.ERP.Connections[0].Password.Reveal())
	require.Equal(t, 2*time.Minute, c.ERP.Connections[0].Settle)
	require.Equal(t, seed, c.Temporal.Codec.Keys[0].Secret.Reveal())
	require.Equal(t, seed, c.Identity.Providers[0].ClientSecret.Reveal())
	require.Equal(t, "finance_clerk", c.SCIM.Groups[0].Role)
	require.Equal(t, "k2025", c.Signing.Previous[0].ID)
	require.Equal(t, seed, c.IM.Apps[0].Key.Reveal())
	require.Equal(t, 6*time.Hour, c.IM.Apps[0].SyncEvery)
	require.Equal(t, []string{"document.*", "voucher.posted"}, c.Webhooks.Endpoints[0].Events)
}

func TestTheLastOneWins(t *testing.T) {
	path := write(t, whole+"relay: { batch: 7, interval: 5s }\nworker: { sticky_cache: 11 }\n")
	t.Setenv("COUNTERSIGN_RELAY_BATCH", "8")
	t.Setenv("COUNTERSIGN_WORKER_APPROVAL_LOCAL_SLOTS", "33") // in the environment only
	t.Setenv("COUNTERSIGN_GATEWAY_TRUSTED_PROXIES", "10.0.0.0/8,192.168.0.0/16")
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	flags.String("gateway-listen", "0.0.0.0:1", "")
	flags.Int("relay.batch", 1, "")
	flags.Int("worker-sticky-cache", 99, "")
	flags.Bool("verbose", false, "no key")
	require.NoError(t, flags.Parse([]string{"--relay.batch=9", "--verbose"}))

	c, err := Load(path, flags)
	require.NoError(t, err)
	require.Equal(t, 9, c.Relay.Batch, "a flag that was set beats the environment")
	require.Equal(t, 5*time.Second, c.Relay.Interval, "the file beats the default")
	require.Equal(t, 11, c.Worker.StickyCache, "a flag's own default beats nothing")
	require.Equal(t, Default().Gateway.Listen, c.Gateway.Listen)
	require.Equal(t, 33, c.Worker.Approval.LocalSlots)
	require.Equal(t, 200, c.Worker.Approval.WorkflowSlots)
	require.Equal(t, []string{"10.0.0.0/8", "192.168.0.0/16"}, c.Gateway.TrustedProxies)
}

func TestEveryKeyCanBeSetByTheEnvironment(t *testing.T) {
	for _, key := range Keys() {
		t.Run(key, func(t *testing.T) {
			field := fieldOf(t, reflect.ValueOf(Default()), key)
			value := map[reflect.Kind]string{reflect.Bool: "true", reflect.String: "x", reflect.Slice: "x"}[field.Kind()]
			if value == "" {
				value = "41"
			}
			if field.Type() == reflect.TypeFor[time.Duration]() {
				value = "41s"
			}
			if field.Type() == secretType {
				value = "x"
			}
			if field.Kind() == reflect.Bool && field.Bool() {
				value = "false"
			}
			t.Setenv(EnvName(key), value)
			c, err := read(Default(), "", nil)
			require.NoError(t, err)
			require.NotEqual(t, field.Interface(), fieldOf(t, reflect.ValueOf(c), key).Interface())
		})
	}
}

func fieldOf(t *testing.T, v reflect.Value, key string) reflect.Value {
	t.Helper()
	for _, part := range strings.Split(key, ".") {
		found := false
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("mapstructure") == part {
				v, found = v.Field(i), true
				break
			}
		}
		require.True(t, found, key)
	}
	return v
}

func TestSecretsComeFromFiles(t *testing.T) {
	secret := write(t, "postgres://u:hidden@db/countersign\n")
	file := strings.Replace(whole, `url: "postgres://u:p@db/countersign"`, "max_open: 20", 1)
	for _, tt := range []struct {
		name, file, env, value string
	}{
		{"beside the key in the file", file + "\n", "", ""},
		{"beside the key in the environment", file, "COUNTERSIGN_DATABASE_URL_FILE", secret},
		{"as a reference in the environment", file, "COUNTERSIGN_DATABASE_URL", "file:" + secret},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := tt.file
			if tt.env == "" {
				text = strings.Replace(text, "max_open: 20", "url_file: "+secret, 1)
			} else {
				t.Setenv(tt.env, tt.value)
			}
			c, err := Load(write(t, text), nil)
			require.NoError(t, err)
			require.Equal(t, "postgres://u:hidden@db/countersign", c.Database.URL.Reveal())
		})
	}
}

func TestSecretsNeverShow(t *testing.T) {
	c, err := Load(write(t, whole), nil)
	require.NoError(t, err)
	type wrapped struct{ Config *Config }
	var shown strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&shown, verb, c)
		fmt.Fprintf(&shown, verb, c.Signing.PrivateKey)
		fmt.Fprintf(&shown, verb, wrapped{&c})
	}
	asJSON, err := json.Marshal(c)
	require.NoError(t, err)
	asYAML, err := yaml.Marshal(c)
	require.NoError(t, err)
	shown.Write(asJSON)
	shown.Write(asYAML)
	logger := slog.New(slog.NewJSONHandler(&shown, nil))
	logger.Info("config", "config", c, "key", c.Signing.PrivateKey)
	slog.New(slog.NewTextHandler(&shown, nil)).Info("config", "config", c, "key", c.Signing.PrivateKey)
	require.NotContains(t, shown.String(), seed)
	require.NotContains(t, shown.String(), "u:p@db")
	require.Contains(t, shown.String(), "***")
}

func TestDevNeedsNothing(t *testing.T) {
	c, err := LoadDev("", nil)
	require.NoError(t, err)
	require.Equal(t, Dev, c.Mode)
	require.True(t, c.Observability.PeopleInSearch)
}
