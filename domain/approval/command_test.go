package approval_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
)

// tape is what a fuzzer wrote, read as one choice after another; at its end it
// reads as zeros.
type tape struct{ rest []byte }

func (p *tape) n(below int) int {
	if len(p.rest) == 0 || below <= 0 {
		return 0
	}
	b := p.rest[0]
	p.rest = p.rest[1:]
	return int(b) % below
}

func (p *tape) text() string {
	n := min(p.n(12), len(p.rest))
	text := string(p.rest[:n])
	p.rest = p.rest[n:]
	return text
}

// one is mostly one of those that mean something, sometimes anything.
func (p *tape) one(of ...string) string {
	if p.odd() || len(of) == 0 {
		return p.text()
	}
	return of[p.n(len(of))]
}

// odd is true now and then: most of a command must fit, or it is never more than
// refused.
func (p *tape) odd() bool { return p.n(24) == 23 }

// tapeMost is how many commands of a tape are followed.
const tapeMost = 40

// FuzzCommand leads a document through any commands with any fields, one after
// another. Judge panics on none; it refuses with a registered fault and leaves no
// trace, or gives drafts that seal and fold; what is final stays final; the state
// is that of its events, and survives its journey through JSON.
func FuzzCommand(f *testing.F) {
	for _, script := range commandSeeds() {
		f.Add(script)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		p := &tape{script}
		r := newStream(t)
		for n := 0; n < tapeMost && (len(p.rest) > 0 || n == 0); n++ {
			r.now = r.now.Add(time.Duration(p.n(120)) * time.Second)
			before := r.state
			_ = r.do(p.command(r)) // refusals are held by do itself
			if before.Done() {
				require.Equal(t, before.Status, r.state.Status, "final stays final")
			}
			for _, task := range before.Tasks {
				i := slices.IndexFunc(r.state.Tasks, func(now approval.Task) bool { return now.ID == task.ID })
				if decided := task.State == approval.TaskApproved || task.State == approval.TaskRejected; decided && i >= 0 &&
					r.state.Tasks[i].State != approval.TaskRetracted && r.state.Tasks[i].State != approval.TaskSuperseded {
					require.Equal(t, task.State, r.state.Tasks[i].State, "a decision is not rewritten")
				}
			}
		}
		r.holds(t)
	})
}

// holds looks at the whole stream at the end.
func (r *stream) holds(t *testing.T) {
	require.NoError(t, evidence.VerifyChain(r.events))
	all, err := approval.FoldAll(r.events)
	require.NoError(t, err)
	require.Equal(t, r.state, all)
	raw, err := json.Marshal(r.state)
	require.NoError(t, err)
	var back approval.State
	require.NoError(t, json.Unmarshal(raw, &back))
	require.Equal(t, r.state, back)
	require.Equal(t, r.state, back.Fold(r.events), "what was folded is passed over")
}

// command is the next command of a tape.
func (p *tape) command(r *stream) approval.Command {
	switch p.n(8) {
	case 0:
		if p.odd() {
			return approval.Unplanned{Round: p.n(4), Attempt: p.n(3), Code: strings.ToValidUTF8(p.one("policy.gap", ""), "?")}
		}
		return approval.Planned{Plan: p.plan(r.state), Attempt: r.state.PlanAttempt + p.wrong()}
	case 1, 2:
		return p.strike(r)
	case 3:
		ref := strings.ToValidUTF8(p.one("v:d1:accrual:1", "v:d1:accrual:2"), "?")
		return approval.Settled{Reference: ref, Attempt: p.effect(r.state).Attempt + p.wrong(), Posted: p.n(2) == 0, Code: "erp.refused"}
	}
	return p.act(r)
}

// wrong is 0, or now and then another number.
func (p *tape) wrong() int {
	if p.odd() {
		return p.n(5) - 2
	}
	return 0
}

func (p *tape) effect(s approval.State) approval.Effect {
	if s.Effect == nil {
		return approval.Effect{}
	}
	return *s.Effect
}

// plan is a route of one to three steps; the policy's worker makes no others, but
// anybody may stand in it.
func (p *tape) plan(s approval.State) approval.Plan {
	modes := []approval.Mode{approval.AnyOf, approval.AllOf, approval.InOrder, approval.Quorum, approval.Ratio,
		approval.PerGroup}
	var steps []approval.Step
	for range 1 + p.n(3) {
		one := step(modes[p.n(len(modes))])
		for range 1 + p.n(3) {
			who := []string{"li", "wu", "zoe", "max", queue}[p.n(5)]
			if p.odd() {
				who = "sue"
			}
			if !slices.ContainsFunc(one.Approvers, func(a approval.Approver) bool { return a.Person == who }) {
				one.Approvers = append(one.Approvers, approval.Approver{Person: who, Via: "user", Group: who[:1], Weight: int64(p.n(4))})
			}
		}
		if one.Mode == approval.Quorum || one.Mode == approval.Ratio {
			one.Votes = &approval.Votes{Count: 1 + p.wrong(), Num: 1 + int64(p.wrong()), Den: 2 + int64(p.wrong())}
		}
		one.Need = []approval.Need{approval.NeedsPeople, approval.NeedsPeople, approval.AutoApprove, approval.Skip}[p.n(4)]
		one.Allow = []string{"transfer", "consult", "add_signer", "hold", "request_info", "retract", "extend"}
		if p.n(2) == 1 {
			one = late(one, rules[p.n(len(rules))])
		}
		steps = append(steps, one)
	}
	for i := range steps {
		steps[i].ID = "s" + string(rune('1'+i))
	}
	made := plan(s.Round+p.wrong(), steps...)
	made.Humans = p.n(2) * p.n(2)
	return made
}

func (p *tape) strike(r *stream) approval.Command {
	if struck := r.state.Strike(r.now); len(struck) > 0 && !p.odd() {
		s := struck[0]
		s.To = []approval.Approver{{Person: p.one("max", "mia", queue), Via: "user"}}
		s.To[0].Person = strings.ToValidUTF8(s.To[0].Person, "?")
		return s
	}
	return approval.Struck{Task: strings.ToValidUTF8(p.task(r.state), "?"), Due: p.n(2) == 0, N: p.n(5) - 1}
}

func (p *tape) task(s approval.State) string {
	var open, ids []string
	for _, t := range s.Tasks {
		ids = append(ids, t.ID)
		if t.State == approval.TaskOpen {
			open = append(open, t.ID)
		}
	}
	if p.n(5) > 0 {
		return p.one(open...)
	}
	return p.one(ids...)
}

// names are all acts there are, and what is none.
func (p *tape) name() approval.Name {
	all := []approval.Name{
		approval.Approve, approval.Approve, approval.Approve, approval.Approve, approval.Reject, approval.Return, approval.Resubmit, approval.Withdraw,
		approval.Resolve, approval.Transfer, approval.Consult, approval.AddSigner, approval.RemoveSigner, approval.Retract,
		approval.Hold, approval.RequestInfo, approval.Release, approval.Extend, approval.Intervene,
	}
	if p.odd() {
		return approval.Name(p.text())
	}
	return all[p.n(len(all))]
}

func (p *tape) act(r *stream) approval.Act {
	a := r.act(p.name(), "nobody")
	a.Task = p.task(r.state)
	whose := ""
	if i := slices.IndexFunc(r.state.Tasks, func(t approval.Task) bool { return t.ID == a.Task }); i >= 0 {
		whose = r.state.Tasks[i].Assignee
	}
	switch {
	case a.Name == approval.Resubmit || a.Name == approval.Withdraw || a.Name == approval.Release:
		a.Actor = p.one("sue", "rob")
	case a.Name == approval.Intervene:
		a.Actor, a.Maker = p.one("ada", "al"), p.one("al", "ada", "")
	case a.Name == approval.Resolve || whose == queue:
		a.Actor, a.OnBehalfOf = p.one("ada"), whose
	default:
		a.Actor = p.one(whose, whose, whose, "li")
	}
	if p.odd() {
		a.Document, a.Round, a.ContentHash, a.OnBehalfOf = p.one(doc), p.n(5)-1, p.text(), p.one("li")
	}
	p.details(r.state, &a)
	return a
}

// details are what some acts name beside the task.
func (p *tape) details(s approval.State, a *approval.Act) {
	switch a.Name {
	case approval.Resubmit:
		a.Revision, a.NewHash = s.Revision+1+p.wrong(), p.one("hash2", "hash3")
	case approval.Return:
		if p.n(2) == 1 {
			a.ToStep, a.Back = p.one("s1", "s2"), p.one("restart", "straight")
		}
	case approval.Transfer, approval.Consult, approval.AddSigner, approval.RemoveSigner:
		a.To, a.Where = []string{p.one("max", "mia", "zoe", "bo")}, ""
		if a.Name == approval.AddSigner {
			a.Where = p.one("before", "after", "beside")
		}
	case approval.Intervene:
		a.Ruling = p.one(approval.RulingReassign, approval.RulingReplan, approval.RulingRelease, approval.RulingVoid, approval.RulingJump)
		a.ToStep = p.one("s1", "s2", "s3")
		if a.Ruling == approval.RulingReassign {
			a.To = []string{p.one("max", "mia", "zoe")}
		}
	case approval.Extend:
		a.Extra = p.one("1 workday", "")
	case approval.Resolve:
		a.Task, a.OnBehalfOf = "", ""
		a.Effect, a.Attempt = s.PlanReference(), s.PlanAttempt+p.wrong()
		if e := p.effect(s); e.Reference != "" {
			a.Effect, a.Attempt = e.Reference, e.Attempt+p.wrong()
		}
		a.Ruling, a.Date = p.one(approval.RulingRetry, approval.RulingRedate, approval.RulingVoid), p.one("2026-12-01")
	}
	a.Opinion = p.one("because")
}

// commandSeeds are tapes that go through every branch of command once and again:
// `make test` plays them, the fuzzer goes on from them.
func commandSeeds() [][]byte {
	seeds := [][]byte{nil}
	state := uint32(2463534242)
	for n := range 400 {
		tape := []byte{byte(n % 7), 0} // begins with a plan
		for range 60 + n {
			state ^= state << 13
			state ^= state >> 17
			state ^= state << 5
			tape = append(tape, byte(state>>11))
		}
		seeds = append(seeds, tape)
	}
	return seeds
}
