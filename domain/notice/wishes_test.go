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
	at := func(clock string) time.Time {
		when, err := time.ParseInLocation("2006-01-02 15:04", clock, shanghai)
		require.NoError(t, err)
		return when
	}
	night := notice.Wishes{QuietFrom: 22 * 60, QuietUntil: 7*60 + 30}
	noon := notice.Wishes{QuietFrom: 12 * 60, QuietUntil: 13 * 60}
	for _, tt := range []struct {
		name  string
		w     notice.Wishes
		at    string
		until string // "" for now
	}{
		{"before", night, "2026-03-31 21:59", ""},
		{"in the evening, over the month's end", night, "2026-03-31 22:00", "2026-04-01 07:30"},
		{"in the morning", night, "2026-04-01 07:29", "2026-04-01 07:30"},
		{"after", night, "2026-04-01 07:30", ""},
		{"at noon", noon, "2026-04-01 12:30", "2026-04-01 13:00"},
		{"in the evening of who is quiet at noon", noon, "2026-04-01 23:00", ""},
		{"never", notice.Wishes{}, "2026-04-01 00:00", ""},
	} {
		later := tt.w.Later("task.opened", false, at(tt.at).UTC(), shanghai)
		if tt.until == "" {
			require.Zero(t, later, tt.name)
			continue
		}
		require.True(t, later.Equal(at(tt.until)), "%s: %s", tt.name, later)
		require.Zero(t, tt.w.Later("task.opened", true, at(tt.at), shanghai), "what is urgent comes all the same")
		require.Zero(t, tt.w.Later(notice.PasskeyAdded, false, at(tt.at), shanghai))
	}
}
