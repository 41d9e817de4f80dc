package store

import (
	"encoding/json"
	"slices"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/proposal"
)

// interventions holds every intervention against its act, and where two were
// needed against the proposal that the second of them approved; and every approved
// proposal against its act.
func (a *auditor) interventions(f *auditFile) {
	proposed := map[string]ProposalRow{}
	for _, p := range f.proposed {
		proposed[p.ID] = p
		a.proposedIntervention(f, p)
	}
	marked := false
	for i, e := range f.events {
		if !slices.Contains(approval.Interventions(), e.Kind) {
			continue
		}
		marked = true
		act, ok := f.intervention(e.Cause)
		said, err := approval.Decode[madeData](e)
		a.intervened(f, e, said.Maker)
		if !ok || err != nil || said.Maker != act.Maker {
			a.found(f.ID, e.Seq, "intervention.differs", "%s is not what %s asked for", e.Kind, e.Cause)
			continue
		}
		if act.Maker != "" {
			a.approvedIntervention(f, e, act, proposed[act.ID])
			continue
		}
		before, err := approval.FoldAll(f.events[:i])
		if err != nil || before.TwoPeople() {
			a.found(f.ID, e.Seq, "intervention.alone", "%s by %s alone", e.Kind, e.Actor)
		}
	}
	if marked != f.Intervened {
		a.found(f.ID, 0, "read_model.differs", "intervened is %t, folded %t", f.Intervened, marked)
	}
}

// intervened tells an intervention in the report.
func (a *auditor) intervened(f *auditFile, e evidence.Event, maker string) {
	a.report.Interventions++
	if len(a.report.Intervened) < auditIntervenedMost {
		a.report.Intervened = append(a.report.Intervened, Intervention{
			Document: f.ID, Number: f.Number, Seq: e.Seq, At: e.At.UTC(), Kind: e.Kind, Actor: e.Actor, Maker: maker,
		})
	}
}

// madeData is what the data of every intervention has: who proposed it.
type madeData struct {
	Maker string `json:"maker"`
}

// intervention is the act of that id, if it is an intervention.
func (f *auditFile) intervention(id string) (approval.Act, bool) {
	var act approval.Act
	row, ok := f.acts[id]
	err := json.Unmarshal([]byte(row.Canonical), &act)
	return act, ok && err == nil && act.Name == approval.Intervene
}

// approvedIntervention holds an intervention against the proposal it comes from.
func (a *auditor) approvedIntervention(f *auditFile, e evidence.Event, act approval.Act, p ProposalRow) {
	payload, hash, err := Proposed(act)
	switch {
	case p.ID == "" || p.State != proposal.Approved:
		a.found(f.ID, e.Seq, "intervention.unapproved", "nobody approved %s", act.ID)
	case err != nil || p.Payload != payload || p.Hash != hash || p.Maker != act.Maker || p.Checker != act.Actor:
		a.found(f.ID, e.Seq, "intervention.differs", "%s is not what was proposed and approved", act.ID)
	case p.Maker == p.Checker || !p.Decided.Before(p.Expires) || e.At.Before(p.Decided):
		a.found(f.ID, e.Seq, "intervention.unapproved", "%s was not approved by another in time", act.ID)
	}
}

// proposedIntervention holds a proposal against its text, and an approved one
// against its act.
func (a *auditor) proposedIntervention(f *auditFile, p ProposalRow) {
	hash, err := evidence.HashOf(json.RawMessage(p.Payload))
	if err != nil || hash != p.Hash {
		a.found(f.ID, 0, "proposal.differs", "%s is not what its hash says", p.ID)
	}
	act, acted := f.intervention(p.ID)
	switch {
	case acted != (p.State == proposal.Approved):
		a.found(f.ID, 0, "proposal.differs", "%s is %s, and its act is there: %t", p.ID, p.State, acted)
	case acted && (act.Maker != p.Maker || act.Actor != p.Checker):
		a.found(f.ID, 0, "proposal.differs", "%s names other people than its act", p.ID)
	}
}
