package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
)

// allowAmend is the act that needs a list of what it may change.
const allowAmend = "amend"

// fieldPrefix stands before a field of the document type's own.
const fieldPrefix = "fields."

// amendable is what an approver may change beside the type's own fields.
var amendable = []string{
	document.AmendTitle, document.AmendCostCenter, document.AmendCategory, document.AmendDescription,
}

// neverAmended is money, who gets it and what proves it: it is returned, never
// changed on the way.
var neverAmended = []string{"amount", "total", "base_total", "currency", "rate", "payee", "account", "payee.account",
	"offset", "invoices", "attachments", "lines", "lines.amount", "lines.tax", "lines.base", "lines.invoice",
	"lines.attachments", "lines.units"}

// amend reads what a step's approvers may change.
func (r *reading) amend(path string, raw stepYAML) []string {
	at := path + ".amend"
	allow, written := slices.Contains(raw.Allow, allowAmend), r.written(at)
	switch {
	case allow && !written:
		r.refuse("policy.amend_half", path+".allow["+strconv.Itoa(slices.Index(raw.Allow, allowAmend))+"]")
	case written && !allow:
		r.refuse("policy.amend_half", at)
	case written && len(raw.Amend) == 0:
		r.refuse("policy.empty", at)
	}
	var list []string
	for i, name := range raw.Amend {
		at := at + "[" + strconv.Itoa(i) + "]"
		field, own := strings.CutPrefix(name, fieldPrefix)
		switch {
		case slices.Contains(neverAmended, name):
			r.refuse("policy.never_amended", at, fault.Arg("field", name))
		case slices.Contains(list, name):
			r.refuse("policy.duplicate_value", at, fault.Arg("value", name))
		case own && idText.MatchString(field) || r.oneOf(at, name, append(slices.Clone(amendable), fieldPrefix+"…")):
			list = append(list, name)
		}
	}
	return list
}
