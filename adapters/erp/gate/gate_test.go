package gate_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/gate"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/maintenance"
)

// try goes through the gate once, and says what became of it: "" for through, else the
// code of what it was sent away with.
func try(t *testing.T, g *gate.Gate, answer error) string {
	t.Helper()
	leave, err := g.Enter()
	if err != nil {
		require.Equal(t, fault.Busy, fault.KindOf(err))
		until, rests := gate.Until(err)
		require.True(t, rests, "it says until when")
		require.True(t, until.After(time.Now()), "and that is not over")
		return fault.CodeOf(err)
	}
	_ = leave(answer)
	return ""
}

var (
	away    = port.Fault(port.CodeUnavailable, "no route")
	unknown = port.Fault(port.CodeUnknown, "the answer was lost")
	refused = port.Fault(port.CodeClosedPeriod, "closed")
)

// TestWhatMakesItRest holds which answers open the breaker.
func TestWhatMakesItRest(t *testing.T) {
	repeat := func(n int, errs ...error) []error {
		var all []error
		for range n {
			all = append(all, errs...)
		}
		return all
	}
	for _, tt := range []struct {
		name    string
		answers []error
		rests   bool
	}{
		{"answers", repeat(50, nil), false},
		{"refusals, however many", repeat(50, error(refused)), false},
		{"three failures", repeat(3, error(away)), true},
		{"lost answers too", repeat(3, error(unknown)), true},
		{"two failures", repeat(2, error(away)), false},
		{"failures with an answer between", repeat(4, error(away), error(away), nil), false},
		{"half of many", repeat(10, nil, error(away)), true},
		{"our own faults", repeat(50, errors.New("the database is away")), false},
		{"our own faults between failures", repeat(3, error(away), error(fault.New(fault.Busy, "store.busy"))), true},
		{"a voucher that settles", repeat(50, error(port.Fault(port.CodeSettling, ""))), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := gate.New(gate.Options{Connection: "books", Failures: 3})
				for _, answer := range tt.answers {
					if try(t, g, answer) != "" {
						break
					}
				}
				require.Equal(t, tt.rests, try(t, g, nil) == port.CodeResting)
			})
		})
	}
}

// TestOneTriesItOut proves that after its rest one caller is let through, alone, and
// that everything follows what it finds.
func TestOneTriesItOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var phases []gate.Phase
		g := gate.New(gate.Options{Connection: "books", Failures: 2, Rest: time.Minute, AtOnce: 10,
			Changed: func(s gate.State) { phases = append(phases, s.Phase) }})
		require.Empty(t, try(t, g, away))
		leave, err := g.Enter()
		require.NoError(t, err)
		err = leave(away)
		until, told := gate.Until(err)
		require.True(t, told, "who made it rest is told until when as well")
		require.Equal(t, port.CodeUnavailable, fault.CodeOf(err))
		require.Equal(t, gate.Resting, g.State().Phase)
		require.Equal(t, port.CodeUnavailable, g.State().Code)

		time.Sleep(time.Until(until) + time.Millisecond)
		leave, err = g.Enter()
		require.NoError(t, err)
		require.Equal(t, 1, g.State().InFlight)
		for range 1000 {
			require.Equal(t, port.CodeResting, try(t, g, nil), "one at a time")
		}
		_ = leave(away)
		require.Equal(t, port.CodeResting, try(t, g, nil), "it rests again")

		time.Sleep(61 * time.Second)
		require.Empty(t, try(t, g, refused), "a refusal is a sign of life")
		for range 10 {
			require.Empty(t, try(t, g, nil))
		}
		require.Equal(t, gate.State{Connection: "books", Phase: gate.Open, Since: g.State().Since}, g.State())
		require.Equal(t, []gate.Phase{gate.Resting, gate.Trying, gate.Resting, gate.Trying, gate.Open}, phases)
	})
}

// TestAFaultOfOursIsNoTrial proves that who was let through alone and learnt nothing
// leaves the place to the next.
func TestAFaultOfOursIsNoTrial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(gate.Options{Connection: "books", Failures: 1, Rest: time.Minute})
		require.Empty(t, try(t, g, away))
		time.Sleep(2 * time.Minute)
		require.Empty(t, try(t, g, errors.New("the database is away")))
		require.Empty(t, try(t, g, nil))
		require.Equal(t, gate.Open, g.State().Phase)
	})
}

// TestNoMoreAtOnce proves the bound: who finds every place taken comes back.
func TestNoMoreAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(gate.Options{Connection: "books", AtOnce: 2})
		first, err := g.Enter()
		require.NoError(t, err)
		_, err = g.Enter()
		require.NoError(t, err)
		require.Equal(t, port.CodeResting, try(t, g, nil))
		_ = first(nil)
		require.Empty(t, try(t, g, nil))
	})
}

// TestAWindowIsKept proves that nothing is sent in a maintenance window, not even by
// who was inside when it began.
func TestAWindowIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // its clock begins on 2000-01-01 at 00:00 UTC
		windows, err := maintenance.Read([]string{"daily 01:00-03:00"}, time.UTC)
		require.NoError(t, err)
		g := gate.New(gate.Options{Connection: "books", Windows: windows})
		sent := 0
		client := &http.Client{Transport: g.Transport(sender(func(*http.Request) (*http.Response, error) {
			sent++
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
		}))}
		require.NoError(t, send(t, client))
		leave, err := g.Enter()
		require.NoError(t, err)

		time.Sleep(90 * time.Minute)
		err = leave(send(t, client))
		until, _ := gate.Until(err)
		require.Equal(t, port.CodeMaintenance, fault.CodeOf(err))
		require.Equal(t, "03:00:00", until.Format(time.TimeOnly))
		require.Equal(t, port.CodeMaintenance, try(t, g, nil))
		require.Equal(t, gate.Maintenance, g.State().Phase)
		require.Equal(t, 1, sent)

		time.Sleep(time.Until(until))
		require.Empty(t, try(t, g, send(t, client)))
	})
}

// TestWhatTheERPAskedForIsGiven proves that Retry-After is honoured, for a posting and
// for every other request of the connection.
func TestWhatTheERPAskedForIsGiven(t *testing.T) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		synctest.Test(t, func(t *testing.T) {
			g := gate.New(gate.Options{Connection: "books"})
			sent, header := 0, http.Header{"Retry-After": {"120"}}
			client := &http.Client{Transport: g.Transport(sender(func(*http.Request) (*http.Response, error) {
				sent++
				if sent > 1 {
					return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
				}
				return &http.Response{StatusCode: status, Header: header, Body: http.NoBody}, nil
			}))}
			leave, err := g.Enter()
			require.NoError(t, err)
			err = leave(send(t, client))
			until, told := gate.Until(err)
			require.True(t, told)
			require.Equal(t, 2*time.Minute, time.Until(until))
			require.Equal(t, port.CodeResting, try(t, g, nil))
			require.Equal(t, port.CodeRateLimited, fault.CodeOf(send(t, client)))
			require.Equal(t, 1, sent)
			require.Equal(t, int64(1), g.State().Limited)
			require.Equal(t, gate.Limited, g.State().Phase)

			time.Sleep(2 * time.Minute)
			require.Empty(t, try(t, g, send(t, client)))
		})
	}
}

// TestRateLimitedWithoutATime rests for a while of our own.
func TestRateLimitedWithoutATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(gate.Options{Connection: "books", Rest: time.Minute})
		require.Empty(t, try(t, g, port.Fault(port.CodeRateLimited, "slow down")))
		require.Equal(t, port.CodeResting, try(t, g, nil))
		time.Sleep(time.Minute)
		require.Empty(t, try(t, g, nil))
	})
}

// TestRetryAfter reads both forms, and believes nothing absurd.
func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"120":                           2 * time.Minute,
		" 7 ":                           7 * time.Second,
		"86400":                         time.Hour,
		"Sun, 22 Nov 2026 10:05:00 GMT": 5 * time.Minute,
		"Sun, 22 Nov 2026 23:05:00 GMT": time.Hour,
		"Sun, 22 Nov 2026 09:00:00 GMT": 0,
		"0":                             0,
		"-5":                            0,
		"1.5":                           0,
		"99999999999999999999":          0,
		"soon":                          0,
		"":                              0,
	} {
		got, ok := gate.RetryAfter(http.Header{"Retry-After": {text}}, now)
		require.Equal(t, want > 0, ok, text)
		if ok {
			require.Equal(t, want, got, text)
		}
	}
}

type sender func(*http.Request) (*http.Response, error)

func (s sender) RoundTrip(r *http.Request) (*http.Response, error) { return s(r) }

// send asks as every adapter does.
func send(t *testing.T, client *http.Client) error {
	t.Helper()
	r := httptest.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPost, "http://erp.example.com/", nil)
	r.RequestURI = ""
	answer, err := port.Send(client, r, false)
	if err != nil {
		return err
	}
	return port.Status(answer.Status, false)
}
