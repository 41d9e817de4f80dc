package pages

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/policy/doctype"
)

// patchForm is what an approver may change in the document where the step lets them.
type patchForm struct {
	Task, Hash, Currency string

	Round  int
	Choose []choosing    // what a yes that follows at once has to choose
	Lines  []sanctionRow // that amounts may be sanctioned of; none where they may not
	Fields []amendRow
}

// sanctionRow is one line with the amount to approve of it.
type sanctionRow struct {
	N                  int
	Title, Description string
	Name, Value        string // of the input; Value is plain decimal text
	Claimed, Now       money.Amount
}

// amendRow is one field that may be amended.
type amendRow struct {
	Name, Title, Value string
	Choices            []choice // none: a text
}

// What the inputs of a patch are called.
const (
	amountInput = "amount:" // and the number of the line
	changeInput = "change:" // and the field
)

// patchForm offers what the step of the reader's task allows; the rules judge again.
func (v *visit) patchForm(detail desk.Detail, s approval.State, decide *decideForm, sent sent) *patchForm {
	if decide == nil || decide.Advice || s.Status != approval.Pending || s.Plan == nil {
		return nil
	}
	step := stepOf(s, decide.Task)
	c := detail.Content
	form := &patchForm{
		Task: decide.Task, Round: decide.Round, Hash: decide.Hash, Currency: string(c.Currency),
		Choose: decide.Choose,
	}
	kind := v.kindAsked(detail.ID, detail.Type)
	if slices.Contains(step.Allow, string(approval.Sanction)) {
		for i, l := range c.Lines {
			form.Lines = append(form.Lines, v.sanctionRow(i, l, kind, sent))
		}
	}
	if slices.Contains(step.Allow, string(approval.Amend)) {
		form.Fields = v.amendRows(c, step.Amend, kind, sent)
	}
	if len(form.Lines) == 0 && len(form.Fields) == 0 {
		return nil
	}
	return form
}

// kindAsked is a document's type as it was when the document was asked for, by its ids
// alone where nobody knows it.
func (v *visit) kindAsked(document, id string) *doctype.Type {
	if kind, err := v.desk().TypeOf(v.r.Context(), document, id); err == nil {
		return kind
	}
	return &doctype.Type{ID: id}
}

// kindOf is a document type, by its ids alone where it is not in force any more.
func (v *visit) kindOf(id string) *doctype.Type {
	if types, err := v.typesInForce(); err == nil && types[id] != nil {
		return types[id]
	}
	return &doctype.Type{ID: id}
}

func (v *visit) sanctionRow(i int, l document.Line, kind *doctype.Type, sent sent) sanctionRow {
	row := sanctionRow{
		N: i + 1, Title: v.category(kind, l.Category), Description: l.Description, Name: amountInput + strconv.Itoa(i+1),
		Value: l.Amount.Text(), Claimed: l.Amount, Now: l.Amount,
	}
	if l.Claimed != nil {
		row.Claimed = l.Claimed.Amount
	}
	if typed, ok := sent.Typed[row.Name]; ok && sent.Form == string(approval.Sanction) {
		row.Value = typed
	}
	return row
}

// amendRows are the fields of a content that a step's amend names.
func (v *visit) amendRows(c document.Content, may []string, kind *doctype.Type, sent sent) []amendRow {
	names := []string{document.AmendTitle}
	for i := range c.Lines {
		for _, part := range []string{"category", "description", "cost_center"} {
			names = append(names, "lines["+strconv.Itoa(i)+"]."+part)
		}
	}
	for _, f := range kind.Fields {
		names = append(names, "fields."+f.Name)
	}
	var rows []amendRow
	for _, name := range names {
		value, known := c.Field(name)
		if !known || !slices.Contains(may, document.Amends(name)) {
			continue
		}
		row := amendRow{
			Name: changeInput + name, Title: v.changeTitle(kind, name), Value: value, Choices: v.choicesOf(kind, name),
		}
		if typed, ok := sent.Typed[row.Name]; ok && sent.Form == string(approval.Amend) {
			row.Value = typed
		}
		rows = append(rows, row)
	}
	return rows
}

// changeTitle says in words which field a change is of.
func (v *visit) changeTitle(kind *doctype.Type, field string) string {
	if name, own := strings.CutPrefix(field, "fields."); own {
		if f, known := kind.Field(name); known {
			return i18n.Pick(f.Title, v.locale)
		}
		return name
	}
	var n int
	var part string
	if name, of := strings.CutPrefix(field, "lines["); of {
		number, rest, _ := strings.Cut(name, "].")
		n, _ = strconv.Atoi(number) // the record has been judged
		part = rest
	}
	if part == "" {
		return v.optional("page.edit."+field, field)
	}
	return v.t("page.amend.line", "n", strconv.Itoa(n+1), "field", v.optional("page.edit."+part, part))
}

// choicesOf are the values that a field may have, where they are a list.
func (v *visit) choicesOf(kind *doctype.Type, field string) []choice {
	var choices []choice
	if document.Amends(field) == document.AmendCategory {
		for _, c := range kind.Categories {
			choices = append(choices, choice{c.ID, i18n.Pick(c.Title, v.locale)})
		}
		return choices
	}
	f, known := kind.Field(strings.TrimPrefix(field, "fields."))
	if !known || f.Kind != doctype.Choice {
		return nil
	}
	if !f.Required {
		choices = append(choices, choice{"", "–"})
	}
	for _, o := range f.Options {
		choices = append(choices, choice{o.ID, i18n.Pick(o.Title, v.locale)})
	}
	return choices
}

func (v *visit) category(kind *doctype.Type, id string) string {
	if c, ok := kind.Category(id); ok {
		return i18n.Pick(c.Title, v.locale)
	}
	return id
}

// patch reads what somebody typed into the form of a sanction or an amendment. What
// was left as it is, or empty, stays.
func (v *visit) patch(in *desk.Decision) (typed map[string]string, err error) {
	typed = map[string]string{}
	prefix := map[approval.Name]string{approval.Sanction: amountInput, approval.Amend: changeInput}[in.Act]
	if prefix == "" {
		return typed, nil
	}
	var faults []*fault.Fault
	for _, name := range slices.Sorted(maps.Keys(v.r.PostForm)) {
		what, of := strings.CutPrefix(name, prefix)
		if !of {
			continue
		}
		value := strings.ReplaceAll(v.asked(name), "\r\n", "\n")
		typed[name] = value
		if in.Act == approval.Amend {
			in.Changes = append(in.Changes, document.Change{Field: what, Now: value})
			continue
		}
		n, err := strconv.Atoi(what)
		if value == "" || err != nil {
			continue
		}
		amount, err := money.Parse(value, money.Currency(v.asked("currency")))
		if f, ok := fault.As(err); ok {
			at := *f
			at.Field = "lines[" + strconv.Itoa(n-1) + "].amount"
			faults = append(faults, &at)
		}
		in.Lines = append(in.Lines, document.Approved{Line: n, Amount: amount})
	}
	slices.SortFunc(in.Lines, func(a, b document.Approved) int { return a.Line - b.Line })
	return typed, fault.Join(faults)
}

// patched handles a sanction or an amendment; with «and approve» the yes follows at
// once, on the content that it made.
func (v *visit) patched(in desk.Decision) error {
	typed, err := v.patch(&in)
	s := sent{Form: string(in.Act), Text: in.Opinion, Typed: typed}
	if err != nil {
		return v.refused(err, s)
	}
	if in.Act == approval.Amend {
		if in.Changes, err = v.unspaced(in.Changes); err != nil {
			return v.refused(err, s)
		}
	}
	yes := v.thenYes(in)
	if yes != nil {
		s.Chosen = map[string]bool{}
		for _, person := range yes.To {
			s.Chosen[person] = true
		}
		if err := v.choosesEnough(in, yes.To); err != nil {
			return v.refused(err, s)
		}
	}
	key := v.key(string(in.Act), in.Task, in.Round, in.ContentHash, in.Opinion, typed)
	acted, err := again(func() (desk.Acted, error) { return v.desk().Decide(v.r.Context(), v.who, in, key) })
	if err != nil || acted.Pending || yes == nil {
		return v.acted(acted, err, s)
	}
	yes.ContentHash = acted.NewHash
	key = v.key("decide", yes.Task, string(yes.Act), yes.Round, yes.ContentHash, yes.Opinion, yes.To)
	acted, err = again(func() (desk.Acted, error) { return v.desk().Decide(v.r.Context(), v.who, *yes, key) })
	return v.acted(acted, err, sent{Form: "decide", Text: in.Opinion})
}

// thenYes is the yes that follows a change at once, on the content that it makes, signed
// with it where that is asked for; nil where only the change is meant.
func (v *visit) thenYes(in desk.Decision) *desk.Decision {
	if v.asked("then") != string(approval.Approve) || in.Act != approval.Sanction && in.Act != approval.Amend {
		return nil
	}
	return &desk.Decision{
		Task: in.Task, Act: approval.Approve, Round: in.Round, Opinion: in.Opinion, Channel: channel,
		To: people(strings.Join(v.r.PostForm["to"], ",")), Passkey: in.Passkey,
	}
}

// choosesEnough refuses a yes whose choice of the next approvers is missing, before anything
// is changed: what follows the change would be refused for it.
func (v *visit) choosesEnough(in desk.Decision, to []string) error {
	detail, err := v.desk().Document(v.r.Context(), v.who, v.param("id"))
	if err != nil || detail.ContentHash != in.ContentHash {
		return err // changed meanwhile: that is what they are told
	}
	state, err := v.desk().State(v.r.Context(), detail.ID)
	if err != nil {
		return err
	}
	_, err = state.Judge(approval.Act{
		ID: random(), Name: approval.Approve, Document: detail.ID, Task: in.Task, Round: in.Round, Actor: v.who.Person.ID,
		ContentHash: in.ContentHash, Opinion: in.Opinion, Channel: in.Channel, To: to,
	}, v.now)
	if code := fault.CodeOf(err); code == "act.choice_required" || code == "act.to_not_among" {
		return err
	}
	return nil // the rules judge the rest, and again
}

// unspaced leaves out the changes that are none but for the spaces at the ends,
// which no form carries.
func (v *visit) unspaced(changes []document.Change) ([]document.Change, error) {
	detail, err := v.desk().Document(v.r.Context(), v.who, v.param("id"))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(changes, func(c document.Change) bool {
		was, known := detail.Content.Field(c.Field)
		return known && strings.TrimSpace(strings.ReplaceAll(was, "\r\n", "\n")) == c.Now
	}), nil
}

// patchWords tells the lines of a sanction, or the fields of an amendment.
func (v *visit) patchWords(data told, kind *doctype.Type) []string {
	var words []string
	for _, l := range data.Lines {
		words = append(words, v.t("page.event.sanctioned_line", "n", strconv.Itoa(l.Line), "was", shownMoney(l.Was),
			"now", shownMoney(l.Now), "claimed", shownMoney(l.Claimed)))
	}
	for _, c := range data.Changes {
		words = append(words, v.t("page.event.amended_field", "field", v.changeTitle(kind, c.Field),
			"was", v.changeValue(kind, c.Field, c.Was), "now", v.changeValue(kind, c.Field, c.Now)))
	}
	return words
}

func (v *visit) changeValue(kind *doctype.Type, field, value string) string {
	if value == "" {
		return "–"
	}
	if document.Amends(field) == document.AmendCategory {
		return v.category(kind, value)
	}
	if f, known := kind.Field(strings.TrimPrefix(field, "fields.")); known && strings.HasPrefix(field, "fields.") {
		return v.fieldValue(f, value)
	}
	return value
}
