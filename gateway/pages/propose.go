package pages

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/policy/source"
	"github.com/countersign/countersign/store"
)

type proposeView struct {
	checkView
	Kind             proposal.Kind
	ID               string
	Title            string // what it calls itself; its id where it says nothing
	YAML, Note, Days string
	Most             int // bytes of a text
	Key              string
	Errors           map[string][]string // by field; "" for the whole

	InForce    bool            // there is a version to try it against
	Simulation *simulationView // where it was asked for, and nothing is wrong with the text
	NoTrial    string          // why there is none

	Sheet *typeSheet // of a document type that can be read
}

// Err lists what is wrong with a field.
func (p proposeView) Err(field string) []string { return p.Errors[field] }

const dayLong = 24 * time.Hour

// proposeForm handles GET /policies/:kind/:id/propose: it begins with the version
// in force, or with the text of another proposal.
func proposeForm(v *visit) error {
	view, err := v.proposing()
	if err != nil {
		return err
	}
	if from := v.asked("from"); from != "" {
		p, err := v.desk().Proposal(v.r.Context(), v.who, from)
		if err != nil {
			return err
		}
		view.YAML, view.Note = p.Payload, p.Note
		return v.proposeShown(http.StatusOK, view)
	}
	return v.proposeShown(http.StatusOK, view)
}

// proposing is the form of an address, with the text in force.
func (v *visit) proposing() (proposeView, error) {
	view := proposeView{
		Kind: proposal.Kind(v.param("kind")), ID: v.param("id"), Key: random(), Most: source.BytesMax,
		Days: strconv.Itoa(int(proposal.LifeDefault / dayLong)), Errors: map[string][]string{},
	}
	if !slices.Contains(textKinds, view.Kind) {
		return view, fault.New(fault.NotFound, "request.no_such_route")
	}
	row, err := v.desk().Text(v.r.Context(), v.who, view.Kind, view.ID, 0)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return view, err
	}
	view.InForce, view.YAML = row.Version > 0, row.YAML
	view.Title = v.titleOf(row, view.ID)
	return view, nil
}

func (v *visit) proposeShown(status int, view proposeView) error {
	if view.Kind == proposal.Type {
		view.Sheet = v.typeSheet(view.ID, view.YAML)
	}
	return v.show(status, v.t("page.propose.title", "id", view.Title), view)
}

// proposeSent handles POST /policies/:kind/:id/propose: a check keeps nothing.
func proposeSent(v *visit) error {
	view, err := v.proposing()
	if err != nil {
		return err
	}
	view.YAML = strings.ReplaceAll(v.r.PostForm.Get("yaml"), "\r\n", "\n") // as it was typed, spaces and all
	view.Note, view.Days = v.asked("note"), v.asked("days")
	switch v.asked("do") {
	case "propose":
	case "simulate":
		if view.Simulation, view.NoTrial, err = v.simulate(view.ID, view.YAML); err != nil {
			return err
		}
		return v.proposeChecked(http.StatusOK, view)
	default:
		return v.proposeChecked(http.StatusOK, view)
	}
	in := desk.ProposalInput{Kind: view.Kind, Subject: view.ID, YAML: view.YAML, Note: view.Note}
	var wrong *fault.Fault
	if in.Expires, wrong = v.expiry(view.Days); wrong != nil {
		view.Errors["days"] = []string{v.faultText(wrong)}
	}
	if view.Note == "" {
		view.Errors["note"] = []string{v.t("page.propose.no_reason")}
	}
	if len(view.Errors) > 0 {
		return v.proposeChecked(http.StatusUnprocessableEntity, view)
	}
	key := v.key("propose", string(in.Kind), in.Subject, in.YAML, in.Note, view.Days)
	p, err := again(func() (store.ProposalRow, error) { return v.desk().Propose(v.r.Context(), v.who, in, key) })
	if f, ok := fault.As(err); ok && (f.Kind == fault.Invalid || f.Kind == fault.Conflict) {
		field := ""
		if f.Field == "note" {
			field = f.Field
		}
		view.Errors[field] = []string{v.t("page.propose.not_yet"), v.faultText(f)}
		return v.proposeChecked(problem.Status(f), view)
	}
	if err != nil {
		return err
	}
	return v.leave(proposalAt(p.ID), "policy_proposed")
}

// expiry is when a proposal ends that lives so many days, as a form says them.
func (v *visit) expiry(said string) (time.Time, *fault.Fault) {
	days, err := strconv.Atoi(said)
	if err != nil || days < 1 || days > int(proposal.LifeMax/dayLong) {
		return time.Time{}, fault.New(fault.Invalid, "proposal.bad_expiry",
			fault.Arg("max", strconv.Itoa(int(proposal.LifeMax/dayLong))))
	}
	if life := time.Duration(days) * dayLong; life < proposal.LifeMax {
		return v.now.Add(life), nil
	}
	return v.now.Add(proposal.LifeMax - time.Minute), nil // the database's clock may be behind
}

// proposeChecked shows the form with what the check says beside it.
func (v *visit) proposeChecked(status int, view proposeView) error {
	checked, err := v.desk().Check(v.r.Context(), v.who, view.Kind, view.ID, view.YAML)
	if err != nil {
		return err
	}
	view.checkView = v.checkView(checked, view.YAML)
	view.Checked = true
	return v.proposeShown(status, view)
}
