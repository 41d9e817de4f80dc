package nemesis

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/tests/house"
)

const (
	crashPatience = 5 * time.Minute // until a process reaches its place
	restPatience  = 6 * time.Minute
)

// stage is what clients do when a process is to die.
type stage string

const (
	submitting stage = "submit"
	deciding   stage = "decide"
	posting    stage = "voucher"
)

// crashPoint is one place to die at. First names the place where another
// process must die before: it leaves work that only the second one does.
type crashPoint struct {
	process, place string
	stage          stage
	first          string // of the gateway
	with           string // what dies in the same moment
}

// crashPoints is every place before and after a write to the outside.
var crashPoints = []crashPoint{
	{house.Gateway, "submit.committed", submitting, "", ""},
	{house.Gateway, "submit.started", submitting, "", ""},
	{house.Relay, "starts.claimed", submitting, "submit.committed", ""},
	{house.Relay, "start.delivered", submitting, "submit.committed", ""},
	{house.Worker, "record.asked", submitting, "", ""},
	{house.Worker, "record.committed", submitting, "", ""},
	{house.Gateway, "act.committed", deciding, "", ""},
	{house.Gateway, "act.delivered", deciding, "", ""},
	{house.Relay, "acts.claimed", deciding, "act.committed", ""},
	{house.Relay, "act.signalled", deciding, "act.committed", ""},
	{house.Worker, "record.asked", deciding, "", ""},
	{house.Worker, "record.committed", deciding, "", ""},
	{house.Worker, "record.committed", deciding, "", house.Temporal}, // which forgets an update that is under way
	{house.Relay, "notices.claimed", deciding, "", ""},
	{house.Relay, "notice.delivered", deciding, "", ""},
	{house.Worker, "record.committed", posting, "", ""}, // the last decision
	{house.Worker, "record.committed", posting, "", house.Temporal},
	{house.Worker, "record.committed:2", posting, "", ""}, // the posting itself
	{house.Worker, "voucher.intended", posting, "", ""},
	{house.Worker, "create.sending", posting, "", ""},
	{house.Worker, "create.sent", posting, "", ""},
	{house.Worker, "post.sending", posting, "", ""},
	{house.Worker, "post.sent", posting, "", ""},
	{house.Worker, "voucher.saved", posting, "", ""},
}

// TestEveryCrashPoint kills a process at each place in turn. Documents go on
// while the next process dies; in the end every one of them is closed, once.
func TestEveryCrashPoint(t *testing.T) {
	t.Parallel() // it waits more than it works
	h := house.Start(t, house.Options{Settings: map[string]any{"relay.interval": "200ms"}})
	c := &crashes{T: t, house: h, door: h.NewDoor()}
	for i, p := range crashPoints {
		began := time.Now()
		c.play(i, p)
		t.Logf("%-8s %-18s dies during %-7s %-8s %5.1f s", p.process, p.place, p.stage, p.with, time.Since(began).Seconds())
	}
	h.Rest(t, restPatience, true)
	for i, document := range c.documents {
		d, err := h.As("lin").Document(t.Context(), document)
		require.NoError(t, err)
		require.Equal(t, "closed", d.Status, "%+v", crashPoints[i])
		require.NotEmpty(t, d.Voucher.Number)
	}
	c.reversals()
	h.Rest(t, restPatience, true)
	t.Log("audit verify: " + h.VerifyAudit(t))
	t.Log("invariants:\n" + h.RequireInvariants(t, c.door.Told()))
}

// crashes is one run over the crash points.
type crashes struct {
	*testing.T
	house     *house.House
	door      *house.Door
	documents []string
}

// play takes one document through the house; a process dies on the way.
func (c *crashes) play(i int, p crashPoint) {
	ctx, cancel := context.WithTimeout(c.Context(), crashPatience)
	defer cancel()
	key := fmt.Sprintf("crash-%d", i)
	var document string
	for _, act := range []struct {
		stage stage
		do    func() error
	}{
		{submitting, func() error {
			d, err := submit(ctx, c.door.As(c.T, "lin"), form("expense", fmt.Sprintf("%s %s", p.process, p.place), "1200.00"), key)
			document = d.ID
			return err
		}},
		{deciding, func() error { return c.decide(ctx, "wang", document, key) }},
		{"", func() error { return c.decide(ctx, "zhao", document, key) }},
		{posting, func() error { return c.decide(ctx, "liu", document, key) }},
	} {
		if act.stage != p.stage {
			require.NoError(c, act.do())
			continue
		}
		if p.stage != submitting { // what is to be decided is there, so that the count begins with the decision
			_, err := taskOn(ctx, c.house.As(map[stage]string{deciding: "wang", posting: "liu"}[p.stage]), document)
			require.NoError(c, err)
		}
		c.dying(p, act.do)
	}
	c.documents = append(c.documents, document)
}

func (c *crashes) decide(ctx context.Context, person, document, key string) error {
	_, err := decide(ctx, c.door.As(c.T, person), document, "approve", key+person)
	return err
}

// dying lets clients do something in which the process dies, and starts it again.
func (c *crashes) dying(p crashPoint, do func() error) {
	c.replace(p.process, p.place)
	if p.first != "" {
		c.replace(house.Gateway, p.first)
	}
	done := make(chan error, 1)
	go func() { done <- do() }()
	if p.first != "" { // it stays away, so that the client's repeat does not do the relay's work
		c.died(house.Gateway)
	}
	c.died(p.process)
	if p.with != "" {
		c.house.Kill(p.with)
		c.house.Run(p.with)
	}
	c.house.Run(p.process)
	if p.first != "" {
		c.house.Run(house.Gateway)
	}
	require.NoError(c, <-done)
}

// replace ends a process, and starts it with a place to die at.
func (c *crashes) replace(process, place string) {
	c.house.Kill(process)
	c.house.CrashAt(process, place)
	c.house.Run(process)
	if process == house.Gateway {
		c.house.AwaitReady()
	}
}

// died waits for the death of a process; the next one is to live.
func (c *crashes) died(process string) {
	c.Helper()
	select {
	case <-c.house.Exited(process):
	case <-time.After(crashPatience):
		require.FailNow(c, "it was never reached", process)
	}
	c.house.CrashAt(process, "")
}
