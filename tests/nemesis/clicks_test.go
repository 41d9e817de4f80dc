package nemesis

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/tests/house"
)

// pressedSteps asks one person on each platform.
const pressedSteps = `
steps:
  - id: everybody
    title: { en: Everybody, zh-CN: 会签 }
    approvers: [{ person: wang }, { person: chen }, { person: zhao }, { person: sun }]
    mode: all_of
    due: { normal: 2 workdays }
then: [archive]
`

// pressesAgain is how often each press is told once more while nobody is there to apply it.
const pressesAgain = 3

// pressedDocuments is how many documents everybody presses; a long run tells more of times.
func pressedDocuments() int {
	if os.Getenv(longVariable) != "" {
		return 40
	}
	return 3
}

// cardsOn waits until everybody has the card of a document.
func (o *outages) cardsOn(t *testing.T, phones []*handset, document string) {
	t.Helper()
	for _, p := range phones {
		require.Eventually(t, func() bool { _, asks := p.card(document); return asks }, crashPatience, 20*time.Millisecond,
			"%s has no card of %s", p.person, document)
	}
}

// presses are told by every platform, and told again, while Temporal and the worker are
// stopped: each is acknowledged, and applied exactly once when they are back.
func (o *outages) presses(t *testing.T, phones []*handset) {
	var documents []string
	for n := range pressedDocuments() {
		d := o.submit(t, "pressed", fmt.Sprintf("pressed %d", n))
		o.cardsOn(t, phones, d.ID)
		documents = append(documents, d.ID)
	}
	o.house.Stop(house.Worker)
	o.house.Kill(house.Temporal)
	var all sync.WaitGroup
	took, sendings := make([][]time.Duration, len(phones)), make([][]func(context.Context) bool, len(phones))
	for i, p := range phones {
		for _, document := range documents {
			card, _ := p.card(document)
			sendings[i] = append(sendings[i], p.press(t, card))
		}
		all.Go(func() { took[i] = tell(t, p, sendings[i]) })
	}
	all.Wait()
	for i, p := range phones {
		t.Logf("%s: %s", p.name, spread(took[i]))
	}
	t.Logf("acknowledged with Temporal and the worker stopped: %s", spread(slices.Concat(took...)))
	for _, document := range documents {
		require.Equal(t, len(phones), o.count(t, `SELECT count(*) FROM inbox WHERE document = $1 AND outcome IS NULL`, document))
	}
	o.house.Run(house.Temporal)
	o.house.Run(house.Worker)
	for i := range phones { // and again while they come back
		for _, again := range sendings[i] {
			require.True(t, again(t.Context()))
		}
	}
	for _, document := range documents {
		require.Equal(t, len(phones), o.await(t, document, "closed")["task.approved"])
		for _, p := range phones {
			require.Equal(t, 1, o.count(t, `SELECT count(*) FROM inbox WHERE document = $1 AND canonical::jsonb ->> 'channel' = $2`,
				document, p.name), p.name)
			require.Equal(t, 1, o.count(t, `SELECT count(*) FROM events WHERE stream = $1 AND kind = 'task.approved' AND actor = $2`,
				document, p.person), p.name)
		}
	}
}

// tell has one platform tell each press, and tell it again, and says how long each
// acknowledgement took.
func tell(t *testing.T, p *handset, presses []func(context.Context) bool) (took []time.Duration) {
	for range 1 + pressesAgain {
		for _, press := range presses {
			began := time.Now()
			if !press(t.Context()) {
				t.Errorf("%s was not answered", p.name)
			}
			took = append(took, time.Since(began))
		}
	}
	return took
}

// spread says how long the half of something took, nearly all, and the longest.
func spread(took []time.Duration) string {
	slices.Sort(took)
	at := func(share int) time.Duration {
		return took[min(len(took)*share/100, len(took)-1)].Round(100 * time.Microsecond)
	}
	return fmt.Sprintf("%d, half within %v, p99 %v, all within %v", len(took), at(50), at(99), at(100))
}

// onTheWeb decides without a phone, and waits until the phone says so.
func (o *outages) onTheWeb(t *testing.T, phones []*handset) {
	d := o.submit(t, "pressed", "on the web")
	o.cardsOn(t, phones, d.ID)
	for _, p := range phones {
		o.approve(t, p.person, d.ID)
		decided := time.Now()
		require.Eventually(t, func() bool { id, asks := p.card(d.ID); return id != "" && !asks }, crashPatience, 10*time.Millisecond,
			"the card on %s still asks", p.name)
		t.Logf("decided on the web, the card on %s says so after %v", p.name, time.Since(decided).Round(time.Millisecond))
	}
	require.Equal(t, len(phones), o.await(t, d.ID, "closed")["task.approved"])
}

func (o *outages) count(t *testing.T, query string, arguments ...any) (n int) {
	t.Helper()
	require.NoError(t, o.house.Database(t).QueryRowContext(t.Context(), query, arguments...).Scan(&n))
	return n
}
