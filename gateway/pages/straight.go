package pages

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
)

// wayBack says on the form of a returned document where it begins again.
type wayBack struct {
	Step, By string // straight back to this step, for them
	Anew     string // why not
}

func (v *visit) wayBack(way desk.WayBack, plan *approval.Plan) *wayBack {
	if way.By == "" {
		return nil
	}
	box := &wayBack{By: v.name(way.By), Anew: v.anew(way.Anew)}
	for _, step := range plan.Steps {
		if step.ID == way.Step {
			box.Step = i18n.Pick(step.Title, v.locale)
		}
	}
	return box
}

// straightTo is to whom a returned document goes straight back; "" where it begins anew.
func (v *visit) straightTo(s approval.State) string {
	if s.Status != approval.Returned || s.SeenRevisions() == nil {
		return ""
	}
	return v.name(s.Straight.By)
}

// anew is why a document begins anew that was to go straight back; "" for none.
func (v *visit) anew(why *approval.Anew) string {
	if why == nil {
		return ""
	}
	changed := make([]string, len(why.Changed))
	for i, part := range why.Changed {
		changed[i] = v.optional("material."+part, part)
	}
	return v.optionalArgs("page.anew."+why.Why, why.Why, "changed", strings.Join(changed, v.t("page.comma")))
}

// stand marks the stops of a route that are done already: what was decided there stands.
func stand(stops []stop, kept []string) {
	for i := range stops {
		if slices.Contains(kept, stops[i].Step) {
			stops[i].Stands = standsDone
		}
		for _, branch := range stops[i].Branches {
			stand(branch.Stops, kept)
		}
	}
}
