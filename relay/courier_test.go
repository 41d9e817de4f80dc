package relay_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/mail"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/relay"
	"github.com/countersign/countersign/store"
)

// postbox keeps the letters, and is the directory of those they are for.
type postbox struct {
	people  org.Snapshot
	letters []mail.Letter
}

func (p *postbox) Send(_ context.Context, l mail.Letter) error {
	p.letters = append(p.letters, l)
	return nil
}

func (p *postbox) Snapshot(context.Context, int64) (*org.Snapshot, error) { return &p.people, nil }

// TestALetterNamesPeople proves that no letter shows an id, a code or a gap:
// who acted and who takes over are named in the reader's language.
func TestALetterNamesPeople(t *testing.T) {
	for _, tt := range []struct {
		name, locale, kind, want string
		data                     map[string]string
	}{
		{"several take over", "en", "task.escalated", "It now waits for Max Meyer, Administrators.",
			map[string]string{"to": "max,queue:admin", "step": "s1", "step.en": "Review"}},
		{"the house itself", "zh-CN", "document.rejected", "系统（超时） 拒绝了",
			map[string]string{"by": "system:deadline", "reason": "-"}},
		{"a code", "en", "plan.failed", "Something went wrong on our side.", map[string]string{"code": "internal.error"}},
		{"an urge", "en", notice.Urged, "Max Meyer asks you to decide N-1 “Taxi” soon.", map[string]string{"by": "max"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			box := &postbox{people: org.Snapshot{People: map[string]org.Person{
				"li":  {ID: "li", Name: "Li Na", Email: "li@example.com", Locale: tt.locale, Active: true},
				"max": {ID: "max", Name: "Max Meyer", Active: true},
			}}}
			courier := relay.Mail{Sender: box, Directory: box, Text: i18n.Shipped().Text, Zone: time.UTC}
			tt.data["number"], tt.data["title"] = "N-1", "Taxi"
			n := store.Notice{ID: "n1", Notice: notice.Notice{Kind: tt.kind, Person: "li", Document: "d1", Data: tt.data}}
			require.NoError(t, courier.Deliver(t.Context(), n))
			require.Len(t, box.letters, 1)
			require.Contains(t, box.letters[0].Body, tt.want)
			require.NotContains(t, box.letters[0].Subject+box.letters[0].Body, "…")
		})
	}
}

type wishing notice.Wishes

func (w wishing) Wishes(context.Context, string) (notice.Wishes, error) { return notice.Wishes(w), nil }

// TestALetterComesAsItIsWished proves that nothing comes that somebody does without,
// nor in their quiet hours, but what is urgent or about their account.
func TestALetterComesAsItIsWished(t *testing.T) {
	now := time.Now().UTC()
	quiet := wishing{QuietFrom: (now.Hour()*60 + now.Minute() + 24*60 - 60) % (24 * 60), Zone: "UTC",
		QuietUntil: (now.Hour()*60 + now.Minute() + 60) % (24 * 60), Muted: []notice.Topic{notice.Talk}, Locale: "zh-CN"}
	for _, tt := range []struct {
		name, kind  string
		urgent      bool
		sent, later bool
	}{
		{"at night", "task.opened", false, false, true},
		{"urgent", "task.opened", true, true, false},
		{"about the account", notice.PasskeyAdded, false, true, false},
		{"not wished for", notice.Mentioned, true, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			box := &postbox{people: org.Snapshot{People: map[string]org.Person{
				"li": {ID: "li", Name: "Li Na", Email: "li@example.com", Locale: "en", Active: true}}}}
			courier := relay.Mail{Sender: box, Directory: box, Text: i18n.Shipped().Text, Zone: time.UTC, Wishes: quiet}
			err := courier.Deliver(t.Context(), store.Notice{ID: "n1", Urgent: tt.urgent, Notice: notice.Notice{
				Kind: tt.kind, Person: "li", Document: "d1", Data: map[string]string{"number": "N-1", "title": "T", "step": "s", "due_at": "", "passkey": "k"}}})
			var later relay.Later
			require.Equal(t, tt.later, errors.As(err, &later), "%v", err)
			require.Equal(t, tt.sent, len(box.letters) == 1)
			if tt.sent {
				require.Contains(t, box.letters[0].Body, "您好")
			}
			if tt.later {
				require.WithinDuration(t, now.Add(time.Hour), later.Until, time.Minute+time.Second)
			}
		})
	}
}
