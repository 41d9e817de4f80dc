package u8_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/erptest"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/money"
)

// TestRates holds that of the named currencies exactly the rates come that months are booked
// by, from their first days on, converted as the operator says.
func TestRates(t *testing.T) {
	now := time.Now()
	first := func(ago int) string {
		return time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, -ago, 0).Format(time.DateOnly)
	}
	rate := func(code, day, value string) document.Rate {
		return document.Rate{Currency: money.Currency(code), Base: "CNY", Date: day, Value: value}
	}
	for method, want := range map[string][]document.Rate{
		"": {rate("JPY", first(0), "0.05"), rate("USD", first(20), "7.05"), rate("USD", first(1), "7.1"),
			rate("USD", first(0), "7.08250001")},
		"divide": {rate("JPY", first(0), "20"), rate("USD", first(20), "0.141843971631"), rate("USD", first(1), "0.140845070423"),
			rate("USD", first(0), "0.14119308134")},
	} {
		f, _ := fixture(t, func(c *erp.Config) {
			c.Options["rate_currencies"] = "美元=USD, 日元=JPY"
			if method != "" {
				c.Options["rate_method"] = method
			}
		})
		require.Contains(t, f.Port.Capabilities().Master, master.Rate)
		all, err := f.Port.Sync(t.Context(), time.Time{})
		require.NoError(t, err)
		require.Equal(t, want, all.Rates, method)
	}
}

// TestNoRatesUnasked: without currencies in the options none are read, and the books'
// own is none of them.
func TestNoRatesUnasked(t *testing.T) {
	f, _ := fixture(t, nil)
	require.NotContains(t, f.Port.Capabilities().Master, master.Rate)
	all, err := f.Port.Sync(t.Context(), time.Time{})
	require.NoError(t, err)
	require.Empty(t, all.Rates)
	for _, bad := range []string{"美元", "人民币=CNY", "美元=USD, 美元=EUR"} {
		c := config("http://u8")
		c.Options["rate_currencies"] = bad
		_, err := erp.Open(c)
		require.Equal(t, erp.CodeBadConfig, fault.CodeOf(err), bad)
	}
}

func TestConformanceWithRates(t *testing.T) {
	t.Parallel()
	erptest.Run(t, func(t *testing.T) erptest.Fixture {
		f, _ := fixture(t, func(c *erp.Config) { c.Options["rate_currencies"] = "美元=USD, 日元=JPY" })
		return f
	})
}
