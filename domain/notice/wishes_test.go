package notice_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/notice"
)

func TestWhatIsMailed(t *testing.T) {
	all := notice.Wishes{Muted: append(notice.Choosable(), notice.Duties, notice.Security)}
	for kind, mailed := range map[string]bool{
		"task.opened": true, "task.overdue": true, notice.PasskeyAdded: true, notice.InterventionProposed: true,
		notice.ProposalMade: true, "voucher.parked": true, "a kind of later": true,
		"document.approved": false, notice.Mentioned: false, notice.OpenedFor: false, notice.ProposalRefused: false,
	} {
		require.Equal(t, mailed, all.Mailed(kind), kind)
		require.True(t, notice.Wishes{}.Mailed(kind), kind)
	}
}

func TestQuietHours(t *testing.T) {
	shanghai := time.FixedZone("CST", 8*60*60)
	night := notice.Wishes{QuietFrom: 22 * 60, QuietUntil: 7*60 + 30}
	midday := notice.Wishes{QuietFrom: 12 * 60, QuietUntil: 13 * 60}
	abroad := notice.Wishes{QuietFrom: 22 * 60, QuietUntil: 7*60 + 30, Zone: "Europe/Berlin"}
	for _, tt := range []struct {
		name  string
		w     notice.Wishes
		at    string
		quiet bool
	}{
		{"before", night, "2026-03-31 21:59", false},
		{"in the evening", night, "2026-03-31 22:00", true},
		{"in the morning", night, "2026-04-01 07:29", true},
		{"after", night, "2026-04-01 07:30", false},
		{"at noon", midday, "2026-04-01 12:30", true},
		{"in the evening of who is quiet at noon", midday, "2026-04-01 23:00", false},
		{"never", notice.Wishes{}, "2026-04-01 00:00", false},
		{"abroad, where it is morning", abroad, "2026-04-01 11:00", true},
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", tt.at, shanghai)
		require.NoError(t, err)
		for _, urgent := range []bool{false, true} {
			due := []notice.Waiting{{ID: "n", Kind: "task.opened", Urgent: urgent}}
			p := notice.Manners{}.Plan(due, tt.w, notice.Situation{Now: at.UTC(), Zone: shanghai, Reach: both})
			require.Equal(t, tt.quiet && !urgent, len(p.Hold) == 1, "%s, urgent: %t", tt.name, urgent)
		}
	}
}
