package notice

import (
	"slices"
	"time"

	"github.com/countersign/countersign/domain/calendar"
)

// Window is the time over which a budget is counted, and it rolls.
const Window = time.Hour

// aloneMost is how many urgent notices come each by itself; more at once come together.
const aloneMost = 3

// Manners are how the house tells people, everybody alike. The zero value tells everything
// at once, each by itself. 通知规则
type Manners struct {
	Budget  int           // how often somebody is told in a Window, over all channels; 0 = as often as it happens
	Gather  time.Duration // after one telling what follows gathers so long, after two twice as long …; 0 = never
	Working bool          // what is not urgent waits outside somebody's working time

	DigestHour int               // when what was held is told, in somebody's zone
	Unanswered calendar.Duration // who was asked and did not look is told by another channel after it; zero: never
}

// Waiting is one notice that is due.
type Waiting struct {
	ID, Kind string
	Urgent   bool // its document is
}

// Situation is what is known of somebody at an instant.
type Situation struct {
	Now     time.Time
	Zone    *time.Location
	Working bool        // it is their working time
	Spent   []time.Time // when they were told within the last Window, urgently or not
	Reach   []Channel   // by which they can be told
}

// Why says why a notice waits in the digest, or stays in the list of notices. 暂存原因
type Why string

// The reasons.
const (
	OverBudget  Why = "budget"      // they were told often enough for now
	InQuiet     Why = "quiet"       // their quiet hours
	OffHours    Why = "off_hours"   // a holiday, or outside their working time
	AsWished    Why = "wished"      // they want such things in the digest
	Unreachable Why = "unreachable" // no address, no app
	Unwanted    Why = "muted"       // they do without: it is in the list only
	Nobody      Why = "nobody"      // nobody by that name works here any more: it is in the list only
)

// ForDigest says whether what waits for a reason is told in the digest.
func (w Why) ForDigest() bool { return w != Unwanted && w != Nobody }

// Telling is one message: what counts against a budget.
type Telling struct {
	Notices  []string
	Urgency  Urgency
	Channels []Channel // in the order in which they are tried
}

// Held is a notice that is not told now.
type Held struct {
	ID  string
	Why Why
}

// Plan is what becomes of the notices of one person that are due: each is in one of the
// three. 派送计划
type Plan struct {
	Tell  []Telling
	Hold  []Held
	Wait  []string // they gather
	Until time.Time
}

// Plan says how somebody is told of what is due.
//
//   - What is urgent is told now.
//   - What must not disturb them waits for the digest.
//   - The rest gathers, and is told together while there is budget; the last of a budget
//     is kept for the digest.
func (m Manners) Plan(due []Waiting, w Wishes, s Situation) Plan {
	p := planning{Manners: m, wishes: w, Situation: s, groups: map[Urgency][]string{}}
	for _, n := range due {
		p.sort(n)
	}
	p.tell(Urgent)
	if until := m.gathers(s); until.After(s.Now) {
		p.Wait, p.Until = slices.Concat(p.groups[Ordinary], p.groups[News]), until
		return p.Plan
	}
	p.tell(Ordinary)
	p.tell(News)
	return p.Plan
}

// planning is a plan in the making.
type planning struct {
	Manners
	Situation
	Plan
	wishes Wishes
	groups map[Urgency][]string
	spent  int // of this plan
}

// sort puts a notice into its group, or holds it.
func (p *planning) sort(n Waiting) {
	urgency := UrgencyOf(n.Kind, n.Urgent)
	hold := func(why Why) { p.Hold = append(p.Hold, Held{n.ID, why}) }
	switch {
	case !p.wishes.Mailed(n.Kind):
		hold(Unwanted)
	case len(p.Reach) == 0:
		hold(Unreachable)
	case urgency == Urgent:
		p.groups[Urgent] = append(p.groups[Urgent], n.ID)
	case p.wishes.Ways[urgency] == InDigest:
		hold(AsWished)
	case p.wishes.quiet(p.Now, p.Zone):
		hold(InQuiet)
	case p.Manners.Working && !p.Situation.Working && !p.wishes.AnyTime:
		hold(OffHours)
	default:
		p.groups[urgency] = append(p.groups[urgency], n.ID)
	}
}

// tell tells a group, each by itself or all together.
func (p *planning) tell(u Urgency) {
	group := p.groups[u]
	if len(group) == 0 {
		return
	}
	together := p.Gather > 0 && len(group) > 1 && (u != Urgent || len(group) > aloneMost)
	size := 1
	if together {
		size = len(group)
	}
	for some := range slices.Chunk(group, size) {
		if u != Urgent && p.Budget > 0 && len(p.Spent)+p.spent >= p.Budget-1 {
			for _, id := range some {
				p.Hold = append(p.Hold, Held{id, OverBudget})
			}
			continue
		}
		p.spent++
		p.Tell = append(p.Tell, Telling{Notices: some, Urgency: u, Channels: p.wishes.Channels(u, p.Reach)})
	}
}

// gathers is until when what is not urgent gathers: the more somebody was told lately,
// the longer, so that a steady stream never spends the budget.
func (m Manners) gathers(s Situation) time.Time {
	if m.Gather <= 0 || len(s.Spent) == 0 {
		return time.Time{}
	}
	return slices.MaxFunc(s.Spent, time.Time.Compare).Add(time.Duration(len(s.Spent)) * m.Gather)
}

// MayRepeat says whether a telling that failed may be tried again: others were told
// meanwhile, and a try may have arrived. Spent is without the telling itself.
func (m Manners) MayRepeat(u Urgency, spent int) bool {
	return u == Urgent || m.Budget == 0 || spent < m.Budget-1
}

// MayDigest says whether there is budget for a digest.
func (m Manners) MayDigest(spent int) bool { return m.Budget == 0 || spent < m.Budget }

// Digest is what is known of somebody's digest at an instant.
type Digest struct {
	Now    time.Time
	Oldest time.Time // when the oldest came of what is held
	Last   time.Time // of the digest before; zero for none
	Zone   *time.Location
	Works  func(calendar.Date) bool // which days they work
}

// DigestDue says whether somebody's digest is due: once what is held was there at the hour
// they chose, on their working days, and never in their quiet hours.
func (m Manners) DigestDue(w Wishes, d Digest) bool {
	hour := m.DigestHour
	if w.DigestHour != 0 {
		hour = w.DigestHour
	}
	local := d.Now.In(d.Zone)
	at := time.Date(local.Year(), local.Month(), local.Day(), hour, 0, 0, 0, d.Zone)
	if at.After(d.Now) {
		at = time.Date(local.Year(), local.Month(), local.Day()-1, hour, 0, 0, 0, d.Zone)
	}
	if !d.Last.Before(at) || d.Oldest.After(at) || w.quiet(d.Now, d.Zone) {
		return false
	}
	return !m.Working || w.AnyTime || d.Works(calendar.DateOf(at, d.Zone)) && d.Works(calendar.DateOf(d.Now, d.Zone))
}
