package pages

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy"
)

// Where a stop of a route stands, as the style sheet and the catalogs call it.
const (
	standsDone    = "done"
	standsNow     = "now"
	standsNext    = "next"
	standsAuto    = "auto"    // approved by rule
	standsSkipped = "skipped" // not needed
	standsStuck   = "stuck"   // waits for a ruling
	standsStopped = "stopped" // ended here
	standsNever   = "never"   // not reached any more
	standsJumped  = "jumped"  // passed over by an administrator
)

// stop is one step of a route as people read it.
type stop struct {
	Title, Stands, Reason, Note, Mode, Within, Copied string

	Step   string // its id
	Latest string // in a preview: by when it is decided at the latest

	People   []stopPerson
	Branches []stopBranch // of a fork: what is asked at the same time
}

// stopPerson is somebody asked at a step, and what they did.
type stopPerson struct {
	Name, Via, Opinion, By string

	State approval.TaskState // "" before they are asked
	Since stamp              // they were asked
	At    stamp
	Due   deadline
	Left  string // how much working time they have, "" where there is no deadline
}

// routeOf tells a plan as its state has it; the zero state is a preview.
func (v *visit) routeOf(plan *approval.Plan, s approval.State) []stop {
	if plan == nil {
		return nil
	}
	stops := v.stopsOf(plan, plan.Steps, 0, s)
	for _, then := range plan.Then {
		if then == approval.ThenAccrue {
			stops = append(stops, v.posting(s))
		}
	}
	if plan.CC != nil {
		stops = append(stops, v.copying(plan.CC, s))
	}
	return stops
}

func standsAt(step approval.Step, s approval.State) string {
	switch {
	case step.Need == approval.AutoApprove:
		return standsAuto
	case step.Need == approval.Skip:
		return standsSkipped
	case s.Document == "":
		return standsNext
	case slices.Contains(s.Jumped, step.ID):
		return standsJumped
	case s.Over(step.ID):
		return standsDone
	}
	asked := slices.ContainsFunc(s.Tasks, func(t approval.Task) bool { return t.Step == step.ID && !t.Past })
	ended := s.Status == approval.Returned || s.Status == approval.Rejected || s.Status == approval.Withdrawn ||
		s.Status == approval.Voided
	switch {
	case ended && asked:
		return standsStopped
	case ended:
		return standsNever
	case asked && s.Status == approval.Pending:
		return standsNow
	case s.Status == approval.Submitted || s.Status == approval.Pending:
		return standsNext
	}
	return standsDone
}

// compared is the commonest condition of a policy, as expr gives its reasons.
var compared = regexp.MustCompile(
	`^amount (>=|>|<=|<) money\("([0-9.]+)"\) is (true|false): amount = (-?[0-9.]+) ([A-Z]{3})$`)

// amountSeen finds a reason that speaks of the amount.
var amountSeen = regexp.MustCompile(`(: |, )amount = `)

var signs = map[string]string{">=": "≥", ">": ">", "<=": "≤", "<": "<", "==": "=", "!=": "≠"}

// because is why a step is needed or not; a step that is always needed needs no
// reason. One that is more than comparisons is shown as the policy writes it.
func (v *visit) because(reason string) string {
	if reason == "always" {
		return ""
	}
	m := compared.FindStringSubmatch(reason)
	if m == nil {
		return cmp.Or(v.comparedSeveral(reason), policy.Reason(reason, v.locale))
	}
	limit := m[5] + space + grouped(m[2])
	return v.t("page.route.compared."+m[3], "sign", signs[m[1]], "limit", limit, "amount", m[5]+space+grouped(m[4]))
}

// reason is why a step of a plan is needed or not; where the amount decides that, and
// others were added to it, what it is made of.
func (v *visit) reason(plan *approval.Plan, step approval.Step) string {
	why := v.because(step.Reason)
	if c := plan.Counted; c != nil && c.Count > 0 && amountSeen.MatchString(step.Reason) {
		why = v.t("page.counted.reason", "why", why, "counted", v.counted(c))
	}
	return why
}

func (v *visit) mode(step approval.Step) string {
	if len(step.Approvers) < 2 {
		return ""
	}
	return v.optional("mode."+string(step.Mode), string(step.Mode))
}

func (v *visit) within(step approval.Step) string {
	due := step.Clock.Due
	if due.Count == 0 || step.Need != approval.NeedsPeople {
		return ""
	}
	return v.optionalCount("page.within."+string(due.Unit), due.Count, due.String())
}

// askedAt are those asked at a step: by their tasks where there are any.
func (v *visit) askedAt(step approval.Step, s approval.State) []stopPerson {
	var list []stopPerson
	for _, t := range s.Tasks {
		if t.Step != step.ID {
			continue
		}
		p := stopPerson{
			Name: v.name(t.Assignee), Via: v.via(t.Via), State: t.State, Opinion: t.Opinion,
			Since: v.stamp(t.OpenedAt, s.Entity), At: v.stamp(t.DecidedAt, s.Entity),
		}
		if t.State == approval.TaskOpen && s.Stopped == nil { // a clock that stands still tells no time
			p.Due, p.Left = v.due(t.DueAt, s.Entity), v.left(step.Clock, t.DueAt)
		} else if t.DecidedBy != "" && t.DecidedBy != t.Assignee {
			p.By = v.name(t.DecidedBy)
		}
		list = append(list, p)
	}
	for _, a := range s.Agreed {
		if a.Step == step.ID {
			list = append(list, stopPerson{Name: v.name(a.Person), Via: v.t("page.route.spared")})
		}
	}
	if len(list) > 0 {
		return list
	}
	for _, a := range step.Approvers {
		list = append(list, stopPerson{Name: v.name(a.Person), Via: v.via(a.Via)})
	}
	return list
}

// spared names who agreed before, and is not asked again.
func (v *visit) spared(agreed []approval.Agreed) string {
	people := make([]string, len(agreed))
	for i, a := range agreed {
		people[i] = a.Person
	}
	return v.names(people)
}

// posting is the stop after the approval: the voucher.
func (v *visit) posting(s approval.State) stop {
	last := stop{Title: v.t("page.route.posting"), Stands: standsNext}
	switch {
	case s.Effect == nil && s.Status.Final() || s.Status == approval.Returned:
		last.Stands = standsNever
	case s.Effect == nil:
	case s.Effect.State == approval.EffectPending:
		last.Stands = standsNow
	case s.Effect.State == approval.EffectParked:
		last.Stands = standsStuck
		last.Note = v.codeText(s.Effect.Code, s.Effect.Detail, s.Effect.Date)
	case s.Effect.State == approval.EffectPosted:
		last.Stands = standsDone
		last.Note = v.t("page.route.posted", "number", s.Effect.Number)
	case s.Effect.State == approval.EffectVoid:
		last.Stands = standsStopped
	}
	return last
}

// codeText is what the reader is told of a stored code, with the words of who
// gave it and the posting date, "" where it is not known.
func (v *visit) codeText(code, words, date string) string {
	if code == "" {
		return ""
	}
	if date == "" {
		date = v.t("page.parked.some_date")
	}
	details := []fault.Detail{fault.Arg("words", words), fault.Arg("date", shownDate(v.locale, date))}
	for name, value := range fault.WrittenArgs(code, words) { // of our own: its words are only its arguments
		details = append(details, fault.Arg(name, value))
	}
	return placeless(v.faultText(fault.New(fault.Invalid, code, details...)))
}

// quoted is the ERP's own words, where a text does not say them already; a refusal of our
// own has none.
func quoted(code, text, words string) string {
	if strings.Contains(text, words) || fault.WrittenArgs(code, words) != nil {
		return ""
	}
	return words
}

// planReference says whether what is parked is a route, not a voucher.
func planReference(reference string) bool { return strings.HasPrefix(reference, "plan:") }
