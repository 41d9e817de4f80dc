package pages

import (
	"maps"
	"regexp"
	"strings"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/policy"
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

// stepTitles are the titles of a policy's steps by their ids; none where the text is none.
func (v *visit) stepTitles(yaml string) map[string]string {
	p, err := policy.Parse("text", []byte(yaml))
	if err != nil {
		return nil
	}
	titles := map[string]string{}
	for _, s := range p.Steps {
		titles[s.ID] = i18n.Pick(s.Title, v.locale)
	}
	return titles
}

// inWords is a finding about a text with what it names as people know it: the ids of the
// text stay beside, for who looks for them there.
func (v *visit) inWords(f *fault.Fault, titles map[string]string) *fault.Fault {
	told := *f
	told.Args = maps.Clone(f.Args)
	beside := func(arg, title string) {
		if id := f.Args[arg]; title != "" && title != id {
			told.Args[arg] = v.t("page.rule.called", "title", title, "id", id)
		}
	}
	beside("step", titles[f.Args["step"]])
	beside("other", titles[f.Args["other"]])
	beside("role", v.optional("role."+f.Args["role"], ""))
	if people := f.Args["people"]; people != "" {
		told.Args["people"] = v.names(strings.Split(people, ", "))
	}
	if entity := f.Args["entity"]; entity != "" {
		told.Args["entity"] = v.entity(entity)
	}
	if why := f.Args["why"]; why == "nobody" {
		told.Args["why"] = v.via("fallback:" + why)
	} else if strings.HasPrefix(why, "fallback:") {
		told.Args["why"] = v.via(why)
	}
	return &told
}
