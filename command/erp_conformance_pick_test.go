package command

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/soapxml/sim"
)

// TestAPartyIsPickedThatTheAccountTakes proves that the command finds a supplier for an account
// of suppliers, behind employees, and remembers what it booked to find that out.
func TestAPartyIsPickedThatTheAccountTakes(t *testing.T) {
	ledger := sim.New("1.1", "wss-digest")
	server := httptest.NewServer(ledger)
	t.Cleanup(server.Close)
	p, err := erp.Open(erp.Config{Provider: "soap", Mapping: "ledger", URL: server.URL,
		User: sim.User, Secret: sim.Password, Currency: "CNY"})
	require.NoError(t, err)
	var used []string
	remember := func(reference string) { used = append(used, reference) }
	now := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	all, err := p.Sync(t.Context(), time.Time{})
	require.NoError(t, err)
	codes, err := conformanceFlags{}.pick(t.Context(), p, "CNY", now, remember)
	require.NoError(t, err)
	require.NotEqual(t, all.Parties[0].Code, codes.Party, "the first is an employee")
	found, err := p.Find(t.Context(), used[len(used)-1])
	require.NoError(t, err)
	require.Len(t, found, 1)

	f := conformanceFlags{}
	f.codes.Party = "nobody"
	codes, err = f.pick(t.Context(), p, "CNY", now, remember)
	require.NoError(t, err)
	require.Equal(t, "nobody", codes.Party, "whoever names one knows why")
}
