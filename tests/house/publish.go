package house

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/store"
)

const (
	publishPatience = 20 * time.Second
	believed        = 1200 * time.Millisecond // how long a process may still go by the version before
)

// Publish puts a policy in force, and a document type of the same name that
// follows it and is otherwise an expense report. Steps are those of the policy's
// YAML, and what comes after them. When it returns, every process goes by it.
func (h *House) Publish(t testing.TB, id, steps string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), publishPatience)
	defer cancel()
	opened, err := store.Open(ctx, store.Options{URL: h.DatabaseURL(), Application: "test"})
	require.NoError(t, err)
	defer func() { require.NoError(t, opened.Close()) }()
	text := "policy: " + id + "\ntitle: { en: Drill, zh-CN: 演练 }\nbase: CNY\n" + steps
	rules, err := policy.Parse(id, []byte(text))
	require.NoError(t, err)
	_, err = opened.PublishPolicy(ctx, store.PolicyRow{Kind: "policy", ID: id, Hash: rules.Hash(), YAML: text,
		PublishedBy: "admin"})
	require.NoError(t, err)
	shipped, err := config.Shipped.ReadFile("types/expense.yaml")
	require.NoError(t, err)
	text = string(shipped)
	for _, key := range []string{"type: ", "policy: "} {
		require.Equal(t, 1, strings.Count(text, key+"expense\n"))
		text = strings.Replace(text, key+"expense\n", key+id+"\n", 1)
	}
	kind, err := doctype.Parse(id, []byte(text))
	require.NoError(t, err)
	hash, err := evidence.HashOf(kind)
	require.NoError(t, err)
	_, err = opened.PublishPolicy(ctx, store.PolicyRow{Kind: "type", ID: id, Hash: hash, YAML: text, PublishedBy: "admin"})
	require.NoError(t, err)
	time.Sleep(believed)
}

// PublishMapping puts a mapping in force.
func (h *House) PublishMapping(t testing.TB, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), publishPatience)
	defer cancel()
	opened, err := store.Open(ctx, store.Options{URL: h.DatabaseURL(), Application: "test"})
	require.NoError(t, err)
	defer func() { require.NoError(t, opened.Close()) }()
	mapping, err := booking.Parse("mapping", []byte(text))
	require.NoError(t, err)
	hash, err := evidence.HashOf(mapping)
	require.NoError(t, err)
	_, err = opened.PublishPolicy(ctx, store.PolicyRow{Kind: "mapping", ID: mapping.ID, Hash: hash, YAML: text,
		PublishedBy: "admin"})
	require.NoError(t, err)
	time.Sleep(believed)
}
