package pages

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/policy/doctype"
)

// typeSheet is a document type as whoever fills it in sees it, and what it allows.
type typeSheet struct {
	Form      editView
	Standards []standardRow
	Most      string // the limits of a document, in words
}

// standardRow is a category with what it asks for and allows.
type standardRow struct {
	ID, Title, Invoice, Counts string

	Rates []string
}

// typeSheet reads a type's text; nil where it cannot be read: the check says why. It is
// the form itself, empty, of the reader's own company; nothing of it is sent.
func (v *visit) typeSheet(id, yaml string) *typeSheet {
	kind, err := doctype.Parse(id, []byte(yaml))
	if err != nil {
		return nil
	}
	filled := desk.Filled(document.Content{Type: kind.ID}, v.who.Person.ID, v.org)
	sheet := &typeSheet{Form: editView{
		form: formOf(filled), Mode: modeNew, TypeTitle: i18n.Pick(kind.Title, v.locale), Kind: kind,
		EntityName: v.entity(filled.Entity), faults: map[string][]string{},
	}}
	v.choices(&sheet.Form, kind)
	sheet.Form.Lines = []lineView{{Name: "0", Number: "1"}}
	for _, c := range kind.Categories {
		sheet.Standards = append(sheet.Standards, v.standardRow(c))
	}
	sheet.Most = v.t("page.sheet.most_lines", "n", strconv.Itoa(kind.Limits.MaxLines))
	if kind.Limits.MaxAmount != "" {
		sheet.Most += " " + v.t("page.sheet.most_amount", "amount", grouped(kind.Limits.MaxAmount))
	}
	return sheet
}

func (v *visit) standardRow(c doctype.Category) standardRow {
	row := standardRow{ID: c.ID, Title: i18n.Pick(c.Title, v.locale), Invoice: v.t("page.sheet.invoice_free")}
	if c.NeedsInvoice {
		row.Invoice = v.t("page.sheet.invoice_needed")
	}
	if len(c.TaxRates) > 0 {
		row.Invoice += v.t("page.comma") + v.t("page.sheet.tax", "rates", strings.Join(c.TaxRates, " / "))
	}
	if c.Standard == nil {
		return row
	}
	row.Counts = v.t("page.sheet.per_"+c.Standard.Per) + v.t("page.comma") + v.t("page.sheet.over_"+c.Standard.Over)
	for _, r := range c.Standard.Rates {
		row.Rates = append(row.Rates, v.rateWords(r))
	}
	return row
}

// rateWords tells one row of a standard: for whom, where, and how much.
func (v *visit) rateWords(r doctype.Row) string {
	var whom, amounts []string
	if r.Grade > 0 {
		whom = append(whom, v.t("page.sheet.grade", "n", strconv.Itoa(r.Grade)))
	}
	if r.Tier != "" {
		whom = append(whom, v.optional("page.sheet.tier."+r.Tier, r.Tier))
	}
	if len(whom) == 0 {
		whom = []string{v.t("page.sheet.otherwise")}
	}
	for _, c := range slices.Sorted(maps.Keys(r.Amounts)) {
		shown := string(c) + " " + r.Amounts[c]
		if amount, err := money.Parse(r.Amounts[c], c); err == nil {
			shown = shownMoney(amount)
		}
		amounts = append(amounts, shown)
	}
	return strings.Join(whom, v.t("page.comma")) + v.t("page.colon") + strings.Join(amounts, " / ")
}

// typeChange tells one difference between two versions of a type.
func (v *visit) typeChange(c doctype.Change) string {
	where := v.t("page.typechange.type")
	if c.Part != "" {
		where = v.t("page.typechange."+c.Part, "id", c.ID)
	}
	shown := func(value string) string {
		switch value {
		case "":
			return v.t("page.typechange.nothing")
		case "true", "false":
			return v.t("page.typechange." + value)
		}
		return value
	}
	return v.t("page.typechange."+c.What, "where", where, "what", v.optional("page.typechange.key."+c.Key, c.Key),
		"was", shown(c.Was), "now", shown(c.Now))
}
