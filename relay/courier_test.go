package relay_test

import (
	"context"
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
