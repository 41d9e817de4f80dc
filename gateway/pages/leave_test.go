package pages_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/notice"
)

// TestALinkOfALetterLeaves: looking changes nothing, whoever looks; a POST without a
// session, as a mail program sends it, does; what nobody sealed leads nowhere.
func TestALinkOfALetterLeaves(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		key, err := h.store.NoticeKey(t.Context())
		require.NoError(t, err)
		wished := func() []notice.Topic {
			wishes, err := h.store.Wishes(t.Context(), "lin")
			require.NoError(t, err)
			return wishes.Muted
		}
		require.NoError(t, h.store.SaveWishes(t.Context(), "lin", notice.Wishes{Muted: []notice.Topic{notice.Talk}}))
		at := "/leave/" + notice.Leave{Person: "lin", Topics: []notice.Topic{notice.Requests}}.Sealed(key)
		h.get("", at).is(200).says(h.word("page.leave.title", nil), h.word("page.topic.requests", nil), `action="`+at+`"`).
			saysNot("林晓")
		h.get("wang", at).is(200)
		require.Equal(t, []notice.Topic{notice.Talk}, wished())
		for _, forged := range []string{"/leave/x", at + "x", "/leave/" +
			notice.Leave{Person: "lin", Topics: []notice.Topic{notice.Requests}}.Sealed([]byte("mine"))} {
			h.get("", forged).is(404).says(h.word("fault.notice.no_such_link", nil))
			h.post("", forged, url.Values{"List-Unsubscribe": {"One-Click"}}).is(404)
		}
		for range 2 {
			h.post("", at, url.Values{"List-Unsubscribe": {"One-Click"}}).is(200).says(h.word("page.leave.done", nil))
		}
		require.Equal(t, []notice.Topic{notice.Requests, notice.Talk}, wished())
	})
}
