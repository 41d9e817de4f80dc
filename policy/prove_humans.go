package policy

import (
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
)

// sight is what a plan means in humans: who may come to decide each step, at once
// or after any number of deadlines.
type sight struct {
	interested map[string]bool // humans
	admins     []string        // uninterested holders of the admin queue
	deciders   [][]string      // by step: every account that may decide in it
	choices    [][]string      // by step: the humans behind them
	places     []int           // by step: how many different humans must decide in it
	byClock    []bool          // by step: a deadline may decide it
}

func (c *proving) sightOf(plan approval.Plan, content document.Content) *sight {
	s := &sight{interested: map[string]bool{}}
	for _, person := range []string{content.Submitter, content.Requester, employee(content.Payee)} {
		s.interested[c.humans.behind(person)] = true
	}
	for _, admin := range plan.Admins {
		if !s.interested[c.humans.behind(admin)] {
			s.admins = append(s.admins, admin)
		}
	}
	for _, step := range plan.Steps {
		deciders := c.deciders(step, content, s)
		var choices []string
		for _, person := range deciders {
			if human := c.humans.behind(person); !slices.Contains(choices, human) {
				choices = append(choices, human)
			}
		}
		s.deciders, s.choices = append(s.deciders, deciders), append(s.choices, choices)
		s.places = append(s.places, placesOf(step))
		s.byClock = append(s.byClock, step.OnTimeout.Do == approval.TimeoutApprove)
	}
	return s
}

func employee(p document.Payee) string {
	if p.Kind == document.PayeeEmployee {
		return p.ID
	}
	return ""
}

// deciders follows every deadline to its end: up the managers or to the role, and
// then to the admin queue.
func (c *proving) deciders(step approval.Step, content document.Content, s *sight) []string {
	var all []string
	add := func(person string) {
		if !slices.Contains(all, person) {
			all = append(all, person)
		}
	}
	asked := candidates(step)
	if chosen(step) && c.policy.Steps[c.stepOf(step.Late.Chooser)].When != "" {
		asked = append(asked, approval.AdminQueue) // nobody may have been there to choose
	}
	for _, person := range asked {
		if person == approval.AdminQueue {
			for _, admin := range s.admins {
				add(admin)
			}
			continue
		}
		add(person)
		if step.OnTimeout.Do == approval.TimeoutEscalate {
			for _, m := range c.org.Chain(person) {
				if m.Active && !s.interested[c.humans.behind(m.ID)] {
					add(m.ID)
				}
			}
		}
	}
	if step.OnTimeout.Do == approval.TimeoutReassign {
		for _, p := range c.holders(step.OnTimeout.Role, content.Entity) {
			if !s.interested[c.humans.behind(p)] {
				add(p)
			}
		}
	}
	if step.OnTimeout.Do == approval.TimeoutEscalate || step.OnTimeout.Do == approval.TimeoutReassign {
		for _, admin := range s.admins {
			add(admin)
		}
	}
	return all
}

// chosen says whether earlier approvers choose who decides a step.
func chosen(s approval.Step) bool { return s.Late != nil && s.Late.Chooser != "" }

// holders remembers who holds a role for an entity.
func (c *proving) holders(role, entity string) []string {
	key := role + "@" + entity
	if known, ok := c.holding[key]; ok {
		return known
	}
	var people []string
	for _, p := range c.org.Holders(role, entity) {
		people = append(people, p.ID)
	}
	c.holding[key] = people
	return people
}

// placesOf is the least number of different humans that a step needs to agree.
func placesOf(s approval.Step) int {
	if chosen(s) {
		return 1 // one may be all who is chosen
	}
	switch s.Mode {
	case approval.AllOf, approval.InOrder:
		return len(s.Approvers)
	case approval.Quorum:
		if s.Votes != nil {
			return s.Votes.Count
		}
	case approval.Ratio:
		return leastVotes(s)
	case approval.PerGroup:
		groups := map[string]bool{}
		for _, a := range s.Approvers {
			groups[a.Group] = true
		}
		return len(groups)
	}
	return 1
}

// leastVotes counts the heaviest voters first: fewer can never be enough.
func leastVotes(s approval.Step) int {
	if s.Votes == nil || s.Votes.Den == 0 {
		return 1
	}
	var weights []int64
	var total, sum int64
	for _, a := range s.Approvers {
		weights = append(weights, max(1, a.Weight))
		total += max(1, a.Weight)
	}
	slices.Sort(weights)
	slices.Reverse(weights)
	for n, w := range weights {
		if sum += w; sum*s.Votes.Den >= s.Votes.Num*total {
			return n + 1
		}
	}
	return max(1, len(weights))
}

// enough holds that no fewer distinct humans than required can bring a request
// through all its steps.
func (c *proving) enough(r request) {
	if r.humans == 0 {
		return
	}
	var steps []int
	for i, need := range r.needs {
		if need == approval.NeedsPeople && !r.sight.byClock[i] {
			steps = append(steps, i)
		}
	}
	for n := range r.humans {
		if team, ok := r.sight.through(steps, nil, n); ok {
			x := r.example()
			x.team = append([]string{}, team...)
			c.counter(LevelError, "policy.too_few_humans", -1, x,
				fault.Arg("humans", strconv.Itoa(r.humans)), fault.Arg("from", c.limitOf(r.content.BaseTotal.Minor)))
			return
		}
	}
}

// limitOf is the limit that an amount falls under, as written.
func (c *proving) limitOf(minor int64) string {
	text, most := "", 0
	for _, limit := range c.policy.Require {
		if minor >= limit.From.Minor && limit.Humans > most {
			text, most = limit.From.Text(), limit.Humans
		}
	}
	return text
}

// through looks for a team, of `more` humans beside those already in it, that can
// decide all steps. It grows the team by the step with too few, so it is complete:
// some member has to come from among that step's choices.
func (s *sight) through(steps []int, team []string, more int) ([]string, bool) {
	for _, i := range steps {
		have := 0
		for _, human := range team {
			if slices.Contains(s.choices[i], human) {
				have++
			}
		}
		if have >= s.places[i] {
			continue
		}
		if more < s.places[i]-have {
			return nil, false
		}
		for _, human := range s.choices[i] {
			if slices.Contains(team, human) {
				continue
			}
			if full, ok := s.through(steps, append(slices.Clone(team), human), more-1); ok {
				return full, true
			}
		}
		return nil, false
	}
	return team, true
}
