package sap_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/erptest"
	"github.com/countersign/countersign/adapters/erp/sap/sim"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
)

// rates says where the rates are.
func rates(c *erp.Config) {
	c.Options["rates_path"], c.Options["factors_path"] = sim.RatesPath, sim.FactorsPath
}

func TestConformanceWithRates(t *testing.T) {
	t.Parallel()
	erptest.Run(t, func(t *testing.T) erptest.Fixture { f, _ := fixture(t, rates); return f })
}

// TestRates holds exactly which rates come: those of our type into our currency, from what
// held when the reading begins, each by the factors of its day.
func TestRates(t *testing.T) {
	for kind, want := range map[string][]string{
		"": {"EUR 500 7.5", "EUR 10 7.8", "IDR 40 0.00045", "IDR 5 0.00045", "JPY 30 0.049", "KRW 20 0.005128205128",
			"USD 700 7.142857142857"},
		"P": {"EUR 5 0.0079"},
		"X": nil,
	} {
		f, system := fixture(t, func(c *erp.Config) { rates(c); c.Options["rate_type"] = kind })
		require.Contains(t, f.Port.Capabilities().Master, master.Rate)
		all, err := f.Port.Sync(t.Context(), time.Time{})
		require.NoError(t, err)
		var got []string
		for _, r := range all.Rates {
			day, err := time.Parse(time.DateOnly, r.Date)
			require.NoError(t, err)
			back := int(system.Today.UTC().Truncate(24*time.Hour).Sub(day).Hours() / 24)
			got = append(got, string(r.Currency)+" "+strconv.Itoa(back)+" "+r.Value)
			require.EqualValues(t, "CNY", r.Base)
		}
		require.Equal(t, want, got, kind)
	}
}

// TestRatesThatNobodyPublished proves that no rates are asked for without a word of where they
// are, and that a wrong word is told as a service that is not there.
func TestRatesThatNobodyPublished(t *testing.T) {
	f, _ := fixture(t, nil)
	require.NotContains(t, f.Port.Capabilities().Master, master.Rate)
	all, err := f.Port.Sync(t.Context(), time.Time{})
	require.NoError(t, err)
	require.Empty(t, all.Rates)
	for _, option := range []string{"rates_path", "factors_path"} {
		f, _ = fixture(t, func(c *erp.Config) { rates(c); c.Options[option] = "YY1_NOTHING_CDS/YY1_Nothing" })
		_, err = f.Port.Sync(t.Context(), time.Time{})
		require.Equal(t, erp.CodeUnsupported, fault.CodeOf(err), "%s: %v", option, err)
		require.ErrorContains(t, err, "YY1_NOTHING_CDS")
		c := config("http://s4")
		rates(&c)
		delete(c.Options, option)
		_, err = erp.Open(c)
		require.Equal(t, erp.CodeBadConfig, fault.CodeOf(err), "one without the other")
	}
}
