package desk

import (
	"context"
	"maps"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
)

// stepArgs are the arguments of faults that are the id of a step.
var stepArgs = []string{"step", "other"}

// Named gives a fault about a document the titles of the steps that it names, in
// every language (step.en beside step): nobody knows a step by its id. It stays as it
// is where it names none, or where the reader may not know of the document.
func (d *Desk) Named(ctx context.Context, who auth.Who, document string, f *fault.Fault) *fault.Fault {
	if f.Args["step"] == "" && f.Args["other"] == "" {
		return f
	}
	if _, err := d.Document(ctx, who, document); err != nil {
		return f
	}
	state, err := d.State(ctx, document)
	if err != nil || state.Plan == nil {
		return f
	}
	return NamedBy(*state.Plan, f)
}

// NamedBy is Named for whoever has the plan in hand.
func NamedBy(plan approval.Plan, f *fault.Fault) *fault.Fault {
	named := *f
	named.Args = maps.Clone(f.Args)
	for _, arg := range stepArgs {
		for _, step := range plan.Steps {
			if step.ID != f.Args[arg] {
				continue
			}
			for locale, title := range step.Title {
				named.Args[arg+"."+locale] = title
			}
		}
	}
	return &named
}
