package pages_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

// reader has sources read in the place of Temporal: at once, or not at all.
type reader struct {
	h     *house
	asked []string
}

func (r *reader) Collect(ctx context.Context, source string) error {
	r.asked = append(r.asked, source)
	return r.h.store.NoteInboundReading(ctx, store.InboundReading{Source: source, Items: 5})
}

func (r *reader) NextCollection(_ context.Context, source string) (time.Time, bool, error) {
	if source == "table" {
		return time.Time{}, true, nil
	}
	return time.Date(2031, 5, 6, 7, 8, 0, 0, time.UTC), false, nil
}

// TestSources are shown with how they are doing, to those whose companies they serve; who
// decides on what they sent has one read now, once for a double click, and it is kept who.
func TestSources(t *testing.T) {
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
		temporal := &reader{h: h}
		h.desk.Collector = temporal
		h.get("lin", "/inbound-sources").is(403)
		h.get("wang", "/inbound").is(200).says("/inbound-sources")
		h.get("wang", "/inbound-sources").is(200).saysNot("OA <b>", "/inbound-sources/hook").
			says("OA &lt;b&gt;", "1m0s", "not permitted", "2031", h.word("inbound.failing", nil),
				h.word("inbound.took_files", map[string]string{"files": "2", "items": "31"}),
				h.word("inbound.kind.table", nil), h.word("inbound.never", nil), h.word("inbound.paused", nil),
				h.word("inbound.sends_itself", nil), "source=drop&amp;state=refused", "/inbound-sources/drop/readings")
		h.get("audit", "/inbound-sources").is(200).says("OA &lt;b&gt;").saysNot("/readings")

		h.post("audit", "/inbound-sources/drop/readings", nil).is(403)
		h.post("wang", "/inbound-sources/hook/readings", nil).is(422).says(h.word("fault.inbound.sends", nil))
		h.post("wang", "/inbound-sources/other/readings", nil).is(404)
		for range 2 {
			require.Equal(t, "/inbound-sources",
				h.post("wang", "/inbound-sources/drop/readings", url.Values{"key": {"k-1"}}).to())
		}
		require.Equal(t, []string{"drop"}, temporal.asked, "a double click reads once")
		h.get("wang", "/inbound-sources").saysNot("not permitted").says("王芳", h.word("inbound.asked_by", nil))
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
