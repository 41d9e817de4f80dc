package pages

import "github.com/countersign/countersign/domain/approval"

// actBar stays at the foot of a phone's screen: whoever is asked for something need
// not scroll past the whole document to it.
type actBar struct {
	Step    string
	Approve bool   // by one tap; what needs words or a choice first is done in its card
	Anchor  string // of that card
	Key     string // what it is about
}

// bar is what the reader is asked for first, nil for nothing.
func (d documentView) bar() *actBar {
	switch {
	case d.Decide != nil && d.Decide.Advice:
		return &actBar{Step: d.Decide.Step, Anchor: "decide", Key: "page.decide.answer"}
	case d.Decide != nil && (d.Fresh != nil || len(d.Decide.Choose) > 0):
		return &actBar{Step: d.Decide.Step, Anchor: "decide", Key: "page.bar.decide"}
	case d.Decide != nil:
		return &actBar{Step: d.Decide.Step, Anchor: "decide", Key: "page.bar.other",
			Approve: d.Decide.Verdict != string(approval.Reject)}
	case d.Stopped != nil && d.Stopped.Answer:
		return &actBar{Anchor: "stopped", Key: "page.bar.answer"}
	case d.Resubmit:
		return &actBar{Anchor: "returned", Key: "page.returned.title"}
	case d.Parked != nil && d.Parked.May:
		return &actBar{Anchor: "parked", Key: "page.parked.ruling"}
	}
	return nil
}
