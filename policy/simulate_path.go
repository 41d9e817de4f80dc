package policy

import (
	"cmp"
	"reflect"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
)

// change says in what two routes of one document differ.
type change struct {
	broken    bool // it had a plan, and has none any more
	mended    bool // it had none, and has one
	needs     bool // a step came, went, or is decided by rule where people did, or the other way round
	approvers bool // a step asks other people
	rule      bool // a step's mode, votes or veto, or the order of the steps
	terms     bool // deadlines, timeouts, or what approvers may do
}

// path says whether the document takes another way; terms leave the way as it is.
func (c change) path() bool { return c.broken || c.mended || c.needs || c.approvers || c.rule }

func compare(before, after routed) change {
	if before.code != "" || after.code != "" {
		return change{broken: before.code == "" && after.code != "", mended: before.code != "" && after.code == ""}
	}
	old, next := walked(before.plan), walked(after.plan)
	c := change{}
	for _, s := range old {
		i := slices.IndexFunc(next, func(n approval.Step) bool { return n.ID == s.ID })
		if i < 0 || next[i].Need != s.Need {
			c.needs = true
			continue
		}
		c = c.with(s, next[i])
	}
	for _, s := range next {
		if !slices.ContainsFunc(old, func(o approval.Step) bool { return o.ID == s.ID }) {
			c.needs = true
		}
	}
	c.rule = c.rule || !c.needs && !slices.EqualFunc(old, next, func(a, b approval.Step) bool { return a.ID == b.ID })
	c.terms = c.terms || !slices.Equal(before.plan.Then, after.plan.Then) || !sameCopies(before.plan.CC, after.plan.CC) ||
		!reflect.DeepEqual(before.plan.SignIn, after.plan.SignIn) || before.plan.Passkey != after.plan.Passkey
	return c
}

// walked leaves out the steps that are skipped: the document never stops there.
func walked(plan approval.Plan) []approval.Step {
	return slices.DeleteFunc(slices.Clone(plan.Steps), func(s approval.Step) bool { return s.Need == approval.Skip })
}

// with adds in what a step that both routes have differs.
func (c change) with(a, b approval.Step) change {
	if a.Need != approval.NeedsPeople {
		return c
	}
	c.rule = c.rule || a.Mode != b.Mode || a.OnReject != b.OnReject || a.Once != b.Once ||
		!reflect.DeepEqual(a.Votes, b.Votes) ||
		!reflect.DeepEqual(untitled(a.Branches), untitled(b.Branches))
	c.approvers = c.approvers || !reflect.DeepEqual(a.Late, b.Late)
	if a.Mode == approval.InOrder {
		c.approvers = c.approvers || !slices.EqualFunc(a.Approvers, b.Approvers, samePlace)
	} else {
		c.approvers = c.approvers || !slices.EqualFunc(byPerson(a.Approvers), byPerson(b.Approvers), samePlace)
	}
	c.terms = c.terms || a.Clock != b.Clock || a.OnTimeout != b.OnTimeout || !slices.Equal(a.Allow, b.Allow) ||
		!slices.Equal(a.Amend, b.Amend) || !sameCopies(a.CC, b.CC)
	return c
}

// sameCopies says whether the same people are copied in at the same moment.
func sameCopies(a, b *approval.Copies) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.On == b.On && slices.EqualFunc(byPerson(a.People), byPerson(b.People), samePlace)
}

// samePlace leaves out how they were found: the document goes to the same person.
func samePlace(a, b approval.Approver) bool {
	return a.Person == b.Person && a.Group == b.Group && a.Weight == b.Weight
}

func byPerson(approvers []approval.Approver) []approval.Approver {
	return slices.SortedFunc(slices.Values(approvers), func(a, b approval.Approver) int {
		return cmp.Or(cmp.Compare(a.Person, b.Person), cmp.Compare(a.Group, b.Group))
	})
}

// fewestYeses is how many people must agree at least for a step to be passed.
func fewestYeses(s approval.Step) int {
	if chosen(s) {
		return 1
	}
	switch s.Mode {
	case approval.AnyOf:
		return 1
	case approval.Quorum:
		if s.Votes != nil {
			return s.Votes.Count
		}
	case approval.Ratio:
		return fewestForRatio(s)
	case approval.PerGroup:
		groups := map[string]bool{}
		for _, a := range s.Approvers {
			groups[a.Group] = true
		}
		return len(groups)
	}
	return len(s.Approvers)
}

// fewestForRatio takes the heaviest votes first.
func fewestForRatio(s approval.Step) int {
	if s.Votes == nil || s.Votes.Den <= 0 {
		return len(s.Approvers)
	}
	var weights []int64
	var total, got int64
	for _, a := range s.Approvers {
		weights = append(weights, cmp.Or(a.Weight, 1))
		total += cmp.Or(a.Weight, 1)
	}
	slices.Sort(weights)
	slices.Reverse(weights)
	for n, w := range weights {
		got += w
		if got*s.Votes.Den >= s.Votes.Num*total {
			return n + 1
		}
	}
	return len(weights)
}

// pace is how long a step is expected to take, in seconds, and counts on what
// that rests: the record, the deadline, or nothing.
func (in SimulateInput) pace(s approval.Step, sum *Sum) int64 {
	if p, known := in.Paces[s.ID]; known && p.Passes > 0 {
		sum.Recorded++
		return int64(p.Mean / time.Second)
	}
	if s.Clock.Due.IsZero() {
		sum.Unknown++
		return 0
	}
	sum.ByDeadline++
	switch s.Clock.Due.Unit {
	case calendar.WorkHour:
		return s.Clock.Due.Count * 3600
	case calendar.WorkDay:
		return s.Clock.Due.Count * 24 * 3600
	}
	return s.Clock.Due.Count
}

// Stop is one step of a path that is shown.
type Stop struct {
	Step   string        `json:"step"`
	In     string        `json:"in,omitempty"` // the branch it stands in: reviews/2
	Need   approval.Need `json:"need"`
	Mode   approval.Mode `json:"mode,omitempty"`
	People []string      `json:"people,omitempty"`

	// By language; only where one document is told of.
	Title  map[string]string `json:"title,omitempty"`
	Branch map[string]string `json:"branch,omitempty"` // title of the innermost
}

// Path is the way of one document: its stops, or why there is none.
type Path struct {
	Fault string `json:"fault,omitempty"` // code
	Stops []Stop `json:"stops,omitempty"`
}

func pathOf(r routed) Path {
	path := Path{Fault: r.code}
	for _, s := range walked(r.plan) {
		stop := Stop{Step: s.ID, In: branchOf(s.Branches), Need: s.Need}
		if s.Need == approval.NeedsPeople {
			stop.Mode, stop.People = s.Mode, candidates(s)
		}
		path.Stops = append(path.Stops, stop)
	}
	return path
}
