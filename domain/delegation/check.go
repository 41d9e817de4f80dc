package delegation

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/countersign/countersign/domain/fault"
)

// Limits of rules.
const (
	PeriodMax = 366 * 24 * time.Hour
	RulesMax  = 20  // of one person that are not over
	TypesMax  = 50  // of one rule
	ReasonMax = 500 // characters
)

// Check judges a new rule beside those that are not over.
//
// Errors: Invalid delegation.self, to_maker, bad_period, too_long, bad_cap, bad_reason,
// reason_required; Conflict delegation.too_many, delegation.cycle.
func Check(r Rule, live []Rule, now time.Time) error {
	if err := r.wellFormed(now); err != nil {
		return err
	}
	own := 0
	for _, other := range live {
		if other.Person == r.Person && now.Before(other.Until) && other.RevokedAt.IsZero() {
			own++
		}
	}
	if own >= RulesMax {
		return fault.New(fault.Conflict, "delegation.too_many", count("max", RulesMax))
	}
	if closesCycle(r, live) {
		return fault.New(fault.Conflict, "delegation.cycle", fault.Field("delegate"), fault.Arg("person", r.Delegate))
	}
	return nil
}

// wellFormed judges a rule by itself.
func (r Rule) wellFormed(now time.Time) error {
	switch {
	case r.Person == "" || r.Delegate == "":
		return fault.New(fault.Invalid, "delegation.unknown_person", fault.Field("delegate"), fault.Arg("person", r.Delegate))
	case r.Person == r.Delegate:
		return Self()
	case !r.From.Before(r.Until) || !now.Before(r.Until):
		return fault.New(fault.Invalid, "delegation.bad_period", fault.Field("until"))
	case r.Until.Sub(r.From) > PeriodMax:
		return fault.New(fault.Invalid, "delegation.too_long", fault.Field("until"), count("max", int(PeriodMax.Hours())/24))
	case len(r.Types) > TypesMax:
		return fault.New(fault.Invalid, "delegation.too_many_types", fault.Field("types"), count("max", TypesMax))
	case r.Cap.Currency != "" && r.Cap.Minor <= 0:
		return fault.New(fault.Invalid, "delegation.bad_cap", fault.Field("cap"))
	case !plain(r.Reason):
		return fault.New(fault.Invalid, "delegation.bad_reason", fault.Field("reason"), count("max", ReasonMax))
	case r.MadeBy != r.Person && r.MadeBy == r.Delegate:
		return ToMaker()
	case r.MadeBy != r.Person && r.Reason == "":
		return ReasonRequired()
	}
	return nil
}

// CheckRevocation judges taking back a rule.
//
// Errors: Conflict delegation.over; Invalid delegation.bad_reason, reason_required.
func CheckRevocation(r Rule, by, reason string, now time.Time) error {
	switch {
	case r.At(now) == Ended:
		return fault.New(fault.Conflict, "delegation.over", instant("at", r.Until))
	case !plain(reason):
		return fault.New(fault.Invalid, "delegation.bad_reason", fault.Field("reason"), count("max", ReasonMax))
	case by != r.Person && reason == "":
		return ReasonRequired()
	}
	return nil
}

// closesCycle says whether, at some instant of a rule, other rules lead from its
// delegate back to its person. The set of rules in force grows only where one
// begins, so those instants are all that need a look.
func closesCycle(r Rule, live []Rule) bool {
	if leadsTo(r.Delegate, r.Person, live, r.From) {
		return true
	}
	for _, other := range live {
		within := r.From.Before(other.From) && other.From.Before(r.Until)
		if within && leadsTo(r.Delegate, r.Person, live, other.From) {
			return true
		}
	}
	return false
}

// leadsTo says whether the rules in force at an instant lead from one person to
// another.
func leadsTo(from, to string, rules []Rule, at time.Time) bool {
	seen := map[string]bool{from: true}
	for reached := []string{from}; len(reached) > 0; reached = reached[1:] {
		for _, r := range rules {
			if r.Person != reached[0] || r.At(at) != Current || seen[r.Delegate] {
				continue
			}
			if r.Delegate == to {
				return true
			}
			seen[r.Delegate] = true
			reached = append(reached, r.Delegate)
		}
	}
	return false
}

func plain(text string) bool {
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > ReasonMax {
		return false
	}
	for _, c := range text {
		if c == 0 {
			return false
		}
	}
	return true
}

func count(name string, n int) fault.Detail { return fault.Arg(name, strconv.Itoa(n)) }

func instant(name string, at time.Time) fault.Detail {
	return fault.Arg(name, at.UTC().Format(time.RFC3339))
}
