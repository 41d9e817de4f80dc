package approval_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
)

// TestTheEvidenceTellsTheWholeLife records some sequences in full: the chain holds,
// judging changes nothing (I14), and the state can be had again from the events (I13),
// from what travels in their place, and from its own JSON.
func TestTheEvidenceTellsTheWholeLife(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for n := range 300 {
		q := newSequence(seed, n)
		q.full, q.met = newStream(t), newMeeting()
		q.s = q.full.state
		require.Empty(t, q.run(), "%s=%d:%d", sequenceSeed, seed, n)
		events, state := q.full.events, q.s
		require.NoError(t, evidence.VerifyChain(events))
		all, err := approval.FoldAll(events)
		require.NoError(t, err)
		require.Equal(t, state, all, "fold of all = fold one by one")
		require.Equal(t, state, state.Fold(events), "what was folded is passed over")
		require.Empty(t, travels(state), "%s=%d:%d", sequenceSeed, seed, n)
		status := approval.Status("")
		for _, e := range events {
			status = approval.NextStatus(status, e.Kind)
		}
		require.Equal(t, state.Status, status, "the read model follows the same table")
	}
}

// FuzzJudge feeds arbitrary commands, in any state, to a core that must answer
// each with drafts or a fault.
func FuzzJudge(f *testing.F) {
	f.Add(byte(0),
		[]byte(`{"id":"a","name":"approve","document":"d1","task":"d1.r1.s1.1","round":1,"actor":"li"}`), int64(0))
	f.Add(byte(1),
		[]byte(`{"Plan":{"round":1,"steps":[{"id":"x","need":"people","mode":"any_of","approvers":[{}]}]}}`), int64(50))
	f.Add(byte(3), []byte(`{"Task":"d1.r1.s1.1","Due":true,"N":-9,"To":[{"person":"queue:admin"}]}`), int64(1<<40))
	f.Add(byte(4), []byte(`{"Reference":"v:d1:accrual:1","Posted":true}`), int64(-1))
	f.Fuzz(func(t *testing.T, kind byte, raw []byte, seconds int64) {
		for _, r := range []*stream{
			newStream(t), planned(t, late(step(approval.AllOf, "li", "wu", queue), approval.TimeoutEscalate)), planned(t),
			{t: t}, // no document at all
		} {
			r.now = monday.Add(time.Duration(seconds) * time.Second)
			c := command(kind, raw)
			if _, err := r.state.Judge(c, r.now); err == nil && c != nil && r.state.Document != "" {
				require.NoError(t, r.do(c))
				_, err := approval.FoldAll(r.events)
				require.NoError(t, err)
			}
			r.state.Fold([]evidence.Event{{Stream: doc, Seq: r.state.Seq + 1, Kind: string(raw), Data: raw}})
		}
	})
}

// command reads one of the five commands, or none.
func command(kind byte, raw []byte) approval.Command {
	switch kind % 6 {
	case 0:
		return read[approval.Act](raw)
	case 1:
		return read[approval.Planned](raw)
	case 2:
		return read[approval.Unplanned](raw)
	case 3:
		return read[approval.Struck](raw)
	case 4:
		return read[approval.Settled](raw)
	}
	return nil
}

func read[T any](raw []byte) T {
	var v T
	_ = json.Unmarshal(raw, &v)
	return v
}
