package pages_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

// TestSourcesThatAreAsked are shown with how they were last read; those that send are not.
func TestSourcesThatAreAsked(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		h.desk.Inbound = map[string]desk.InboundSource{
			"drop":  {ID: "drop", Title: "OA <b>", Kind: "folder", When: "1m0s", Entities: []string{"acme-cn"}},
			"table": {ID: "table", Kind: "table", When: "5m0s", Entities: []string{"acme-cn"}},
			"hook":  {ID: "hook", Kind: "webhook", Entities: []string{"acme-cn"}},
		}
		for _, r := range []store.InboundReading{{Source: "drop", Files: 2, Items: 31},
			{Source: "drop", Code: "drop.unavailable", Detail: "not permitted"}} {
			require.NoError(t, h.store.NoteInboundReading(t.Context(), r))
		}
		h.get("wang", "/inbound").is(200).saysNot("OA <b>", "?source=hook").
			says("OA &lt;b&gt;", "1m0s", "not permitted",
				h.word("inbound.took_files", map[string]string{"files": "2", "items": "31"}),
				h.word("inbound.kind.table", nil), h.word("inbound.never", nil))
	})
}

// TestWhatOtherSystemsSent is shown to finance with why it was refused, as text and
// never as markup; they try it again, or leave it with a reason.
func TestWhatOtherSystemsSent(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		receive := func(reference string) store.Inbound {
			m, err := h.store.Receive(t.Context(), store.InboundInput{
				Origin: document.Origin{Source: "crm", Reference: reference}, Entities: []string{"acme-cn"},
				Body: `{"title":"<b>bold</b>"}`, Hash: reference, State: store.InboundRefused,
				Fault: fault.New(fault.Invalid, "inbound.nobody", fault.Arg("who", "who@example.com"), fault.Field("requester")),
			})
			require.NoError(t, err)
			return m
		}
		first, second := receive("HT-1"), receive("HT-2")
		at := "/inbound/"
		h.get("lin", "/inbound").is(403)
		h.get("wang", "/inbound?state=refused").is(200).saysNot("<b>bold").
			says("HT-1", "&lt;b&gt;bold", "who@example.com", h.word("inbound.again", nil), at+first.ID)
		h.get("audit", "/inbound").is(200).says("HT-1").saysNot(at + first.ID)
		h.get("wang", "/inbound?state=submitted").is(200).says(h.word("inbound.none_such", nil))
		h.post("wang", at+first.ID, url.Values{"ruling": {"leave"}}).is(422).
			says(h.word("fault.inbound.reason_required", nil))
		require.Equal(t, "/inbound", h.post("wang", at+first.ID, url.Values{"ruling": {"leave"}, "reason": {"a test"}}).to())
		require.Equal(t, "/inbound", h.post("wang", at+second.ID, url.Values{"ruling": {"again"}}).to())
		h.get("wang", "/inbound").says("a test", h.word("inbound.state.received", nil)).saysNot(at + first.ID)
	})
}
