package policy

import (
	"slices"
	"strconv"
)

// What the check of approvers finds, and is no mistake where people are only copied
// in: a copy may find nobody, and no document waits for it.
var (
	fineForCopies   = []string{"policy.sole_holder", "policy.short_chain", "policy.vacant_departments"}
	warnedForCopies = []string{"policy.vacant_role", "policy.crowded_role", "policy.no_authorities"}
)

// copiedFinders are the sources of all whom a policy copies in.
func (p *Policy) copiedFinders() []Finder {
	var all []Finder
	if p.CC != nil {
		all = append(all, p.CC.Who...)
	}
	for _, s := range p.Steps {
		if s.CC != nil {
			all = append(all, s.CC.Who...)
		}
	}
	return all
}

// copying checks whom a policy copies in as it checks approvers: what is named must
// be there. Matrices that approve were judged before.
func (c *checking) copying(path string, copying *Copying) {
	if copying == nil {
		return
	}
	before := len(c.findings)
	for n, f := range copying.Who {
		c.finder(path+"["+strconv.Itoa(n)+"]", f)
	}
	found := slices.Clone(c.findings[before:])
	c.findings = c.findings[:before]
	for _, f := range found {
		if slices.Contains(fineForCopies, f.Fault.Code) {
			continue
		}
		if slices.Contains(warnedForCopies, f.Fault.Code) {
			f.Level = LevelWarning
		}
		c.findings = append(c.findings, f)
	}
}
