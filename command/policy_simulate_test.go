package command_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/command"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

// run runs the program and answers with what it printed.
func run(t *testing.T, args ...string) (out, told string, err error) {
	t.Helper()
	var printed, errors bytes.Buffer
	cmd := command.New()
	cmd.SetArgs(args)
	cmd.SetOut(&printed)
	cmd.SetErr(&errors)
	err = cmd.ExecuteContext(t.Context())
	return printed.String(), errors.String(), err
}

// draft writes a shipped policy with another threshold into a file.
func draft(t *testing.T, threshold string) string {
	t.Helper()
	text, err := config.Shipped.ReadFile("policies/expense.yaml")
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "draft.yaml")
	changed := strings.ReplaceAll(string(text), "1000.00", threshold)
	require.NoError(t, os.WriteFile(file, []byte(changed), 0o600))
	return file
}

func report(t *testing.T, out string) policy.SimulationReport {
	t.Helper()
	var r policy.SimulationReport
	require.NoError(t, json.Unmarshal([]byte(out), &r), out)
	return r
}

// TestSimulateGenerated needs no database, and says the same to everybody.
func TestSimulateGenerated(t *testing.T) {
	file := draft(t, "3000.00")
	args := []string{"policy", "simulate", "--policy", file, "--n", "500", "--seed", "7"}
	out, told, err := run(t, append(args, "--json")...)
	require.NoError(t, err)
	again, _, err := run(t, append(args, "--json")...)
	require.NoError(t, err)
	assert.Equal(t, out, again)
	r := report(t, out)
	assert.EqualValues(t, 500, r.Documents)
	assert.Positive(t, r.Changed)
	assert.Less(t, r.Total.After.Approvals, r.Total.Before.Approvals)
	assert.Contains(t, told, "500 / 500")
	zh, _, err := run(t, append(args, "--lang", "zh-CN")...)
	require.NoError(t, err)
	assert.Contains(t, zh, fmt.Sprintf("流程变化：%d 张", r.Changed))

	itself, _, err := run(t, append(args, "--json", "--before", file)...)
	require.NoError(t, err)
	assert.Zero(t, report(t, itself).Changed)
	for _, wrong := range [][]string{{"--against", "future"}, {"--n", "0"}, {"--before", "nowhere.yaml"}, {"--policy", "nowhere.yaml"}} {
		_, _, err := run(t, append(args, wrong...)...)
		assert.Error(t, err, wrong)
	}
}

// TestSimulatePast routes what is in the database by the version in force there,
// and changes nothing.
func TestSimulatePast(t *testing.T) {
	s, address := storetest.Open(t)
	t.Setenv("COUNTERSIGN_MODE", "dev")
	t.Setenv("COUNTERSIGN_DATABASE_URL", address)
	company, err := config.DemoCompany()
	require.NoError(t, err)
	_, err = s.ReplaceOrganisation(t.Context(), company, "test")
	require.NoError(t, err)
	for _, folder := range []string{"types", "policies"} {
		publish(t, s, folder)
	}
	for _, minor := range []int64{99999, 100000, 299999, 300000} {
		submit(t, s, minor)
	}
	root := sqlx.MustOpen("postgres", address)
	defer func() { _ = root.Close() }()
	count := func() (n int) {
		require.NoError(t, root.Get(&n, `SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM policies)`))
		return n
	}
	before := count()
	out, _, err := run(t, "policy", "simulate", "--policy", draft(t, "3000.00"), "--against", "past", "--json")
	require.NoError(t, err)
	r := report(t, out)
	assert.EqualValues(t, 4, r.Compared)
	assert.EqualValues(t, 2, r.Changed)
	assert.Equal(t, policy.Pair{Before: 3, After: 1}, r.Load[0].Pair)
	assert.EqualValues(t, 9, r.Total.Before.Approvals)
	assert.EqualValues(t, 3, r.Total.After.Approvals)
	assert.Equal(t, before, count())

	two, _, err := run(t, "policy", "simulate", "--policy", draft(t, "3000.00"), "--against", "past", "--json", "--n", "2")
	require.NoError(t, err)
	assert.EqualValues(t, 1, report(t, two).Changed, "the newest two")
}

func publish(t *testing.T, s *store.Store, folder string) {
	t.Helper()
	names, err := fs.Glob(config.Shipped, folder+"/*.yaml")
	require.NoError(t, err)
	for _, name := range names {
		text, err := config.Shipped.ReadFile(name)
		require.NoError(t, err)
		hash, err := evidence.HashOf(string(text))
		require.NoError(t, err)
		kind := map[string]string{"types": "type", "policies": "policy"}[folder]
		_, err = s.PublishPolicy(t.Context(), store.PolicyRow{Kind: kind, ID: strings.TrimSuffix(path.Base(name), ".yaml"),
			Hash: hash, YAML: string(text)})
		require.NoError(t, err)
	}
}

func submit(t *testing.T, s *store.Store, minor int64) {
	t.Helper()
	amount := money.Amount{Minor: minor, Currency: "CNY"}
	content := document.Content{
		Type: "expense", Title: "t", Entity: "acme-cn", Department: "sales", Submitter: "lin", Requester: "lin",
		Currency: "CNY", Urgency: document.Normal, Total: amount, BaseTotal: amount, Fields: map[string]string{"trip": ""},
		Payee: document.Payee{Kind: document.PayeeEmployee, ID: "lin"},
		Lines: []document.Line{{No: 1, Category: "meals", Date: "2026-01-01", Amount: amount, Tax: money.Zero("CNY")}},
	}
	hash, err := content.Hash()
	require.NoError(t, err)
	_, err = s.Submit(t.Context(), store.SubmitInput{Actor: "lin", Content: content, Hash: hash, NumberPrefix: "EXP", YearZone: "UTC"})
	require.NoError(t, err)
}
