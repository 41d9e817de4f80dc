package doctype

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
)

// validation collects what is wrong with one content.
type validation struct {
	t      *Type
	c      document.Content
	org    *org.Snapshot
	today  string
	faults []*fault.Fault
}

// Validate answers with everything that is wrong with a content, each fault with
// the path of its field; today is YYYY-MM-DD in the entity's zone. Totals, the
// payee's name and account and the rate are not read: Complete fills them in.
func Validate(t *Type, c document.Content, snapshot *org.Snapshot, today string) []*fault.Fault {
	v := &validation{t: t, c: c, org: snapshot, today: today}
	v.head()
	v.people()
	v.fields()
	v.lines()
	v.offset()
	v.files("attachments", c.Attachments)
	if t.Attachments == AttachmentsRequired && !hasFile(c) {
		v.add("document.needs_attachment", "attachments")
	}
	return v.faults
}

func (v *validation) add(code, path string, details ...fault.Detail) {
	if len(v.faults) < faultsMax {
		v.faults = append(v.faults, fault.New(fault.Invalid, code, append(details, fault.Field(path))...))
	}
}

func (v *validation) head() {
	c := v.c
	if c.Type != v.t.ID {
		v.add("document.wrong_type", "type", fault.Arg("type", c.Type), fault.Arg("want", v.t.ID))
	}
	if strings.TrimSpace(c.Title) == "" {
		v.add("document.missing", "title")
	}
	v.text("title", c.Title, TitleMax)
	v.text("reason", c.Reason, TextMax)
	v.text("cost_center", c.CostCenter, CodeMax)
	if allowed := v.currencies(); !slices.Contains(allowed, c.Currency) {
		v.add("document.bad_currency", "currency",
			fault.Arg("currency", shown(string(c.Currency))), fault.Arg("allowed", joined(allowed)))
	}
	if c.Urgency != document.Normal && c.Urgency != document.Urgent {
		v.add("document.bad_urgency", "urgency", fault.Arg("urgency", shown(string(c.Urgency))))
	}
	if _, ok := v.org.Entities[c.Entity]; !ok {
		v.add("document.unknown_entity", "entity", fault.Arg("entity", shown(c.Entity)))
	}
	v.department("department", c.Department)
}

// currencies are those of the type, or the entity's own where the type wants it.
func (v *validation) currencies() []money.Currency {
	entity, known := v.org.Entities[v.c.Entity]
	if v.t.OwnCurrency && known {
		return []money.Currency{money.Currency(entity.Currency)}
	}
	return v.t.Currencies
}

// people holds that submitter, requester and payee are known and active, and that
// the payee is of the kind that the type pays.
func (v *validation) people() {
	v.person("submitter", v.c.Submitter)
	v.person("requester", v.c.Requester)
	payee := v.c.Payee
	if v.t.Payee == PayeeNone {
		if payee.Kind != "" || payee.ID != "" {
			v.add("document.wrong_payee", "payee", fault.Arg("want", PayeeNone))
		}
		return
	}
	if v.t.Payee == PayeeSelf {
		if payee.Kind != "" && payee.Kind != document.PayeeEmployee || payee.ID != "" && payee.ID != v.c.Requester {
			v.add("document.wrong_payee", "payee", fault.Arg("want", PayeeSelf))
		}
		return
	}
	if payee.Kind != "" && payee.Kind != document.PayeeSupplier {
		v.add("document.wrong_payee", "payee", fault.Arg("want", PayeeSupplier))
		return
	}
	if payee.ID == "" {
		v.add("document.missing", "payee")
		return
	}
	v.supplier("payee", payee.ID)
}

func (v *validation) person(path, id string) {
	if !v.org.Active(id) {
		v.add("document.unknown_person", path, fault.Arg("person", shown(id)))
	}
}

func (v *validation) supplier(path, id string) {
	s, ok := v.org.Suppliers[id]
	if !ok || s.Entity != "" && s.Entity != v.c.Entity {
		v.add("document.unknown_supplier", path, fault.Arg("supplier", shown(id)))
	}
}

// text refuses what is too long, not UTF-8, or hides control characters.
func (v *validation) text(path, value string, most int) {
	switch {
	case !utf8.ValidString(value) || strings.ContainsFunc(value, hidden):
		v.add("document.bad_text", path)
	case utf8.RuneCountInString(value) > most:
		v.add("document.text_too_long", path, fault.Arg("max", strconv.Itoa(most)))
	}
}

func hidden(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' || unicode.Is(unicode.Bidi_Control, r)
}

// offset holds what can be said of an offset without the record: document.Advance
// says the rest.
func (v *validation) offset() {
	o := v.c.Offset
	if o == nil {
		return
	}
	switch {
	case v.t.Offsets == "":
		v.add("offset.not_for_type", "offset", fault.Arg("type", v.t.ID))
	case !numberText.MatchString(o.Number):
		v.add("offset.unknown_advance", "offset.advance", fault.Arg("number", shown(o.Number)))
	case o.Amount.Currency != v.c.Currency:
		v.add("offset.wrong_currency", "offset.amount",
			fault.Arg("currency", shown(string(o.Amount.Currency))), fault.Arg("want", shown(string(v.c.Currency))))
	case o.Amount.Minor <= 0:
		v.add("offset.not_positive", "offset.amount")
	}
}

func (v *validation) files(path string, files []document.Attachment) {
	if len(files) > FilesMax {
		v.add("document.too_many_files", path,
			fault.Arg("count", strconv.Itoa(len(files))), fault.Arg("max", strconv.Itoa(FilesMax)))
	}
}

func hasFile(c document.Content) bool {
	return len(c.Attachments) > 0 ||
		slices.ContainsFunc(c.Lines, func(l document.Line) bool { return len(l.Attachments) > 0 })
}

func isDate(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

// shown cuts what a person sent before it is repeated to them.
func shown(value string) string {
	const most = 40
	value = strings.ToValidUTF8(value, "�")
	if runes := []rune(value); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return value
}

func joined(currencies []money.Currency) string {
	names := make([]string, 0, len(currencies))
	for _, c := range currencies {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}
