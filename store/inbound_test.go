package store_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/store"
)

func inbound(reference, body string) store.InboundInput {
	return store.InboundInput{Origin: document.Origin{Source: "crm", Reference: reference}, Entities: []string{"cn"},
		Body: body, Hash: "h" + body, State: store.InboundReceived}
}

// TestAMessageIsKeptOnceUnderItsName: what comes twice is one message, what was refused
// may come mended, and what became a document stays.
func TestAMessageIsKeptOnceUnderItsName(t *testing.T) {
	w := newWorld(t)
	first, err := w.s.Receive(w.ctx, inbound("C-1", "a"))
	require.NoError(t, err)
	again, err := w.s.Receive(w.ctx, inbound("C-1", "a"))
	require.NoError(t, err)
	assert.Equal(t, first, again)
	_, err = w.s.Receive(w.ctx, inbound("C-1", "b"))
	assert.Equal(t, "inbound.underway", fault.CodeOf(err), "the first may be a document by now")

	claimed, err := w.s.ClaimInbound(w.ctx, []string{"crm"}, 10)
	require.NoError(t, err)
	require.Len(t, claimed, 1)
	others, err := w.s.ClaimInbound(w.ctx, []string{"oa"}, 10)
	require.NoError(t, err)
	assert.Empty(t, others)
	none, err := w.s.ClaimInbound(w.ctx, []string{"crm"}, 10)
	require.NoError(t, err)
	assert.Empty(t, none, "one has it")

	require.NoError(t, w.s.InboundFailed(w.ctx, first, fault.New(fault.Invalid, "payee.unknown"), "cn"))
	still, err := w.s.Inbound(w.ctx, first.Origin)
	require.NoError(t, err)
	assert.Equal(t, "payee.unknown", still.Fault.Code)
	tried, err := w.s.Receive(w.ctx, inbound("C-1", "a"))
	require.NoError(t, err)
	assert.Equal(t, store.InboundReceived, tried.State, "the same again is tried again")
	require.NoError(t, w.s.InboundFailed(w.ctx, first, fault.New(fault.Invalid, "payee.unknown"), "cn"))
	mended, err := w.s.Receive(w.ctx, inbound("C-1", "b"))
	require.NoError(t, err)
	assert.Equal(t, store.InboundReceived, mended.State)
	assert.Equal(t, first.ID, mended.ID)

	in := w.submitInput(content("from afar"))
	in.Origin = mended.Origin
	d, err := w.s.Submit(w.ctx, in)
	require.NoError(t, err)
	assert.Equal(t, mended.Origin, d.Origin)
	assert.Equal(t, mended.Origin, *w.submitted(d.ID).Origin)
	require.NoError(t, w.s.InboundBecame(w.ctx, mended.ID, d))
	found, err := w.s.OfOrigin(w.ctx, mended.Origin)
	require.NoError(t, err)
	assert.Equal(t, d.ID, found)
	_, err = w.s.Submit(w.ctx, in)
	require.Error(t, err, "one thing over there is one document here")

	kept, err := w.s.Receive(w.ctx, inbound("C-1", "c"))
	assert.Equal(t, "inbound.changed", fault.CodeOf(err))
	assert.Equal(t, "hb", kept.Hash)
	assert.NotZero(t, kept.ChangedAt)
	same, err := w.s.Receive(w.ctx, inbound("C-1", "b"))
	require.NoError(t, err)
	assert.Equal(t, d.Number, same.Number)
	_, err = w.root.Exec(`UPDATE inbound_messages SET body = 'x'`)
	require.ErrorContains(t, err, "countersign:")
	assert.Equal(t, "inbound.settled", fault.CodeOf(w.s.RuleInbound(w.ctx, store.InboundRuling{ID: first.ID, Person: "fin"})))
}

// submitted is what the first event of a document says.
func (w *world) submitted(id string) approval.SubmittedData {
	events, err := w.s.Events(w.ctx, id, 0, 1)
	require.NoError(w.t, err)
	data, err := approval.Decode[approval.SubmittedData](events[0])
	require.NoError(w.t, err)
	return data
}

// TestDeliveriesAtOnceAreOneMessage: a source that sends twice at once, by two gateways.
func TestDeliveriesAtOnceAreOneMessage(t *testing.T) {
	w := newWorld(t)
	var all sync.WaitGroup
	ids := make([]string, 8)
	for i := range ids {
		all.Go(func() {
			m, err := w.s.Receive(w.ctx, inbound("C-2", "a"))
			assert.NoError(t, err)
			ids[i] = m.ID
		})
	}
	all.Wait()
	for _, id := range ids {
		assert.Equal(t, ids[0], id)
	}
}

// TestMessagesAreShownToWhomTheirEntityIs: and before it is known, to whom the source is.
func TestMessagesAreShownToWhomTheirEntityIs(t *testing.T) {
	w := newWorld(t)
	for _, in := range []store.InboundInput{inbound("1", "a"), inbound("2", "b"), inbound("3", "c")} {
		if in.Origin.Reference == "2" {
			in.Entities = []string{"cn", "de"}
		}
		if in.Origin.Reference == "3" {
			in.Entities = nil
		}
		_, err := w.s.Receive(w.ctx, in)
		require.NoError(t, err)
	}
	for _, tt := range []struct {
		scope access.Scope
		want  []string
	}{
		{everything, []string{"3", "2", "1"}},
		{access.Scope{Entities: []string{"cn"}}, []string{"1"}},
		{access.Scope{Entities: []string{"cn", "de"}}, []string{"2", "1"}},
		{access.Scope{Person: "sue"}, nil},
	} {
		var seen []string
		cursor := ""
		for {
			page, err := w.s.Inbounds(w.ctx, tt.scope, store.InboundFilter{Source: "crm", Limit: 1, Cursor: cursor})
			require.NoError(t, err)
			for _, m := range page.Items {
				seen = append(seen, m.Origin.Reference)
				_, err := w.s.InboundByID(w.ctx, tt.scope, m.ID)
				require.NoError(t, err)
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		assert.Equal(t, tt.want, seen)
	}
}

// inboundUnder has the gateway do its part under its own role.
func (w *world) inboundUnder(gateway *store.Store) {
	w.t.Helper()
	m, err := gateway.Receive(w.ctx, inbound("roles", "a"))
	require.NoError(w.t, err)
	claimed, err := gateway.ClaimInbound(w.ctx, []string{"crm"}, 10)
	require.NoError(w.t, err)
	require.Len(w.t, claimed, 1)
	require.NoError(w.t, gateway.InboundFailed(w.ctx, m, fault.New(fault.Invalid, "payee.unknown"), "cn"))
	require.NoError(w.t, gateway.RuleInbound(w.ctx, store.InboundRuling{ID: m.ID, Person: "fin", Leave: true, Reason: "x"}))
	_, err = gateway.Receive(w.ctx, inbound("roles", "b"))
	require.NoError(w.t, err)
	in := w.submitInput(content("roles"))
	in.Origin = m.Origin
	d, err := gateway.Submit(w.ctx, in)
	require.NoError(w.t, err)
	require.NoError(w.t, gateway.InboundBecame(w.ctx, m.ID, d))
	_, err = gateway.Receive(w.ctx, inbound("roles", "c"))
	require.Equal(w.t, "inbound.changed", fault.CodeOf(err))
}
