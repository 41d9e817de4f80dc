package doctype

import (
	"maps"
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
	if !slices.Contains(v.t.Currencies, c.Currency) {
		v.add("document.bad_currency", "currency",
			fault.Arg("currency", shown(string(c.Currency))), fault.Arg("allowed", joined(v.t.Currencies)))
	}
	if c.Urgency != document.Normal && c.Urgency != document.Urgent {
		v.add("document.bad_urgency", "urgency", fault.Arg("urgency", shown(string(c.Urgency))))
	}
	if _, ok := v.org.Entities[c.Entity]; !ok {
		v.add("document.unknown_entity", "entity", fault.Arg("entity", shown(c.Entity)))
	}
	if d, ok := v.org.Departments[c.Department]; !ok || d.Entity != c.Entity {
		v.add("document.unknown_department", "department", fault.Arg("department", shown(c.Department)))
	}
}

// people holds that submitter, requester and payee are known and active, and that
// the payee is of the kind that the type pays.
func (v *validation) people() {
	v.person("submitter", v.c.Submitter)
	v.person("requester", v.c.Requester)
	payee := v.c.Payee
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

func (v *validation) fields() {
	for _, f := range v.t.Fields {
		v.field("fields."+f.Name, f, v.c.Fields[f.Name])
	}
	for _, name := range slices.Sorted(maps.Keys(v.c.Fields)) {
		if _, ok := v.t.Field(name); !ok {
			v.add("document.unknown_field", "fields."+shown(name), fault.Arg("field", shown(name)))
		}
	}
}

func (v *validation) field(path string, f Field, value string) {
	if strings.TrimSpace(value) == "" {
		if f.Required {
			v.add("document.missing", path)
		}
		return
	}
	switch f.Kind {
	case Text:
		v.text(path, value, TextMax)
	case Choice:
		v.choice(path, f, value)
	case Date:
		if !isDate(value) {
			v.add("document.bad_date", path, fault.Arg("value", shown(value)))
		}
	case Supplier:
		v.supplier(path, value)
	case Person:
		v.person(path, value)
	}
}

func (v *validation) choice(path string, f Field, value string) {
	var ids []string
	for _, o := range f.Options {
		ids = append(ids, o.ID)
	}
	if !slices.Contains(ids, value) {
		v.add("document.bad_choice", path, fault.Arg("value", shown(value)), fault.Arg("allowed", strings.Join(ids, ", ")))
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
