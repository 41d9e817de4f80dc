package proposal_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/proposal"
)

var created = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func open() proposal.Proposal {
	return proposal.Proposal{ID: "p", Kind: proposal.Policy, Subject: "expense", Hash: "h", Maker: "liu",
		State: proposal.Open, Created: created, Expires: created.Add(time.Hour)}
}

func nobodyElse(a, b string) bool { return a == b }

func TestJudge(t *testing.T) {
	decided := open()
	decided.State, decided.Checker = proposal.Refused, "sun"
	for _, tt := range []struct {
		name string
		p    proposal.Proposal
		v    proposal.Verdict
		at   time.Duration // after it was made
		code string
	}{
		{"another person approves", open(), proposal.Verdict{Checker: "sun", Approve: true}, 0, ""},
		{"another person refuses with a reason", open(), proposal.Verdict{Checker: "sun", Reason: "no"}, 0, ""},
		{"a refusal needs a reason", open(), proposal.Verdict{Checker: "sun", Reason: " "}, 0, "proposal.reason_required"},
		{"the maker may not", open(), proposal.Verdict{Checker: "liu", Approve: true}, 0, "proposal.own"},
		{"the maker may not refuse either", open(), proposal.Verdict{Checker: "liu", Reason: "no"}, 0, "proposal.own"},
		{"nobody is nobody", open(), proposal.Verdict{Approve: true}, 0, "proposal.own"},
		{"they saw another text", open(), proposal.Verdict{Checker: "sun", Approve: true, Hash: "x"}, 0, "proposal.changed"},
		{"the last moment", open(), proposal.Verdict{Checker: "sun", Approve: true}, time.Hour - time.Microsecond, ""},
		{"half-open: at its end it is over", open(), proposal.Verdict{Checker: "sun", Approve: true}, time.Hour, "proposal.expired"},
		{"decided once", decided, proposal.Verdict{Checker: "admin", Approve: true}, 0, "proposal.decided"},
		{"what was decided does not expire", decided, proposal.Verdict{Checker: "admin", Approve: true}, 2 * time.Hour, "proposal.decided"},
		{"a long reason", open(), proposal.Verdict{Checker: "sun", Reason: strings.Repeat("长", 2001)}, 0, "proposal.too_long"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.code, fault.CodeOf(tt.p.Judge(tt.v, nobodyElse, created.Add(tt.at))))
		})
	}
}

// TestNoAliasApproves draws organisations whose humans have many accounts, tied
// to each other in any direction, and lets every account decide on every
// proposal: only another human may.
func TestNoAliasApproves(t *testing.T) {
	const humans, accounts = 4, 12
	refused, allowed := 0, 0
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		human, people := map[string]int{}, map[string]org.Person{}
		last := map[int]string{}
		for i := range accounts {
			id := string(rune('a' + i))
			who := random.IntN(humans)
			human[id] = who
			p := org.Person{ID: id, Active: true}
			before := last[who]
			if before != "" && random.IntN(2) == 0 {
				p.Aliases = []string{before}
			} else if before != "" {
				other := people[before]
				other.Aliases = append(other.Aliases, id)
				people[before] = other
			}
			people[id], last[who] = p, id
		}
		snapshot := &org.Snapshot{People: people}
		for maker := range people {
			for checker := range people {
				p := open()
				p.Maker = maker
				err := p.Judge(proposal.Verdict{Checker: checker, Approve: true}, snapshot.Same, created)
				if human[maker] == human[checker] {
					require.Equal(t, "proposal.own", fault.CodeOf(err), "seed %d: %s and %s are one human", seed, maker, checker)
					refused++
				} else {
					require.NoError(t, err, "seed %d: %s and %s", seed, maker, checker)
					allowed++
				}
			}
		}
	}
	require.Positive(t, refused)
	require.Positive(t, allowed)
}
