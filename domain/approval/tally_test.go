package approval_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

// voters is a step with one place each for li, wu, zoe, max and mia, as far as named.
func voters(mode approval.Mode, n int, change func(*approval.Step)) approval.Step {
	s := step(mode, []string{"li", "wu", "zoe", "max", "mia"}[:n]...)
	if change != nil {
		change(&s)
	}
	return s
}

func TestVotes(t *testing.T) {
	quorum := func(n int) func(*approval.Step) {
		return func(s *approval.Step) { s.Votes = &approval.Votes{Count: n} }
	}
	ratio := func(num, den int64, weights ...int64) func(*approval.Step) {
		return func(s *approval.Step) {
			s.Votes = &approval.Votes{Num: num, Den: den}
			for i, w := range weights {
				s.Approvers[i].Weight = w
			}
		}
	}
	groups := func(names ...string) func(*approval.Step) {
		return func(s *approval.Step) {
			for i, name := range names {
				s.Approvers[i].Group = name
			}
		}
	}
	onReject := func(rule string, change func(*approval.Step)) func(*approval.Step) {
		return func(s *approval.Step) {
			s.OnReject = rule
			if change != nil {
				change(s)
			}
		}
	}
	yes, no := approval.Approve, approval.Reject
	for _, tt := range []struct {
		name string
		step approval.Step
		acts []try
		want approval.Status
	}{
		{"quorum: one yes of two needed is not enough", voters(approval.Quorum, 3, quorum(2)),
			[]try{{yes, "li"}}, approval.Pending},
		{"quorum: the second yes decides, nobody waits for the third", voters(approval.Quorum, 3, quorum(2)),
			[]try{{yes, "li"}, {yes, "zoe"}}, approval.Approved},
		{"quorum: a no is one vote", voters(approval.Quorum, 3, quorum(2)),
			[]try{{no, "li"}, {yes, "wu"}}, approval.Pending},
		{"quorum: outvoted, it is approved all the same", voters(approval.Quorum, 3, quorum(2)),
			[]try{{no, "li"}, {yes, "wu"}, {yes, "zoe"}}, approval.Approved},
		{"quorum: lost as soon as it cannot be met any more", voters(approval.Quorum, 3, quorum(2)),
			[]try{{no, "li"}, {no, "wu"}}, approval.Rejected},
		{"quorum with a veto", voters(approval.Quorum, 3, onReject(approval.RejectVeto, quorum(2))),
			[]try{{no, "li"}}, approval.Rejected},
		{"two thirds of three are two", voters(approval.Ratio, 3, ratio(2, 3)),
			[]try{{yes, "li"}, {yes, "wu"}}, approval.Approved},
		{"two thirds of four are three: never rounded down", voters(approval.Ratio, 4, ratio(2, 3)),
			[]try{{yes, "li"}, {yes, "wu"}}, approval.Pending},
		{"two thirds of five are four", voters(approval.Ratio, 5, ratio(2, 3)),
			[]try{{yes, "li"}, {yes, "wu"}, {yes, "zoe"}}, approval.Pending},
		{"a heavy vote decides alone", voters(approval.Ratio, 3, ratio(1, 2, 3, 1, 1)),
			[]try{{yes, "li"}}, approval.Approved},
		{"a heavy no ends it alone", voters(approval.Ratio, 3, ratio(1, 2, 3, 1, 1)),
			[]try{{no, "li"}}, approval.Rejected},
		{"one yes of each group", voters(approval.PerGroup, 4, groups("a", "a", "b", "b")),
			[]try{{yes, "wu"}, {yes, "zoe"}}, approval.Approved},
		{"two of one group are not one of each", voters(approval.PerGroup, 4, groups("a", "a", "b", "b")),
			[]try{{yes, "wu"}}, approval.Pending},
		{"a veto in a group", voters(approval.PerGroup, 4, groups("a", "a", "b", "b")),
			[]try{{no, "wu"}}, approval.Rejected},
		{"a group that is asked as one says no when all of it did",
			voters(approval.PerGroup, 4, onReject(approval.RejectEveryone, groups("a", "a", "b", "b"))),
			[]try{{no, "wu"}, {yes, "zoe"}, {yes, "li"}}, approval.Approved},
		{"any of: rejected only when everybody rejects", voters(approval.AnyOf, 3, onReject(approval.RejectEveryone, nil)),
			[]try{{no, "li"}, {no, "wu"}}, approval.Pending},
		{"any of: everybody rejected", voters(approval.AnyOf, 2, onReject(approval.RejectEveryone, nil)),
			[]try{{no, "li"}, {no, "wu"}}, approval.Rejected},
		{"any of: one yes after a no", voters(approval.AnyOf, 3, onReject(approval.RejectEveryone, nil)),
			[]try{{no, "li"}, {yes, "wu"}}, approval.Approved},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := planned(t, tt.step)
			for _, a := range tt.acts {
				require.NoError(t, r.do(r.act(a.name, a.actor)))
			}
			require.Equal(t, tt.want, r.state.Status)
		})
	}
}

// TestAnUnmeetableQuorumMakesNoPlan: it is never shrunk to who is there.
func TestAnUnmeetableQuorumMakesNoPlan(t *testing.T) {
	for code, s := range map[string]approval.Step{
		"plan.no_quorum": voters(approval.Quorum, 2, func(s *approval.Step) { s.Votes = &approval.Votes{Count: 3} }),
		"plan.bad_votes": voters(approval.Ratio, 2, func(s *approval.Step) { s.Votes = &approval.Votes{Num: 3, Den: 2} }),
	} {
		r := newStream(t)
		require.NoError(t, r.do(approval.Planned{Plan: plan(1, s)}))
		require.Equal(t, code, r.state.PlanFault)
		_, known := fault.Lookup(code)
		require.True(t, known)
	}
}

// TestAClocksNoIsOneVoteToo: what a deadline rejects in a vote is one no.
func TestAClocksNoIsOneVoteToo(t *testing.T) {
	s := late(voters(approval.Quorum, 3, func(s *approval.Step) { s.Votes = &approval.Votes{Count: 1} }),
		approval.TimeoutReject)
	r := planned(t, s)
	first := r.state.Tasks[0].ID
	r.after(100)
	require.NoError(t, r.do(approval.Struck{Task: first, Due: true}))
	require.Equal(t, approval.Pending, r.state.Status)
	require.NoError(t, r.do(r.act(approval.Approve, "wu")))
	require.Equal(t, approval.Approved, r.state.Status)
}

// TestADecisionFallsExactlyWhenNothingCanChangeIt compares with brute force: a
// step is won when every way the open votes could still go wins it, lost when none
// does, and open otherwise.
func TestADecisionFallsExactlyWhenNothingCanChangeIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "places")
		mode := rapid.SampledFrom([]approval.Mode{approval.AnyOf, approval.Quorum, approval.Ratio, approval.PerGroup}).
			Draw(t, "mode")
		s := voters(mode, n, func(s *approval.Step) {
			s.OnReject = approval.RejectVote
			s.Votes = &approval.Votes{Count: rapid.IntRange(1, n).Draw(t, "count"), Den: rapid.Int64Range(1, 7).Draw(t, "den")}
			s.Votes.Num = rapid.Int64Range(1, s.Votes.Den).Draw(t, "num")
			for i := range s.Approvers {
				s.Approvers[i].Weight = rapid.Int64Range(0, 4).Draw(t, "weight")
				s.Approvers[i].Group = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "group")
			}
		})
		r := planned(t, s)
		votes := make([]int, n) // 0 is out, 1 yes, -1 no
		for _, i := range rapid.Permutation([]int{0, 1, 2, 3, 4}[:n]).Draw(t, "order") {
			if r.state.Status != approval.Pending {
				break
			}
			who, vote := s.Approvers[i].Person, rapid.SampledFrom([]int{1, -1}).Draw(t, "vote")
			name := map[int]approval.Name{1: approval.Approve, -1: approval.Reject}[vote]
			if r.do(r.act(name, who)) != nil {
				continue // their group has its yes
			}
			votes[i] = vote
			require.Equal(t, expected(s, votes), r.state.Status, fmt.Sprint(mode, votes))
		}
	})
}

// expected is the outcome by trying every completion of the votes.
func expected(s approval.Step, votes []int) approval.Status {
	wins, losses := 0, 0
	var try func(i int, done []int)
	try = func(i int, done []int) {
		if i == len(votes) {
			if passes(s, done) {
				wins++
			} else {
				losses++
			}
			return
		}
		for _, v := range []int{1, -1} {
			if votes[i] == 0 || votes[i] == v {
				try(i+1, append(done[:len(done):len(done)], v))
			}
		}
	}
	try(0, nil)
	switch {
	case losses == 0:
		return approval.Approved
	case wins == 0:
		return approval.Rejected
	}
	return approval.Pending
}

// passes is the rule of each mode on a complete vote, in the plainest words.
func passes(s approval.Step, votes []int) bool {
	yes, weightYes, weightAll := 0, int64(0), int64(0)
	groups := map[string]bool{}
	for i, v := range votes {
		a := s.Approvers[i]
		w := max(a.Weight, 1)
		weightAll += w
		if v == 1 {
			yes++
			weightYes += w
		}
		groups[a.Group] = groups[a.Group] || v == 1
	}
	switch s.Mode {
	case approval.AnyOf:
		return yes > 0
	case approval.Quorum:
		return yes >= s.Votes.Count
	case approval.Ratio:
		return weightYes*s.Votes.Den >= s.Votes.Num*weightAll
	}
	for _, agreed := range groups {
		if !agreed {
			return false
		}
	}
	return true
}
