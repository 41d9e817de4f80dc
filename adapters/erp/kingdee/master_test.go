package kingdee_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/erptest"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
)

// TestRates holds that exactly the audited direct rates of the connection's type come into
// the books' currency, in a delta too, with the one that held when the reading begins.
func TestRates(t *testing.T) {
	f, _ := fixture(t, nil)
	day := func(ago int) string { return time.Now().AddDate(0, 0, -ago).Format(time.DateOnly) }
	require.Contains(t, f.Port.Capabilities().Master, master.Rate)
	for _, since := range []time.Time{{}, time.Now()} {
		all, err := f.Port.Sync(t.Context(), since)
		require.NoError(t, err)
		require.Equal(t, []document.Rate{
			{Currency: "EUR", Base: "CNY", Date: day(499), Value: "7.75"},
			{Currency: "EUR", Base: "CNY", Date: day(3), Value: "7.8125"},
		}, all.Rates)
	}
	other, _ := fixture(t, func(c *erp.Config) { c.Options["rate_type"] = "HLTX02_SYS" })
	all, err := other.Port.Sync(t.Context(), time.Time{})
	require.NoError(t, err)
	require.Equal(t, []document.Rate{{Currency: "EUR", Base: "CNY", Date: day(2), Value: "8"}}, all.Rates)
}

// TestProjects come from the form that the options name; without one none are asked for.
func TestProjects(t *testing.T) {
	f, _ := fixture(t, nil)
	require.NotContains(t, f.Port.Capabilities().Master, master.Project)
	all, err := f.Port.Sync(t.Context(), time.Time{})
	require.NoError(t, err)
	require.Empty(t, all.Projects)

	f, _ = fixture(t, func(c *erp.Config) { c.Options["projects"] = "BD_Project" })
	require.Contains(t, f.Port.Capabilities().Master, master.Project)
	all, err = f.Port.Sync(t.Context(), time.Time{})
	require.NoError(t, err)
	require.Contains(t, all.Projects, port.Entry{ID: "P-001", Code: "P-001", Name: all.Projects[0].Name, Active: true})

	f, _ = fixture(t, func(c *erp.Config) { c.Options["projects"] = "BD_Nothing" })
	_, err = f.Port.Sync(t.Context(), time.Time{})
	require.Equal(t, erp.CodeRefused, fault.CodeOf(err))
}

func TestConformanceWithProjects(t *testing.T) {
	t.Parallel()
	erptest.Run(t, func(t *testing.T) erptest.Fixture {
		f, _ := fixture(t, func(c *erp.Config) { c.Options["projects"] = "BD_Project" })
		return f
	})
}
