package pages

import (
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/pages/diagram"
	"github.com/countersign/countersign/policy/rehearsal"
)

// playView is where a rehearsal stands.
type playView struct {
	Total    money.Amount
	Status   approval.Status
	Now      stamp
	Zone     string
	Refused  string
	Parts    []partView // whose turn it is
	Wait     string     // until when time may pass, "" where no clock runs
	Back     string     // address of one deed less, "" at the beginning
	Again    string     // address of the beginning
	Proof    []string   // what a decision would need in earnest
	Copied   string
	Route    []stop
	Drawing  *diagram.Drawing
	Timeline []moment

	Voucher   *previewView
	NoVoucher string
}

// partView is one person's part: who they are now, and what they could do.
type partView struct {
	Task, Name, Step, Why string
	Due                   deadline
	Acts                  []playAct
	Steps                 []choice // to which they might return it
	Choose                []choosing
	Also                  []playAct // what is explained only
}

// playAct is something to do, what it does, and what would follow.
type playAct struct{ Act, Does, Follows, Why string }

// play tells a rehearsal.
func (v *visit) play(in desk.Rehearsal, done desk.Rehearsed) (*playView, error) {
	entity := done.Content.Entity
	view := &playView{
		Total: done.Content.Total, Status: done.State.Status, Now: v.stamp(done.Now, entity), Zone: v.zone(entity).String(),
		Timeline: v.timeline(done.Events, entity),
	}
	view.Route = v.routeOf(done.State.Plan, done.State)
	view.Drawing = v.drawn(view.Route)
	switch {
	case done.Refused != nil:
		view.Refused = v.faultText(done.Refused)
	case done.State.PlanFault != "":
		view.Refused = v.codeText(done.State.PlanFault, "", "")
	}
	again := in
	again.Deeds = nil
	view.Again = rehearsalAt + "?" + v.rehearsalQuery(again).Encode()
	if done.Played > 0 {
		again.Deeds = in.Deeds[:done.Played-1]
		view.Back = rehearsalAt + "?" + v.rehearsalQuery(again).Encode() + "#now"
	}
	if wake := done.State.Wake(); !wake.IsZero() {
		view.Wait = v.stamp(wake, entity).Text
	}
	if f := done.SignIn; f != nil {
		view.Proof = append(view.Proof, v.t("page.rehearsal.proof.sign_in"))
	}
	if done.Passkey {
		view.Proof = append(view.Proof, v.t("page.rehearsal.proof.passkey"))
	}
	v.parts(view, done)
	return view, v.rehearsedVoucher(view, done)
}

// parts are those of everybody whose turn it is.
func (v *visit) parts(view *playView, done desk.Rehearsed) {
	s := done.State
	for _, t := range s.OpenTasks() {
		step := stepOf(s, t.ID)
		p := partView{
			Task: t.ID, Name: v.name(t.Assignee), Step: i18n.Pick(step.Title, v.locale), Due: v.due(t.DueAt, s.Entity),
			Why: v.asksBecause(s.Plan, step, t), Choose: v.offered(s, t),
		}
		var choice []string
		for _, c := range p.Choose {
			for _, one := range c.Among[:min(1, len(c.Among))] {
				choice = append(choice, one.ID)
			}
		}
		for _, act := range []approval.Name{approval.Approve, approval.Return, approval.Reject} {
			p.Acts = append(p.Acts, v.playAct(done.Scene, rehearsal.Deed{Act: act, Task: t.ID, To: only(act, choice)}))
		}
		p.Steps = v.passedSteps(s, step)
		for _, name := range step.Allow {
			if does := v.optional("page.op."+name, ""); does != "" && name != string(approval.Return) {
				p.Also = append(p.Also, playAct{Act: name, Does: does})
			}
		}
		view.Parts = append(view.Parts, p)
	}
	if s.Status == approval.Returned {
		p := partView{Name: v.name(s.Submitter), Step: v.t("status.returned"), Why: v.t("page.rehearsal.returned")}
		for _, act := range []approval.Name{approval.Resubmit, approval.Withdraw} {
			p.Acts = append(p.Acts, v.playAct(done.Scene, rehearsal.Deed{Act: act}))
		}
		view.Parts = append(view.Parts, p)
	}
}

func only(act approval.Name, to []string) []string {
	if act == approval.Approve {
		return to
	}
	return nil
}

// asksBecause is why somebody is asked: how the policy found them, and why their step is needed.
func (v *visit) asksBecause(plan *approval.Plan, step approval.Step, t approval.Task) string {
	words := []string{v.via(t.Via)}
	if mode := v.mode(step); mode != "" {
		words = append(words, mode)
	}
	if why := v.reason(plan, step); why != "" {
		words = append(words, v.t("page.route.because")+" "+why)
	}
	return strings.Join(words, " · ")
}

// playAct asks the rules what a deed would do now. Nothing is done.
func (v *visit) playAct(s rehearsal.Scene, d rehearsal.Deed) playAct {
	told := playAct{Act: string(d.Act), Does: v.optional("page.op."+string(d.Act), "")}
	act, err := s.Aimed(d, "…")
	if err == nil {
		drafts, refusal := s.State.Judge(act, s.Now)
		if err = refusal; err == nil {
			told.Follows = v.follows(drafts, s.State)
		}
	}
	if f, refused := fault.As(err); refused {
		told.Why = v.faultText(f)
	}
	return told
}

// rehearsedVoucher shows what would be booked.
func (v *visit) rehearsedVoucher(view *playView, done desk.Rehearsed) error {
	switch {
	case done.Fault != nil:
		view.NoVoucher = v.faultText(done.Fault)
	case done.Voucher != nil:
		made := previewView{Mapping: done.Mapping}
		made.Date = done.Voucher.Date
		if err := made.take(*done.Voucher); err != nil {
			return err
		}
		for i := range made.Entries {
			made.Entries[i].PartyName = v.party(made.Entries[i].Party)
			made.Entries[i].Why = v.why(done.Type.ID, done.Whys[i])
		}
		view.Voucher = &made
	case done.State.Status == approval.Closed:
		view.NoVoucher = v.t("page.rehearsal.not_booked")
	}
	return nil
}

// Over says whether nobody can do anything any more.
func (p playView) Over() bool { return len(p.Parts) == 0 }
