package policy

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/fault"
)

var (
	timeouts = []string{approval.TimeoutEscalate, approval.TimeoutReject, approval.TimeoutApprove}
	allowed  = []string{"return", "transfer", "consult", "add_signer", "retract", "hold", "request_info", "extend",
		"sanction", allowAmend}
	allowLater = []string{"remove_signer", "release"}
	distinct   = []string{"submitter", "payee", "requester"}
)

func (r *reading) step(path string, raw stepYAML, in []Place, p *Policy) Step {
	s := Step{
		at: path, ID: r.unique(path+".id", raw.ID), Title: r.title(path+".title", raw.Title),
		When: strings.TrimSpace(raw.When), Otherwise: r.otherwise(path, raw),
		Due: r.due(path+".due", raw.Due), Remind: r.remind(path+".remind", raw.Remind), OnTimeout: r.timeout(path, raw),
		Allow: r.words(path+".allow", raw.Allow, allowed, allowLater),
	}
	s.Mode, s.Votes = r.mode(path+".mode", raw.Mode)
	s.OnReject = r.onReject(path+".on_reject", raw.OnReject, s.Mode)
	s.Amend = r.amend(path, raw)
	s.DistinctFrom, s.DistinctSteps = r.distinct(path+".distinct_from", raw.DistinctFrom, p.Steps)
	r.count(path+".approvers", len(raw.Approvers), FindersMax)
	matrices := append([]string{}, slices.Sorted(maps.Keys(p.Matrices))...)
	for i, f := range raw.Approvers {
		at := path + ".approvers[" + strconv.Itoa(i) + "]"
		s.Approvers = append(s.Approvers, r.finder(at, f, matrices))
		r.fits(at, s.Approvers[i], s.Mode, p)
	}
	s.Once = r.once(path+".same_approver", raw.SameApprover)
	s.AsOf = r.asOf(path+".approvers", raw.Approvers)
	r.chooser(path+".approvers", &s, raw.Approvers, p, in)
	s.CC = r.copying(path+".", raw.CC, raw.CCOn, stepCopiesOn, p)
	return s
}

// once says whether who agreed already is not asked again.
func (r *reading) once(path, word string) bool {
	return r.written(path) && r.oneOf(path, word, []string{"ask", "once"}) && word == "once"
}

// asOf is when a step's approvers are found: all its sources say the same.
func (r *reading) asOf(path string, all []finderYAML) string {
	late := func(f finderYAML) bool { return f.AsOf == asOfActivation }
	for i := range all {
		if late(all[i]) != late(all[0]) {
			r.refuse("policy.mixed_as_of", path+"["+strconv.Itoa(i)+"]")
			return ""
		}
	}
	if len(all) > 0 && late(all[0]) {
		return asOfActivation
	}
	return ""
}

// distinct reads who may not approve: interested people, and those asked in
// earlier steps.
func (r *reading) distinct(path string, given []string, earlier []Step) (people, steps []string) {
	known := slices.Clone(distinct)
	for _, s := range earlier {
		if !slices.Contains(known, s.ID) {
			known = append(known, s.ID)
		}
	}
	people = []string{"payee", "submitter"} // always
	for _, word := range r.words(path, given, known, nil) {
		switch {
		case !slices.Contains(distinct, word):
			steps = append(steps, word)
		case !slices.Contains(people, word):
			people = append(people, word)
		}
	}
	slices.Sort(people)
	slices.Sort(steps)
	return people, steps
}

// otherwise must be said where there is a condition: nothing is approved or
// skipped by default.
func (r *reading) otherwise(path string, raw stepYAML) approval.Need {
	when := strings.TrimSpace(raw.When) != ""
	switch {
	case !when && raw.Otherwise != "":
		r.refuse("policy.otherwise_without", path+".otherwise")
	case when && raw.Otherwise == "":
		r.refuse("policy.missing_otherwise", path+".when")
	case when:
		r.oneOf(path+".otherwise", raw.Otherwise, []string{string(approval.AutoApprove), string(approval.Skip)})
	case r.written(path + ".when"):
		r.refuse("policy.empty", path+".when")
	}
	return approval.Need(raw.Otherwise)
}

func (r *reading) written(path string) bool {
	_, ok := r.text.At[path]
	return ok
}

func (r *reading) due(path string, raw dueYAML) Due {
	if !r.written(path) {
		return Due{}
	}
	due := Due{Normal: r.duration(path+".normal", raw.Normal)}
	due.Urgent = due.Normal
	if raw.Urgent != "" {
		due.Urgent = r.duration(path+".urgent", raw.Urgent)
	}
	return due
}

func (r *reading) duration(path, text string) calendar.Duration {
	d, err := calendar.ParseDuration(text)
	if err != nil {
		r.refuse("policy.bad_duration", path, fault.Arg("value", text))
	}
	return d
}

func (r *reading) remind(path string, raw remindYAML) Remind {
	if !r.written(path) {
		return Remind{}
	}
	m := Remind{First: r.duration(path+".first", raw.First), AtMost: raw.AtMost}
	r.number(path+".at_most", raw.AtMost, 1, RemindersMax)
	switch {
	case raw.Every != "":
		m.Every = r.duration(path+".every", raw.Every)
	case raw.AtMost > 1:
		r.refuse("yaml.missing_key", path+".every", fault.Arg("key", "every"))
	}
	return m
}

func (r *reading) number(path string, n, least, most int) {
	if n < least || n > most {
		r.refuse("policy.bad_number", path, fault.Arg("value", strconv.Itoa(n)),
			fault.Arg("min", strconv.Itoa(least)), fault.Arg("max", strconv.Itoa(most)))
	}
}

// timeout is escalate where there is a deadline and nothing else is said.
func (r *reading) timeout(path string, raw stepYAML) approval.Timeout {
	at := path + ".on_timeout"
	hasDue := r.written(path + ".due")
	if !r.written(at) {
		if hasDue {
			return approval.Timeout{Do: approval.TimeoutEscalate}
		}
		return approval.Timeout{}
	}
	if !hasDue {
		r.refuse("policy.timeout_without_due", at)
	}
	if raw.OnTimeout.Values == nil {
		r.oneOf(at, raw.OnTimeout.Word, timeouts)
		return approval.Timeout{Do: raw.OnTimeout.Word}
	}
	role, ok := raw.OnTimeout.Values[approval.TimeoutReassign]
	if !ok || len(raw.OnTimeout.Values) != 1 || role == "" {
		r.refuse("policy.bad_value", at, fault.Arg("value", "{…}"), fault.Arg("nearest", ""),
			fault.Arg("known", strings.Join(timeouts, ", ")+", { reassign: role }"))
	}
	return approval.Timeout{Do: approval.TimeoutReassign, Role: role}
}
