package notice_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/notice"
)

// TestALinkToLeaveIsNobodysToMake: what was sealed is read, and nothing that was changed,
// cut short or sealed with another key; nor does it leave what is owed always.
func TestALinkToLeaveIsNobodysToMake(t *testing.T) {
	key := []byte("a key of the house")
	l := notice.Leave{Person: "lin", Topics: []notice.Topic{notice.Requests, notice.Talk}}
	sealed := l.Sealed(key)
	read, ok := notice.ReadLeave(key, sealed)
	require.True(t, ok)
	require.Equal(t, l, read)

	other := notice.Leave{Person: "wang", Topics: l.Topics}.Sealed(key)
	said, mac, _ := strings.Cut(other, ".")
	own, ownMac, _ := strings.Cut(sealed, ".")
	for name, forged := range map[string]string{
		"somebody else's": said + "." + ownMac, "another's seal": own + "." + mac, "no seal": own, "nothing": "",
		"another key": l.Sealed([]byte("another key")), "cut short": sealed[:len(sealed)-2], "no base64": "!." + ownMac,
		"what is owed always": notice.Leave{Person: "lin", Topics: []notice.Topic{notice.Duties}}.Sealed(key),
	} {
		_, ok := notice.ReadLeave(key, forged)
		require.False(t, ok, name)
	}
}

// TestWhatMayBeLeft: a letter that tells of a duty too has no link to leave.
func TestWhatMayBeLeft(t *testing.T) {
	require.Equal(t, []notice.Topic{notice.Requests}, notice.LeavableBy("document.returned", "document.closed"))
	require.Nil(t, notice.LeavableBy("document.returned", "task.opened"))
	w := notice.Wishes{Muted: []notice.Topic{notice.Talk}}.Without([]notice.Topic{notice.Requests, notice.Talk})
	require.Equal(t, []notice.Topic{notice.Requests, notice.Talk}, w.Muted)
	require.False(t, w.Mailed("document.returned"))
	require.True(t, w.Mailed("task.opened"))
}
