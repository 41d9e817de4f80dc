package doctype

import (
	"strconv"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
)

// CanonicalField is the one form in which a value of a field of the type's own is
// kept and hashed; what is no such field, or not valid, stays as it is.
func (t *Type) CanonicalField(name, value string, currency money.Currency) string {
	if f, known := t.Field(name); known {
		return f.canonical(value, currency)
	}
	return value
}

// ValidateAmended answers with what an approver's amendment makes wrong; what was
// wrong before it is not theirs to mend. A category that is measured by another
// standard is no amendment: what the line might cost was shown to those who agreed.
func ValidateAmended(t *Type, before, after document.Content, snapshot *org.Snapshot, today string) []*fault.Fault {
	var faults []*fault.Fault
	for i, l := range after.Lines {
		if l.Category != before.Lines[i].Category && !t.measuresAlike(l, after, snapshot) {
			faults = append(faults, fault.New(fault.Invalid, "amend.standard_changes",
				fault.Field("lines["+strconv.Itoa(i)+"].category"), fault.Arg("line", strconv.Itoa(i+1))))
		}
	}
	known := map[string]bool{}
	for _, f := range Validate(t, before, snapshot, today) {
		known[f.Code+" "+f.Field] = true
	}
	for _, f := range Validate(t, after, snapshot, today) {
		if !known[f.Code+" "+f.Field] {
			faults = append(faults, f)
		}
	}
	return faults
}

// measuresAlike says whether the category of a line gives it the standard it has.
func (t *Type) measuresAlike(l document.Line, c document.Content, snapshot *org.Snapshot) bool {
	category, known := t.Category(l.Category)
	if !known || category.Standard == nil {
		return !known || l.Standard == nil // an unknown one was reported
	}
	found, err := t.measure(l, c, category.Standard, snapshot.People[c.Requester].Grade)
	return err == nil && l.Standard != nil && found == *l.Standard
}
