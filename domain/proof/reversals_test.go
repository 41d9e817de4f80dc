package proof

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/reversal"
)

// TestWhatWasUndoneIsProved: who asked, who approved and what the books said stand in the
// bundle, and what cannot have happened is found.
func TestWhatWasUndoneIsProved(t *testing.T) {
	d := newDesk(t)
	const original = "v:01a2:accrual:1"
	tell := func(kind, actor string, data reversal.Data) {
		data.Voucher, data.Reference = original, "v:01a2:accrual-reversal:1"
		draft, err := data.Draft(kind, actor)
		require.NoError(t, err)
		var prev evidence.Event
		if n := len(d.bundle.Reversals); n > 0 {
			prev = d.bundle.Reversals[n-1]
		}
		d.now = d.now.Add(time.Minute)
		events, err := evidence.Seal(prev, []evidence.Draft{draft}, kind, d.now, reversal.StreamPrefix+doc)
		require.NoError(t, err)
		d.bundle.Reversals = append(d.bundle.Reversals, events...)
	}
	tell(reversal.WasRequested, "wang", reversal.Data{Proposal: "p", Date: "2026-04-01", Reason: "x",
		Expires: d.now.Add(time.Hour).Format(time.RFC3339Nano)})
	tell(reversal.WasApproved, "liu", reversal.Data{Proposal: "p", Maker: "wang", Date: "2026-04-01", Reason: "x"})
	tell(reversal.WasPosted, "system:posting", reversal.Data{Number: "R-1", Date: "2026-04-01"})
	for _, lie := range []struct {
		name, what string
		tell       func(*Bundle)
	}{
		{"none", "", func(*Bundle) {}},
		{"another approved it", "evidence.wrong_hash", func(b *Bundle) { b.Reversals[1].Actor = "sun" }},
		{"nobody approved it", "fold.impossible", func(b *Bundle) { b.Reversals = slices.Delete(b.Reversals, 1, 2) }},
		{"it is of another document", "stream.other", func(b *Bundle) { b.Reversals[0].Stream = "reversal:x" }},
	} {
		b := d.bundle
		b.Head = Head{b.Events[len(b.Events)-1].Seq, b.Events[len(b.Events)-1].Hash}
		b.Reversals = slices.Clone(d.bundle.Reversals)
		lie.tell(&b)
		sealed, err := b.Sealed(d.signer)
		require.NoError(t, err)
		report := Check(sealed, nil)
		if lie.what == "" {
			require.Empty(t, report.Findings)
			require.Equal(t, []Reversal{{original, reversal.Posted, "R-1", "wang", "liu"}}, report.Reversals)
			continue
		}
		require.True(t, slices.ContainsFunc(report.Findings, func(f Finding) bool { return f.What == lie.what }),
			"%s: %v", lie.name, report.Findings)
	}
}
