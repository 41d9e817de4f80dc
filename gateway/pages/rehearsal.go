package pages

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/policy/rehearsal"
)

const rehearsalAt = "/rehearsal"

// rehearsalLife is how long the deadlines of a rehearsal are counted from its beginning;
// who comes back later begins it anew.
const rehearsalLife = 24 * time.Hour

// rehearsalAmount is what is proposed to begin with.
const rehearsalAmount = "1280.00"

// Marks that part a deed in the address: `return~r1.finance.0~manager`.
const (
	deedMark = "~"
	manyMark = ","
)

type rehearsalView struct {
	Types                              []option
	Type, TypeTitle, For, Amount       string
	Currency, Urgency, Category, Start string
	Others                             bool // may be rehearsed for
	Currencies                         []string
	Categories                         []option
	Choices                            []fieldView
	Wrong                              string

	Play   *playView
	Hidden []hiddenInput // what the forms of the play carry on
}

type hiddenInput struct{ Name, Value string }

// rehearse handles GET /rehearsal: what is to be played, and where the play stands. The
// address is all there is of it; nothing is kept.
func rehearse(v *visit) error {
	in, err := v.rehearsal()
	view := v.rehearsalForm(in)
	if in.Type == "" {
		return v.showRehearsal(http.StatusOK, view)
	}
	var done desk.Rehearsed
	if err == nil {
		done, err = v.desk().Rehearse(v.r.Context(), v.who, in)
	}
	if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
		view.Wrong = v.faultText(f)
		return v.showRehearsal(http.StatusUnprocessableEntity, view)
	}
	if err != nil {
		return err
	}
	if v.asked("act") != "" {
		in.Deeds = append(in.Deeds[:done.Played], v.deedAsked())
		return v.leave(rehearsalAt+"?"+v.rehearsalQuery(in).Encode()+"#now", "")
	}
	view.TypeTitle = i18n.Pick(done.Type.Title, v.locale)
	view.choose(v, done.Type, in)
	if view.Play, err = v.play(in, done); err != nil {
		return err
	}
	in.Deeds = in.Deeds[:done.Played]
	for name, values := range v.rehearsalQuery(in) {
		for _, value := range values {
			view.Hidden = append(view.Hidden, hiddenInput{name, value})
		}
	}
	slices.SortStableFunc(view.Hidden, func(a, b hiddenInput) int { return cmp.Compare(a.Name, b.Name) })
	return v.showRehearsal(http.StatusOK, view)
}

func (v *visit) showRehearsal(status int, view rehearsalView) error {
	return v.show(status, v.t("page.rehearsal.title"), view)
}

// rehearsal reads what is asked for.
//
// Errors: Invalid, of the amount.
func (v *visit) rehearsal() (desk.Rehearsal, error) {
	who := cmp.Or(v.asked("for"), v.who.Person.ID)
	entity := v.org.Entities[cmp.Or(v.org.People[who].Entity, v.who.Person.Entity)]
	in := desk.Rehearsal{Type: v.asked("type"), Start: v.rehearsalStart(), Asked: rehearsal.Asked{
		Requester: who, Category: v.asked("category"), Urgency: document.Urgency(v.asked("urgency")),
		Choices: map[string]string{}, Words: v.t("page.rehearsal.words"),
	}}
	for name, values := range v.r.URL.Query() {
		if field, ok := strings.CutPrefix(name, "fields."); ok {
			in.Asked.Choices[field] = values[0]
		}
	}
	deeds := v.r.URL.Query()["did"]
	for _, text := range deeds[:min(len(deeds), rehearsal.DeedsMost+1)] {
		in.Deeds = append(in.Deeds, deedOf(text))
	}
	var err error
	in.Asked.Amount, err = money.Parse(plainAmount(cmp.Or(v.asked("amount"), rehearsalAmount)),
		money.Currency(cmp.Or(v.asked("currency"), entity.Currency)))
	return in, err
}

// rehearsalStart is when the document is submitted: now, or when the play began.
func (v *visit) rehearsalStart() time.Time {
	now := v.now.Truncate(time.Second)
	seconds, err := strconv.ParseInt(v.asked("start"), 10, 64)
	began := time.Unix(seconds, 0)
	if err != nil || began.After(now) || now.Sub(began) > rehearsalLife {
		return now
	}
	return began
}

// rehearsalQuery is a rehearsal as an address says it.
func (v *visit) rehearsalQuery(in desk.Rehearsal) url.Values {
	query := url.Values{
		"type": {in.Type}, "amount": {in.Asked.Amount.Text()}, "currency": {string(in.Asked.Amount.Currency)},
		"start": {strconv.FormatInt(in.Start.Unix(), 10)},
	}
	for name, value := range map[string]string{"for": in.Asked.Requester, "category": in.Asked.Category,
		"urgency": string(in.Asked.Urgency)} {
		if value != "" {
			query.Set(name, value)
		}
	}
	for name, value := range in.Asked.Choices {
		if value != "" {
			query.Set("fields."+name, value)
		}
	}
	for _, d := range in.Deeds {
		query.Add("did", textOf(d))
	}
	return query
}

// deedAsked is what the reader has just done.
func (v *visit) deedAsked() rehearsal.Deed {
	d := rehearsal.Deed{Act: approval.Name(v.asked("act")), Task: v.asked("task"), To: v.r.URL.Query()["to"]}
	if d.Act == approval.Return {
		d.ToStep, d.To = v.asked("step"), nil
	}
	return d
}

func deedOf(text string) rehearsal.Deed {
	parts := strings.SplitN(text, deedMark, 3)
	d := rehearsal.Deed{Act: approval.Name(parts[0])}
	if len(parts) > 1 {
		d.Task = rehearsal.Document + "." + parts[1]
	}
	switch {
	case len(parts) < 3:
	case d.Act == approval.Return:
		d.ToStep = parts[2]
	default:
		d.To = strings.Split(parts[2], manyMark)
	}
	return d
}

func textOf(d rehearsal.Deed) string {
	text := string(d.Act)
	if d.Task != "" {
		text += deedMark + strings.TrimPrefix(d.Task, rehearsal.Document+".")
	}
	if more := d.ToStep + strings.Join(d.To, manyMark); more != "" {
		text += deedMark + more
	}
	return text
}

// rehearsalForm is the form as it was filled in.
func (v *visit) rehearsalForm(in desk.Rehearsal) rehearsalView {
	view := rehearsalView{
		Type: in.Type, For: v.name(in.Asked.Requester), Amount: cmp.Or(v.asked("amount"), rehearsalAmount),
		Currency: cmp.Or(v.asked("currency"), v.org.Entities[v.who.Person.Entity].Currency),
		Urgency:  string(in.Asked.Urgency), Category: in.Asked.Category,
		Others: access.Has(v.who.Subject, access.PeopleRead),
	}
	types, err := v.typesInForce()
	if err != nil {
		return view
	}
	for id, t := range types {
		view.Types = append(view.Types, option{ID: id, Title: i18n.Pick(t.Title, v.locale)})
	}
	view.Types = byTitle(view.Types)
	if t := types[in.Type]; t != nil {
		view.choose(v, t, in)
	}
	return view
}

// choose offers what the rules of a type may ask about.
func (view *rehearsalView) choose(v *visit, t *doctype.Type, in desk.Rehearsal) {
	view.Currencies, view.Categories, view.Choices = nil, nil, nil
	for _, c := range t.Currencies {
		view.Currencies = append(view.Currencies, string(c))
	}
	for _, c := range t.Categories {
		view.Categories = append(view.Categories, option{ID: c.ID, Title: i18n.Pick(c.Title, v.locale)})
	}
	for _, f := range t.Fields {
		if f.Kind != doctype.Choice {
			continue
		}
		field := fieldView{Field: f, Value: in.Asked.Choices[f.Name]}
		for _, o := range f.Options {
			field.Options = append(field.Options, option{ID: o.ID, Title: i18n.Pick(o.Title, v.locale)})
		}
		view.Choices = append(view.Choices, field)
	}
}
