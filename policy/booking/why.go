package booking

// The rules of a mapping that make an entry, by their names in its text.
const (
	ruleDebit   = "debit"
	ruleDefault = "default"
	ruleTax     = "tax"
	ruleCredit  = "credit"
	ruleAdvance = "advance"
	ruleOwed    = "owed"
	ruleSettled = "settled"
	ruleBank    = "bank"
	ruleGain    = "gain"
	ruleLoss    = "loss"
)

// RuleNames are those rules, for whoever tells of them in words.
func RuleNames() []string {
	return []string{ruleDebit, ruleDefault, ruleTax, ruleCredit, ruleAdvance, ruleOwed,
		ruleSettled, ruleBank, ruleGain, ruleLoss}
}

// Why says which rule of the mapping made an entry.
type Why struct {
	Rule     string `json:"rule"`               // its key in the mapping
	Category string `json:"category,omitempty"` // that it was looked up by
	Line     int    `json:"line,omitempty"`     // of the document, from 1; 0 for what balances it
	Entity   string `json:"entity,omitempty"`   // whose own rule it is; "" for the mapping's own

	Expression string `json:"expression,omitempty"` // that the account came from; "" where it is written as it is
}

// ofCategory says by which rule a line's cost found its account.
func (b *builder) ofCategory(i int, rule, category string) Why {
	why := b.because(rule, category)
	why.Line, why.Category = i+1, category
	return why
}

// because says whether a rule is the entity's own or the mapping's, and the
// expression that it is.
func (b *builder) because(rule, category string) Why {
	why := Why{Rule: rule, Expression: expressionOf(written(b.rules, rule, category))}
	if written(b.mapping.Entities[b.in.Content.Entity], rule, category) != "" {
		why.Entity = b.in.Content.Entity
	}
	return why
}

// written is the account of a rule as the mapping has it.
func written(r Rules, rule, category string) string {
	return map[string]string{
		ruleDebit: r.Debit[category], ruleDefault: r.Default, ruleTax: r.Tax, ruleCredit: r.Credit,
		ruleAdvance: r.Advance, ruleOwed: r.Owed, ruleSettled: r.Credit,
		ruleBank: r.Settlement.Bank, ruleGain: r.Settlement.Gain, ruleLoss: r.Settlement.Loss,
	}[rule]
}
