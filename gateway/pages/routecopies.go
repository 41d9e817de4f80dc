package pages

import (
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/cc"
)

// copiedAt says whom a stop copies in, and when: of is step or policy. Where the
// policy looked and found nobody it says so; "" where it names nobody.
func (v *visit) copiedAt(c *approval.Copies, of string) string {
	if c == nil {
		return ""
	}
	people := make([]string, 0, len(c.People))
	for _, a := range c.People {
		people = append(people, a.Person)
	}
	who := v.names(people)
	if who == "" {
		who = v.t("page.route.copied.nobody")
	}
	return v.t("page.route.copied."+of+"."+c.On, "who", who)
}

// copiedHow says how somebody was copied in, and by whom; "" where they were not.
func (v *visit) copiedHow(how cc.How, by string) string {
	if how == "" {
		return ""
	}
	return v.t("page.copies.by."+string(how), "who", v.name(by))
}

// copying is the stop at which the policy as a whole copies people in.
func (v *visit) copying(c *approval.Copies, s approval.State) stop {
	last := stop{Title: v.t("page.route.copied"), Copied: v.copiedAt(c, "policy"), Stands: standsNext}
	approved := s.Effect != nil || s.Status == approval.Closed
	switch {
	case s.Document == "": // a preview
	case c.On == approval.CopyOpened, c.On == approval.CopyPassed && approved,
		c.On == approval.CopyClosed && (s.Status == approval.Closed || s.Status == approval.Rejected):
		last.Stands = standsDone
	case s.Status.Final() || s.Status == approval.Returned:
		last.Stands = standsNever
	}
	return last
}
