package stack

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// TrytonEntity is the demo company's legal entity that Tryton books.
const TrytonEntity = "acme-cn"

// Product says how the product runs on a stack.
type Product struct {
	Listen    string         // the gateway's host:port
	Namespace string         // in Temporal
	Settings  map[string]any // further keys of the configuration file, such as worker.sticky_cache
	ERPEdge   string         // the address to use instead of Books, for a fault proxy

	// ERPEdges are those of single connections, by id, and come first.
	ERPEdges map[string]string
	Codec    string // host:port of the codec endpoint; "" leaves payloads in the clear
}

// WriteConfig writes the configuration file of the product on this stack,
// without the database: each process has an address of its own for that.
func (s *Stack) WriteConfig(path string, p Product) error {
	key, err := s.key("signing.key")
	if err != nil {
		return err
	}
	connections, err := s.connections(p)
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(s.SMTP)
	if err != nil {
		return fmt.Errorf("the mailbox's address %q: %w", s.SMTP, err)
	}
	mailPort, err := strconv.Atoi(port)
	if err != nil {
		return fmt.Errorf("the mailbox's port %q: %w", port, err)
	}
	settings := map[string]any{
		"mode":     "dev",
		"temporal": map[string]any{"address": s.TemporalAddress(), "namespace": p.Namespace},
		"gateway":  map[string]any{"listen": p.Listen, "public_url": "http://" + p.Listen},
		"signing":  map[string]any{"key_id": "dev", "private_key": key},
		"erp":      map[string]any{"connections": connections},
		"mail": map[string]any{"enabled": true, "host": host, "port": mailPort, "tls": "none",
			"from": "Countersign 会签 <noreply@example.com>"},
		"files": map[string]any{"dir": s.dir("files")},
	}
	if p.Codec != "" {
		secret, err := s.key("codec.key")
		if err != nil {
			return err
		}
		set(settings, []string{"temporal", "codec"}, map[string]any{"enabled": true, "key_id": "dev",
			"keys":   []map[string]any{{"id": "dev", "secret": secret}},
			"listen": p.Codec, "origin": s.TemporalUI()})
	}
	for dotted, value := range p.Settings {
		set(settings, strings.Split(dotted, "."), value)
	}
	text, err := yaml.Marshal(settings)
	if err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	return os.WriteFile(path, text, 0o600)
}

// Books is the address of the ERP that books the demo company.
func (s *Stack) Books() string {
	if s.Tryton != nil {
		return s.Tryton.URL
	}
	return s.ERPURL
}

// connections gives each legal entity its books, in its own currency: the
// sandbox keeps one company for each. The sandbox takes any token, as long as it is sent.
func (s *Stack) connections(p Product) ([]map[string]any, error) {
	url := cmp.Or(p.ERPEdge, s.Books())
	token, err := s.key("sandbox.key")
	if err != nil {
		return nil, err
	}
	books := func(id, url, entity, currency string) map[string]any {
		return map[string]any{"id": id, "adapter": "sandbox", "url": cmp.Or(p.ERPEdges[id], url),
			"entities": []string{entity}, "password": token, "currency": currency,
			"timeout": "5s", "settle": "6s", "per_second": 10_000, "at_once": 16,
			"rest": "1s"}
	}
	if s.Tryton == nil {
		return []map[string]any{books("sandbox", url, "acme-cn", "CNY"), books("sandbox-de", url, "acme-de", "EUR")}, nil
	}
	return []map[string]any{books("sandbox-de", s.ERPURL, "acme-de", "EUR"), {
		"id": "tryton", "adapter": "tryton", "url": url, "database": s.Tryton.Database, "currency": "CNY",
		"user": s.Tryton.User, "password": s.Tryton.Password, "entities": []string{TrytonEntity},
		"timeout": "20s", "settle": "25s", "per_second": 50, "at_once": 16, "rest": "1s"}}, nil
}

// key is 32 random bytes in base64, made once and kept: what was signed or
// encrypted with it must be readable after a restart.
func (s *Stack) key(name string) (string, error) {
	path := s.dir(name)
	text, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("reading %s: %w", path, err)
	}
	seed := make([]byte, 32)
	if _, err := rand.Read(seed); err != nil {
		return "", fmt.Errorf("making a key: %w", err)
	}
	key := base64.StdEncoding.EncodeToString(seed)
	if err := os.WriteFile(path, []byte(key+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keeping a key: %w", err)
	}
	return key, nil
}

func set(into map[string]any, path []string, value any) {
	if len(path) == 1 {
		into[path[0]] = value
		return
	}
	below, ok := into[path[0]].(map[string]any)
	if !ok {
		below = map[string]any{}
		into[path[0]] = below
	}
	set(below, path[1:], value)
}
