package booking

// The rules of a mapping that make an entry, by their names in its text.
const (
	ruleDebit   = "debit"
	ruleDefault = "default"
	ruleTax     = "tax"
	ruleCredit  = "credit"
	ruleAdvance = "advance"
	ruleOwed    = "owed"
)

// RuleNames are those rules, for whoever tells of them in words.
func RuleNames() []string {
	return []string{ruleDebit, ruleDefault, ruleTax, ruleCredit, ruleAdvance, ruleOwed}
}

// Why says which rule of the mapping made an entry.
type Why struct {
	Rule     string `json:"rule"`               // its key in the mapping
	Category string `json:"category,omitempty"` // that it was looked up by
	Line     int    `json:"line,omitempty"`     // of the document, from 1; 0 for what balances it
	Entity   string `json:"entity,omitempty"`   // whose own rule it is; "" for the mapping's own
}

// ofCategory says by which rule a line's cost found its account.
func (b *builder) ofCategory(i int, category string) Why {
	rule := ruleDebit
	if b.rules.Debit[category] == "" {
		rule = ruleDefault
	}
	why := b.because(rule, category)
	why.Line, why.Category = i+1, category
	return why
}

// because says whether a rule is the entity's own or the mapping's.
func (b *builder) because(rule, category string) Why {
	own := b.mapping.Entities[b.in.Content.Entity]
	set := map[string]string{
		ruleDebit: own.Debit[category], ruleDefault: own.Default, ruleTax: own.Tax, ruleCredit: own.Credit,
		ruleAdvance: own.Advance, ruleOwed: own.Owed,
	}
	if set[rule] == "" {
		return Why{Rule: rule}
	}
	return Why{Rule: rule, Entity: b.in.Content.Entity}
}
