package conformance_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/conformance"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/voucher"
)

// liar is an ERP that finds whatever it is asked for.
type liar struct{}

func (liar) Name() string                    { return "liar" }
func (liar) Capabilities() port.Capabilities { return port.Capabilities{} }
func (liar) Find(_ context.Context, reference string) ([]port.Found, error) {
	return []port.Found{{Reference: reference}}, nil
}
func (liar) Create(context.Context, voucher.Voucher) (port.Found, error) { panic("no paper") }
func (liar) Post(_ context.Context, f port.Found) (port.Found, error)    { return f, nil }
func (liar) Reverse(context.Context, port.Found, string, string) (port.Found, error) {
	return port.Found{}, nil
}
func (liar) Sync(context.Context, time.Time) (port.Master, error) {
	return port.Master{}, errors.New("nobody is in")
}

// TestVerdicts proves that a broken promise is told as broken, with the reason, one
// that cannot be asked is not asked, and a panic ends only its own promise.
func TestVerdicts(t *testing.T) {
	proxy, err := conformance.NewProxy("http://127.0.0.1:1", nil)
	require.NoError(t, err)
	t.Cleanup(proxy.Close)
	f := conformance.Fixture{Port: liar{}, Proxy: proxy, Base: "CNY", Date: "2026-03-31", Settle: time.Second,
		Counted: func(context.Context, string) (int, int, error) { return 0, 0, nil }}
	told := map[string]conformance.Verdict{}
	for _, p := range conformance.Promises() {
		switch p.ID {
		case "concurrent", "unreachable": // these would try again for minutes
		case "unkept_dimension": // PostOnce keeps this one, by what the connector says of itself
		default:
			told[p.ID] = conformance.Ask(p, f)
		}
	}
	require.Contains(t, told["finds_nothing"].Broken, "1 where 0 should be")
	require.Contains(t, told["books"].Broken, "panic: no paper")
	require.Contains(t, told["sync"].Broken, "nobody is in")
	require.Equal(t, conformance.AbsentForeign, told["foreign"].Absent)
	require.Equal(t, conformance.AbsentClosed, told["closed"].Absent)
	require.Equal(t, conformance.AbsentReverse, told["reverse"].Absent)
	require.Equal(t, conformance.AbsentMarks, told["lost_create"].Absent)
	require.Equal(t, conformance.AbsentList, told["list"].Absent)
	for id, verdict := range told {
		require.True(t, (verdict.Absent != "") != (verdict.Broken != ""), "%s is kept by a liar: %+v", id, verdict)
	}
	require.NotContains(t, erp.Providers(), "liar")
}
