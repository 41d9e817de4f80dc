package pages

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

// interveneCard is what an administrator may do to a document, and what one of them
// proposed.
type interveneCard struct {
	ID, Key, Hash string
	Sent          sent

	Round   int
	Two     bool     // another administrator must approve
	Tasks   []choice // that may be taken, or left
	Jumps   []jumps  // by the step that is left
	Barred  []barred // jumps that the rules would refuse, and why
	Replan  bool
	Void    bool
	Stopped string // who stopped the clock, "" for nobody
	Task    string // as whose assignee

	Proposed []proposedRow
}

// proposedRow is an intervention that waits for a second administrator, or one that
// was approved and had no effect.
type proposedRow struct {
	ID, Hash, What, Why, Failed string

	Until stamp
	May   bool // the reader may approve or refuse it
}

// jumps are the steps to which one may jump from a step.
type jumps struct {
	From string
	To   []choice // the id is the task that is left, and the step
}

// barred is a jump that is not offered, and why.
type barred struct{ Title, Why string }

// interveneCard offers what the rules would take; they judge again. Who may read what is
// proposed and not step in, as an auditor, sees it and no form. nil is for whoever may do
// neither, or has an interest in the document.
func (v *visit) interveneCard(view *documentView, detail desk.Detail, s approval.State) (*interveneCard, error) {
	me, acts := v.who.Person.ID, v.may(access.DocumentIntervene, detail.Object())
	if !v.may(access.PolicyReview, detail.Object()) || s.Interested(me) || v.kin(me, detail.Document) {
		return nil, nil //nolint:nilnil // no card is an answer
	}
	list, err := v.desk().Interventions(v.r.Context(), v.who, detail.ID)
	if err != nil {
		return nil, err
	}
	card := &interveneCard{
		ID: detail.ID, Key: view.Key, Hash: s.ContentHash, Sent: view.Sent, Round: s.Round, Two: s.TwoPeople(),
	}
	for _, p := range list {
		if row, told := v.proposedRow(p, s, detail.Entity); told {
			row.May = row.May && acts
			card.Proposed = append(card.Proposed, row)
		}
	}
	if acts && view.Pending == "" && !s.Done() {
		v.offerInterventions(card, s)
	}
	if len(card.Proposed) == 0 && len(card.Tasks) == 0 && !card.Void && card.Stopped == "" {
		return nil, nil //nolint:nilnil // nothing to do and nothing to tell
	}
	return card, nil
}

// kin says whether an account is one of those of who submitted a document, whom it
// is for or who is paid.
func (v *visit) kin(me string, d store.Document) bool {
	return slices.ContainsFunc(desk.PartiesOf(d), func(p string) bool { return p == me || v.org.Same(p, me) })
}

func (v *visit) offerInterventions(card *interveneCard, s approval.State) {
	posting := s.Status == approval.Approved || s.Status == approval.Posted
	card.Void = !posting && (s.Effect == nil || !s.Effect.Unanswered)
	if s.Status != approval.Pending {
		return
	}
	card.Replan = true
	if s.Stopped != nil {
		card.Stopped, card.Task = v.name(s.Stopped.By), s.Stopped.Task
		return // nothing else is taken before it goes on
	}
	for _, t := range s.OpenTasks() {
		if t.For == "" {
			title := i18n.Pick(stepOf(s, t.ID).Title, v.locale)
			card.Tasks = append(card.Tasks, choice{t.ID, v.name(t.Assignee) + " · " + title})
		}
	}
	v.offerJumps(card, s)
}

// offerJumps asks the rules of each step that is asked now, and of each other one
// that needs people. What is no way at all is not mentioned.
func (v *visit) offerJumps(card *interveneCard, s approval.State) {
	var left []string
	for _, t := range s.OpenTasks() {
		if t.For != "" || slices.Contains(left, t.Step) {
			continue
		}
		left = append(left, t.Step)
		from := jumps{From: i18n.Pick(stepOf(s, t.ID).Title, v.locale)}
		for _, step := range s.Plan.Steps {
			title := i18n.Pick(step.Title, v.locale)
			f, refused := fault.As(s.Intervenable(approval.Act{
				ID: random(), Name: approval.Intervene, Ruling: approval.RulingJump, Document: s.Document,
				Actor: v.who.Person.ID, Task: t.ID, ToStep: step.ID, Round: s.Round, ContentHash: s.ContentHash,
				Opinion: channel, Channel: channel, // the reason is asked for with the form
			}, v.now))
			switch {
			case !refused:
				from.To = append(from.To, choice{t.ID + " " + step.ID, title})
			case f.Code != "step.no_target":
				card.Barred = append(card.Barred, barred{from.From + " → " + title, v.faultWords(desk.NamedBy(*s.Plan, f))})
			}
		}
		if len(from.To) > 0 {
			card.Jumps = append(card.Jumps, from)
		}
	}
}

// proposedRow tells an open proposal, and an approved one that had no effect.
func (v *visit) proposedRow(p store.ProposalRow, s approval.State, entity string) (proposedRow, bool) {
	meant, err := desk.Meant(p)
	failed := p.State == proposal.Approved && p.Outcome != nil && p.Outcome.Code != approval.OK
	if err != nil || p.StateNow() != proposal.Open && !failed {
		return proposedRow{}, false
	}
	row := proposedRow{ID: p.ID, Hash: p.Hash, Why: p.Note, What: v.t("page.intervene.proposed",
		"who", v.name(p.Maker), "what", v.interventionText(meant, s))}
	if failed {
		o := p.Outcome
		row.Failed = v.t("page.intervene.failed", "who", v.name(p.Checker), "why",
			v.faultText(&fault.Fault{Kind: fault.Kind(o.Kind), Code: o.Code, Args: o.Args}))
		return row, true
	}
	me := v.who.Person.ID
	row.Until, row.May = v.stamp(p.Expires, entity), p.Maker != me && !v.org.Same(p.Maker, me)
	return row, true
}

// interventionText is an intervention in a few words.
func (v *visit) interventionText(meant approval.Act, s approval.State) string {
	text := v.optional("intervention."+meant.Ruling, meant.Ruling)
	for _, t := range s.Tasks {
		if t.ID == meant.Task && meant.Ruling == approval.RulingReassign {
			text += " · " + v.name(t.Assignee) + " → " + v.names(meant.To)
		}
	}
	if meant.Ruling == approval.RulingJump && s.Plan != nil {
		for _, step := range s.Plan.Steps {
			if step.ID == meant.ToStep {
				text += " → " + i18n.Pick(step.Title, v.locale)
			}
		}
	}
	return text
}

// intervene handles POST /documents/:id/intervene.
func intervene(v *visit) error {
	round, _ := strconv.Atoi(v.asked("round")) // no number is no round: refused as moved on
	in := desk.Intervention{
		Document: v.param("id"), Ruling: v.asked("ruling"), Round: round, ContentHash: v.asked("hash"),
		Opinion: v.asked("opinion"), Channel: channel, Task: v.asked("task"),
		To: people(v.asked("to")), ToStep: v.asked("to_step"),
	}
	if task, step, chosen := strings.Cut(v.asked("jump"), " "); chosen {
		in.Task, in.ToStep = task, step
	}
	key := v.key("intervene", in.Document, in.Ruling, in.Round, in.ContentHash, in.Opinion, in.Task, in.To, in.ToStep)
	got, err := again(func() (desk.Intervened, error) { return v.desk().Intervene(v.r.Context(), v.who, in, key) })
	s := sent{Form: "intervene", Text: in.Opinion, To: v.asked("to"), Ruling: in.Ruling}
	if err == nil && got.Proposal != nil {
		return v.leave(documentAt(in.Document)+"#intervene", "proposed")
	}
	return v.acted(got.Acted, err, s)
}

// decideIntervention handles POST /documents/:id/interventions/:proposal: the second
// administrator's word.
func decideIntervention(v *visit) error {
	id, document := v.param("proposal"), v.param("id")
	verdict := proposal.Verdict{
		Approve: v.asked("verdict") == "approve", Hash: v.asked("proposal_hash"), Reason: v.asked("reason"),
	}
	key := v.key("decide-intervention", id, verdict.Approve, verdict.Hash, verdict.Reason)
	p, err := again(func() (store.ProposalRow, error) {
		return v.desk().DecideProposal(v.r.Context(), v.who, id, verdict, key)
	})
	switch {
	case err != nil:
		return v.refused(err, sent{Form: "proposal", Text: verdict.Reason, To: id})
	case !verdict.Approve:
		return v.leave(documentAt(document)+"#intervene", "refused")
	case p.Outcome == nil:
		return v.leave(documentAt(document)+"?act="+id, "")
	case p.Outcome.Code != approval.OK:
		return v.leave(documentAt(document)+"#intervene", "")
	}
	return v.leave(documentAt(document), "intervene")
}

// replanView shows the route that a document has beside the one it would get.
type replanView struct {
	Card      interveneCard
	Title     string
	Has, Gets []stop
	Fault     string // why there would be none

	HasCounted, GetsCounted *countedBox
}

// showReplan handles GET /documents/:id/replan.
func showReplan(v *visit) error {
	ctx, id := v.r.Context(), v.param("id")
	detail, err := v.desk().Document(ctx, v.who, id)
	if err != nil {
		return err
	}
	has, gets, err := v.desk().Replan(ctx, v.who, id)
	view := replanView{Title: numberOr(detail.Number, detail.Title)}
	if err != nil {
		f, ok := fault.As(err)
		if !ok || len(has.Steps) == 0 {
			return err
		}
		view.Fault = v.faultText(f)
	}
	state, err := v.desk().State(ctx, id)
	if err != nil {
		return err
	}
	view.Has, view.Gets = v.routeOf(&has, state), v.routeOf(&gets, approval.State{})
	if view.HasCounted, err = v.countedBox(has.Counted); err != nil {
		return err
	}
	if view.GetsCounted, err = v.countedBox(gets.Counted); err != nil {
		return err
	}
	view.Card = interveneCard{ID: id, Key: random(), Hash: state.ContentHash, Round: state.Round, Two: state.TwoPeople()}
	return v.show(http.StatusOK, v.t("page.intervene.preview.title"), view)
}
