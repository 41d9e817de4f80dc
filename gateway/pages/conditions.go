package pages

import (
	"regexp"
	"strings"

	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/policy/doctype"
)

var (
	// comparison is what conditions are commonly made of: something of the document beside
	// an amount, a text or a number.
	comparison = regexp.MustCompile(`^(?:int\((fields\.\w+)\)|(amount|supplier_kind|fields\.\w+)) (>=|<=|==|!=|>|<) ` +
		`(?:money\("([0-9.]+)"\)|"([^"]*)"|([0-9]+))$`)

	// seenValue is one of the values that a condition saw.
	seenValue = regexp.MustCompile(
		`^(amount|supplier_kind|fields\.\w+) = (?:(-?[0-9.]+) ([A-Z]{3})|"([^"\\]*)")(?:, |$)`)

	truth = regexp.MustCompile(`^(.*) is (true|false): (.*)$`)
)

// comparedSeveral says a condition of several comparisons in words; "" where it asks for
// more than that.
func (v *visit) comparedSeveral(reason string) string {
	m := truth.FindStringSubmatch(reason)
	if m == nil {
		return ""
	}
	values, currency := v.seenValues(m[3])
	if values == "" {
		return ""
	}
	either := strings.Split(m[1], " || ")
	for i, part := range either {
		all := strings.Split(part, " && ")
		for k, one := range all {
			if all[k] = v.comparison(one, currency); all[k] == "" {
				return ""
			}
		}
		either[i] = strings.Join(all, v.t("page.rule.and"))
		if len(all) > 1 && len(either) > 1 {
			either[i] = v.t("page.rule.group", "all", either[i])
		}
	}
	return v.t("page.rule."+m[2], "rule", strings.Join(either, v.t("page.rule.or")), "values", values)
}

func (v *visit) comparison(text, currency string) string {
	m := comparison.FindStringSubmatch(text)
	if m == nil || m[4] != "" && currency == "" {
		return ""
	}
	name, sign, value := m[1]+m[2], signs[m[3]], m[6]
	switch {
	case m[4] != "":
		value = currency + space + grouped(m[4])
	case m[6] == "":
		value = v.valueWords(name, m[5])
	}
	return v.subject(name) + space + sign + space + value
}

// seenValues are the values in words, with the currency of the amount.
func (v *visit) seenValues(text string) (words, currency string) {
	var list []string
	for text != "" {
		m := seenValue.FindStringSubmatch(text)
		if m == nil {
			return "", ""
		}
		value := v.valueWords(m[1], m[4])
		if m[2] != "" {
			value, currency = m[3]+space+grouped(m[2]), m[3]
		}
		list = append(list, v.t("page.rule.value", "what", v.subject(m[1]), "value", value))
		text = text[len(m[0]):]
	}
	return strings.Join(list, v.t("page.comma")), currency
}

// subject is what a comparison speaks of, as people know it.
func (v *visit) subject(name string) string {
	field, ok := strings.CutPrefix(name, "fields.")
	if !ok {
		return v.t("page.rule." + name)
	}
	return v.agreed(field, func(f doctype.Field) string { return i18n.Pick(f.Title, v.locale) })
}

// valueWords is the title of a choice; another value stands as it is.
func (v *visit) valueWords(name, value string) string {
	if value == "" {
		return v.t("page.rule.nothing")
	}
	chosen := v.agreed(strings.TrimPrefix(name, "fields."), func(f doctype.Field) string {
		for _, o := range f.Options {
			if o.ID == value {
				return i18n.Pick(o.Title, v.locale)
			}
		}
		return value
	})
	if chosen == strings.TrimPrefix(name, "fields.") { // no type has such a field
		return value
	}
	return chosen
}

// agreed is what the types call something of a field; the field's own name where none has
// it, or they call it differently: a reason does not say of which type it is.
func (v *visit) agreed(field string, called func(doctype.Field) string) string {
	types, err := v.typesInForce()
	if err != nil {
		return field
	}
	found := ""
	for _, kind := range types {
		f, known := kind.Field(field)
		if !known {
			continue
		}
		if words := called(f); found == "" || found == words {
			found = words
			continue
		}
		return field
	}
	if found == "" {
		return field
	}
	return found
}
