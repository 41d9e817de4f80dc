package approvaltest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
)

const (
	one  = `([a-z][a-z0-9-]*)`
	some = `([a-z][a-z0-9-]*(?:, [a-z][a-z0-9-]*)*)`
)

// verbs is what people do, as a scenario says it, after their names.
var verbs = []struct {
	says *regexp.Regexp
	name approval.Name
	set  func(a *approval.Act, said []string)
}{
	{exactly(`approves`), approval.Approve, nil},
	{exactly(`approves, choosing ` + some), approval.Approve, toPeople},
	{exactly(`rejects`), approval.Reject, nil},
	{exactly(`returns`), approval.Return, nil},
	{exactly(`returns, straight`), approval.Return,
		func(a *approval.Act, _ []string) { a.Back = approval.BackStraight }},
	{exactly(`returns to ` + one + `(?:, (restart|straight))?`), approval.Return,
		func(a *approval.Act, said []string) { a.ToStep, a.Back = said[0], said[1] }},
	{exactly(`transfers to ` + some), approval.Transfer, toPeople},
	{exactly(`asks ` + some), approval.Consult, toPeople},
	{exactly(`advises`), approval.Consult, nil},
	{exactly(`adds ` + some + ` (before|after|beside)`), approval.AddSigner,
		func(a *approval.Act, said []string) { a.To, a.Where = people(said[0]), said[1] }},
	{exactly(`removes ` + one), approval.RemoveSigner, toPeople},
	{exactly(`retracts`), approval.Retract, nil},
	{exactly(`resubmits`), approval.Resubmit, nil},
	{exactly(`withdraws`), approval.Withdraw, nil},
	{exactly(`holds`), approval.Hold, nil},
	{exactly(`requests info`), approval.RequestInfo, nil},
	{exactly(`releases`), approval.Release, nil},
	{exactly(`extends by (\d+ [a-z]+)`), approval.Extend, func(a *approval.Act, said []string) { a.Extra = said[0] }},
	{exactly(`reassigns to ` + one + proposed), approval.Intervene,
		func(a *approval.Act, said []string) {
			a.Ruling, a.To, a.Maker = approval.RulingReassign, people(said[0]), said[1]
		}},
	{exactly(`jumps to ` + one + proposed), approval.Intervene,
		func(a *approval.Act, said []string) {
			a.Ruling, a.ToStep, a.Maker = approval.RulingJump, said[0], said[1]
		}},
	{exactly(`voids` + proposed), approval.Intervene, intervenes(approval.RulingVoid)},
	{exactly(`replans` + proposed), approval.Intervene, intervenes(approval.RulingReplan)},
	{exactly(`lets the clock go on` + proposed), approval.Intervene, intervenes(approval.RulingRelease)},
	{exactly(`sanctions (\d+(?:\.\d\d)?) of the (\d+(?:\.\d\d)?) of line (\d+)`), approval.Sanction, sanctions},
	{exactly(`amends (\S+) to "([^"]*)"`), approval.Amend, func(a *approval.Act, said []string) {
		a.Changes = []document.Change{{Field: said[0], Was: "as it was", Now: said[1]}}
	}},
	{exactly(`rules on the route: ` + one), approval.Resolve,
		func(a *approval.Act, said []string) { a.Effect, a.Ruling = "plan", said[0] }},
	{exactly(`rules on the voucher: ` + one + `(?: to (\S+))?`), approval.Resolve,
		func(a *approval.Act, said []string) { a.Ruling, a.Date = said[0], said[1] }},
}

// proposed names who proposed an intervention that somebody else approves.
const proposed = `(?:,? as ` + one + ` proposed)?`

func intervenes(ruling string) func(a *approval.Act, said []string) {
	return func(a *approval.Act, said []string) { a.Ruling, a.Maker = ruling, said[0] }
}

// sanctions approves an amount of a line; the documents of the scenarios have
// nothing else in them.
func sanctions(a *approval.Act, said []string) {
	yuan := func(text string) money.Amount {
		amount, _ := money.Parse(text, "CNY") // the pattern let amounts through only
		return amount
	}
	claimed, n := yuan(said[1]), int(number(said[2]))
	line := document.SanctionedLine{Line: n, Claimed: claimed, Was: claimed, Now: yuan(said[0])}
	a.Sanction = &document.Sanction{
		Lines: []document.SanctionedLine{line}, Claimed: line.Claimed, Was: line.Was, Now: line.Now,
	}
}

func toPeople(a *approval.Act, said []string) { a.To = people(said[0]) }

func exactly(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`^` + pattern + `(?:: (.+))?$`)
}

var (
	subject = regexp.MustCompile(`^` + one +
		`(?:, for ([a-z0-9 -]+),)?(?:, on the task of ([a-z0-9 -]+),)?(?:, having seen (other content|round \d+),)? (.+)$`)
	passing = regexp.MustCompile(`^(\d+ [a-z]+) pass(?:es)?$`)
	leaving = regexp.MustCompile(`^` + one + ` leaves the house$`)
	branch  = regexp.MustCompile(`^` + one + `/(\d+)$`)
	remind  = regexp.MustCompile(`^(\d+ [a-z]+) every (\d+ [a-z]+) at most (\d+)$`)
	votes   = regexp.MustCompile(`^(?:(quorum) (\d+) of|(ratio) (\d+)/(\d+) of|(any_of|all_of|in_order|per_group)) (.+)$`)
	voter   = regexp.MustCompile(`^` + one + `(?:\*(\d+))?(?:/` + one + `)?$`)
)

// readDeed reads a line of what happens.
func readDeed(line string) (Deed, error) {
	switch line {
	case "again":
		return Deed{Text: line, Kind: DeedAgain}, nil
	case "a route is found from now on":
		return Deed{Text: line, Kind: DeedMend}, nil
	case "tomorrow becomes a day off":
		return Deed{Text: line, Kind: DeedDayOff}, nil
	}
	if said := leaving.FindStringSubmatch(line); said != nil {
		return Deed{Text: line, Kind: DeedLeave, Act: approval.Act{Actor: said[1]}}, nil
	}
	if said := passing.FindStringSubmatch(line); said != nil {
		long, err := calendar.ParseDuration(said[1])
		return Deed{Text: line, Kind: DeedPass, Pass: Span(long)}, err
	}
	said := subject.FindStringSubmatch(line)
	if said == nil {
		return Deed{}, fmt.Errorf("%q is nothing that happens", line)
	}
	for _, verb := range verbs {
		words := verb.says.FindStringSubmatch(said[5])
		if words == nil {
			continue
		}
		d := Deed{Text: line, Kind: DeedAct, Task: person(said[3]), Seen: said[4], Act: approval.Act{
			Name: verb.name, Actor: said[1], OnBehalfOf: person(said[2]), Opinion: words[len(words)-1],
		}}
		if verb.set != nil {
			verb.set(&d.Act, words[1:])
		}
		return d, nil
	}
	return Deed{}, fmt.Errorf("%q is nothing that people do", said[5])
}

// readStep reads a step: its mode and people, then its settings after semicolons.
func readStep(id, text string) (approval.Step, error) {
	settings := strings.Split(text, "; ")
	step := approval.Step{
		ID: id, Title: map[string]string{"en": id}, Need: approval.NeedsPeople, Reason: "always",
		Clock: approval.Clock{Calendar: "always"},
	}
	switch settings[0] {
	case string(approval.AutoApprove), string(approval.Skip):
		step.Need, step.Reason = approval.Need(settings[0]), "amount < 1000"
		return step, nil
	}
	said := votes.FindStringSubmatch(settings[0])
	if said == nil {
		return step, fmt.Errorf("%q is no mode with people", settings[0])
	}
	step.Mode = approval.Mode(said[1] + said[3] + said[6])
	switch step.Mode {
	case approval.Quorum:
		step.Votes = &approval.Votes{Count: int(number(said[2]))}
	case approval.Ratio:
		step.Votes = &approval.Votes{Num: number(said[4]), Den: number(said[5])}
	}
	for _, name := range strings.Split(said[7], ", ") {
		a := approval.Approver{Person: person(name), Via: "user"}
		if who := voter.FindStringSubmatch(name); who != nil {
			a.Person, a.Weight, a.Group = who[1], number(who[2]), who[3]
		} else if a.Person != approval.AdminQueue {
			return step, fmt.Errorf("%q is nobody's name", name)
		}
		step.Approvers = append(step.Approvers, a)
	}
	for _, setting := range settings[1:] {
		if err := set(&step, setting); err != nil {
			return step, err
		}
	}
	return step, nil
}

// number reads digits; "" is zero.
func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64) // the pattern let digits through only
	return n
}

var everything = []string{
	"transfer", "consult", "add_signer", "remove_signer", "retract", "hold", "request_info", "extend",
	"sanction", "amend",
}

// set reads a setting of a step.
func set(step *approval.Step, setting string) (err error) {
	what, said, _ := strings.Cut(setting, " ")
	switch what {
	case "due":
		step.Clock.Due, err = calendar.ParseDuration(said)
		return err
	case "remind":
		words := remind.FindStringSubmatch(said)
		if words == nil {
			break
		}
		step.Clock.AtMost = int(number(words[3]))
		if step.Clock.First, err = calendar.ParseDuration(words[1]); err != nil {
			return err
		}
		step.Clock.Every, err = calendar.ParseDuration(words[2])
		return err
	case "on_reject":
		step.OnReject = said
		return oneOf(said, approval.RejectVeto, approval.RejectVote, approval.RejectEveryone)
	case "on_timeout":
		step.OnTimeout.Do = said
		return oneOf(said, approval.TimeoutEscalate, approval.TimeoutReassign, approval.TimeoutReject,
			approval.TimeoutApprove)
	case "same_approver":
		step.Once = said == "once"
		return oneOf(said, "once", "ask")
	case "amend":
		step.Amend = strings.Split(said, ", ")
		return nil
	case "copies":
		step.CC, err = copies(said, approval.CopyOpened, approval.CopyPassed)
		return err
	case "branch":
		for _, fork := range strings.Split(said, ", ") {
			words := branch.FindStringSubmatch(fork)
			if words == nil {
				return fmt.Errorf("%q is no branch of a fork", fork)
			}
			step.Branches = append(step.Branches, approval.Branch{Fork: words[1], N: int(number(words[2]))})
		}
		return nil
	case "chosen": // those named are whom the approvers of another step choose among
		step.Late = &approval.Late{Chooser: strings.TrimPrefix(said, "at ")}
		for _, a := range step.Approvers {
			step.Late.Among = append(step.Late.Among, a.Person)
		}
		step.Approvers = nil
		return nil
	case "found":
		step.Late = &approval.Late{}
		return oneOf(said, "when reached")
	case "allow":
		step.Allow = strings.Split(said, ", ")
		if said == "everything" {
			step.Allow = everything
		}
		for _, act := range step.Allow {
			if err := oneOf(act, everything...); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("%q is no setting of a step", setting)
}

func oneOf(word string, words ...string) error {
	for _, known := range words {
		if word == known {
			return nil
		}
	}
	return fmt.Errorf("%q is none of %s", word, strings.Join(words, ", "))
}
