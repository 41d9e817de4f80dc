package policy

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/policy/source"
)

// everyField stands for all of the type's own fields: a condition looks them up by
// a name that it works out.
const everyField = fieldPrefix + "*"

// amend holds that a step amends only what there is, and nothing that decides
// whom a document goes to: that is returned instead.
func (c *checking) amend(path, name string) {
	field, own := strings.CutPrefix(name, fieldPrefix)
	for _, t := range c.types {
		f, ok := t.Field(field)
		switch {
		case own && !ok:
			c.add(LevelError, "policy.unknown_field", path, fault.Arg("field", field), fault.Arg("type", t.ID),
				fault.Arg("nearest", source.Nearest(field, t.FieldNames())))
		case own && f.Kind == doctype.Money:
			c.add(LevelError, "policy.never_amended", path, fault.Arg("field", name))
		}
	}
	if by := c.policy.readers(name); len(by) > 0 {
		c.add(LevelError, "policy.amends_route", path, fault.Arg("field", name), fault.Arg("by", some(by)))
	}
}

// readers lists what looks at a part of the document when it is routed: steps and
// forks by id, matrices by name.
func (p *Policy) readers(name string) []string {
	var by []string
	add := func(who string, reads []string) {
		own := strings.HasPrefix(name, fieldPrefix) && slices.Contains(reads, everyField)
		if (own || slices.Contains(reads, name)) && !slices.Contains(by, who) {
			by = append(by, who)
		}
	}
	if p.Aggregate != nil && slices.Contains(p.Aggregate.By, approval.CountCategory) {
		add("aggregate", []string{document.AmendCategory})
	}
	for _, when := range p.conditions() {
		if compiled, err := p.compile(when); err == nil {
			add(when.of, compiled.Reads())
		}
	}
	for _, s := range p.Steps {
		for _, f := range s.Approvers {
			add(s.ID, f.reads())
		}
	}
	for _, f := range p.copiedFinders() {
		add("cc", f.reads())
	}
	for _, id := range sortedKeys(p.Matrices) {
		for _, row := range p.Matrices[id].Rows {
			if len(row.Categories) > 0 {
				add(id, []string{document.AmendCategory})
			}
			for _, f := range row.Approvers {
				add(id, f.reads())
			}
		}
	}
	return by
}

// reads lists the parts of a document, among those that can be amended, that a
// source of approvers looks at.
func (f Finder) reads() []string {
	switch {
	case f.Field != "":
		return []string{fieldPrefix + f.Field}
	case f.Choice != nil && f.Choice.Field != "":
		return []string{fieldPrefix + f.Choice.Field}
	case f.Of == ofCostCenter, f.Heads != nil && f.Heads.Of == ofCostCenters:
		return []string{document.AmendCostCenter}
	}
	return nil
}
