package pages

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/pages/diagram"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/store"
)

// documentView is everything on a document's page.
type documentView struct {
	store.Document
	TypeTitle, EntityName, DepartmentName, SubmitterName, RequesterName, PayeeAccount, Zone string

	Submitted, Closed stamp
	Due               deadline
	Fields            []fact
	Lines             []lineRow
	FileWarnings      []warning // of files of the document itself that stand elsewhere too
	Warned            []warning // the same, with those of the lines, each with its line
	HasTax            bool
	Base              bool // show the total in the entity's currency too
	Waiting           []waitingRow
	WaitingMore       int
	Route             []stop
	Drawing           *diagram.Drawing
	RouteFault        string
	Counted           *countedBox
	Timeline          []moment
	Talk              talkView
	Parked            *parkedBox
	Voucher           string // address of its page, "" where one may not
	Exchanges         string // address of what was said to the ERP for it, "" where one may not
	Undone            *reversalLine
	Reverse           string // where the reader may have its voucher undone
	Books             bool   // the reader looks after the books: the review and the preview are theirs

	Decide                                   *decideForm
	Handle                                   *handleForm
	Patch                                    *patchForm
	Fresh                                    *freshBox
	Passkey                                  *passkeyBox
	Stopped                                  *stoppedBox
	Intervene                                *interveneCard
	Withdraw, WithdrawReason, Resubmit, Urge bool

	Straight   string // to whom a returned document goes straight back
	Back       *remarkBack
	Deciding   []string // names of those asked now
	Bar        *actBar
	Operations []operation
	CopyPath   string // where one's own document begins another one; "" where it cannot
	Proof      *proofCard

	Key     string // of every form on the page
	Sent    sent
	Pending string // an act that is recorded and being applied
}

// sent is a form that came and was refused: nothing typed is lost.
type sent struct {
	Form, Text, Ruling, Date, To string
	Fault                        string
	Stale                        bool
	Ticked                       []string // people named by a tick
	Files                        []formFile
	CopyIn                       bool
	Typed                        map[string]string // the inputs of a sanction or an amendment
	Chosen                       map[string]bool   // people chosen for a later step
	Again                        bool              // it waited for a fresh sign-in, and is not sent yet
}

type fact struct{ Title, Value string }

type lineRow struct {
	document.Line
	CategoryTitle string
	Place         string // where, and for how many days or nights
	Warnings      []warning
	Noted         string // it claims less than its invoices come to
}

// Over says whether the line is above its standard.
func (l lineRow) Over() bool { return l.Standard != nil && l.Standard.Over.Minor > 0 }

// Owes says whether the requester owes what is left of an advance.
func (d documentView) Owes() bool {
	left, err := d.Content.Payable()
	return err == nil && left.Sign() < 0
}

// Left is what is paid, or what the requester owes.
func (d documentView) Left() money.Amount {
	left, err := d.Content.Payable()
	if err != nil {
		return money.Amount{}
	}
	left.Minor = max(left.Minor, -left.Minor)
	return left
}

// ClaimedOffset is what was to be settled of an advance, where a sanction left less.
func (d documentView) ClaimedOffset() money.Amount {
	if c := d.Content.Claimed; c != nil && c.Offset != nil {
		return *c.Offset
	}
	return money.Amount{}
}

// parkedBox says why something waits, and lets rule on it whoever may.
type parkedBox struct {
	Reference, Text, Detail string

	Attempt int
	Route   bool
	May     bool
	Mend    mend
}

// refresh has the page look again while something is being applied.
func (d documentView) refresh() *refresh {
	routing := d.Status == approval.Submitted && d.RouteFault == ""
	if d.Pending == "" && !routing && d.Status != approval.Approved {
		return nil
	}
	r := &refresh{
		Seconds: 2, Address: documentAt(d.ID) + "/seq", Seen: strconv.FormatInt(d.Seq, 10), Back: documentAt(d.ID),
	}
	if d.Pending != "" {
		r.Address, r.Seen, r.Back = r.Address+"?act="+d.Pending, r.Seen+unanswered, r.Back+"?act="+d.Pending
	}
	return r
}

// showDocument handles GET /documents/:id.
func showDocument(v *visit) error {
	var s sent
	if form, ok := v.held(documentAt(v.param("id"))); ok {
		s = sentAgain(form)
	}
	pending := ""
	if id := v.asked("act"); id != "" {
		row, err := v.desk().Act(v.r.Context(), v.who, id)
		switch {
		case err != nil || row.Act.Document != v.param("id"):
		case row.Outcome == nil:
			pending = id
		case row.Outcome.Code != approval.OK:
			s = sent{Form: string(row.Act.Name), Text: row.Act.Opinion, Stale: true, Fault: v.faultText(
				&fault.Fault{Kind: fault.Kind(row.Outcome.Kind), Code: row.Outcome.Code, Args: row.Outcome.Args})}
		default:
			return v.leave(documentAt(v.param("id")), string(row.Act.Name))
		}
	}
	return v.document(http.StatusOK, s, pending)
}

// documentSeq handles GET /documents/:id/seq: how far the document is, for the
// script that waits for news.
func documentSeq(v *visit) error {
	detail, err := v.desk().Document(v.r.Context(), v.who, v.param("id"))
	if err != nil {
		return err
	}
	seen := strconv.FormatInt(detail.Seq, 10)
	if id := v.asked("act"); id != "" {
		if row, err := v.desk().Act(v.r.Context(), v.who, id); err == nil && row.Outcome == nil {
			seen += unanswered
		}
	}
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	v.w.Header().Set("Cache-Control", "no-store")
	_, _ = v.w.Write([]byte(seen)) // the reader went away
	return nil
}

// unanswered marks how far a document is while an act waits for its outcome: a
// refusal changes the mark, though it changes nothing else.
const unanswered = "+"

// document shows the document's page, with what was refused on it.
func (v *visit) document(status int, s sent, pending string) error {
	ctx, id := v.r.Context(), v.param("id")
	detail, err := v.desk().Document(ctx, v.who, id)
	if err != nil {
		return err
	}
	if detail.Status == approval.Draft {
		return v.leave(documentAt(id)+"/edit", "")
	}
	events, err := v.desk().Events(ctx, v.who, id)
	if err != nil {
		return err
	}
	state, err := approval.FoldAll(events)
	if err != nil {
		return err
	}
	view := documentView{Document: detail.Document, Key: random(), Sent: s, Pending: pending}
	if err := v.facts(&view); err != nil {
		return err
	}
	if err := v.warned(&view); err != nil {
		return err
	}
	if events, err = v.withReversals(&view, events); err != nil {
		return err
	}
	if err := v.story(&view, state, events); err != nil {
		return err
	}
	v.acts(&view, detail, state)
	if view.Decide != nil && !view.Decide.Advice || view.Patch != nil {
		view.Fresh = v.freshBox(state)
		if view.Passkey, err = v.passkeyBox(state, view.Decide); err != nil {
			return err
		}
	}
	view.Bar = view.bar()
	view.Operations = v.operations(&view, detail, state)
	view.CopyPath = v.copyPath(detail.Document)
	view.Proof = v.proofCard(events[len(events)-1].Hash, detail.Object())
	if view.Intervene, err = v.interveneCard(&view, detail, state); err != nil {
		return err
	}
	if view.Talk, err = v.talk(detail); err != nil {
		return err
	}
	v.desk().Opened(ctx, v.who, detail)
	return v.show(status, numberOr(detail.Number, detail.Title), view)
}

// facts are what the document asks for.
func (v *visit) facts(view *documentView) error {
	d := view.Document
	types, err := v.typesInForce()
	if err != nil {
		return err
	}
	kind := v.kindAsked(d.ID, d.Type)
	view.TypeTitle, view.EntityName = v.typeTitle(d.Type), v.entity(d.Entity)
	view.DepartmentName = v.department(d.Department)
	view.SubmitterName, view.RequesterName = v.name(d.Submitter), v.name(d.Requester)
	view.PayeeAccount = desk.Masked(d.Payee.Account)
	view.Zone = v.zone(d.Entity).String()
	view.Submitted, view.Closed = v.stamp(d.SubmittedAt, d.Entity), v.stamp(d.ClosedAt, d.Entity)
	view.Due = v.due(d.DueAt, d.Entity)
	view.Base = d.BaseTotal.Currency != "" && d.BaseTotal.Currency != d.Total.Currency
	view.Fields = v.fieldFacts(kind, d, false)
	open, advance, err := v.desk().StillOpen(v.r.Context(), d, types)
	if err != nil {
		return err
	}
	if advance {
		view.Fields = append(view.Fields, fact{v.t("page.advance.open"), shownMoney(open)})
	}
	for _, l := range d.Content.Lines {
		row := lineRow{Line: l, CategoryTitle: v.category(kind, l.Category)}
		row.Place = v.placeOf(kind, l)
		view.HasTax = view.HasTax || l.Tax.Minor != 0
		view.Lines = append(view.Lines, row)
	}
	return nil
}

// placeOf says where a line was spent, and for how many days or nights.
func (v *visit) placeOf(kind *doctype.Type, l document.Line) string {
	var words []string
	if city, ok := kind.City(l.City); ok {
		words = append(words, i18n.Pick(city.Title, v.locale))
	}
	if category, ok := kind.Category(l.Category); ok && category.Standard.Counts() && l.Units > 0 {
		words = append(words, v.t("page.per_"+category.Standard.Per, "n", strconv.FormatInt(l.Units, 10)))
	}
	return strings.Join(words, " · ")
}

// fieldFacts are the fields of the type's own that say something, all of them or
// those that lists show.
func (v *visit) fieldFacts(kind *doctype.Type, d store.Document, listed bool) []fact {
	var facts []fact
	for _, f := range kind.Fields {
		value := d.Content.Fields[f.Name]
		if value == "" || listed && !f.Listed {
			continue
		}
		if amount, err := money.Parse(value, d.Total.Currency); f.Kind == doctype.Money && err == nil {
			value = shownMoney(amount)
		} else {
			value = v.fieldValue(f, value)
		}
		facts = append(facts, fact{i18n.Pick(f.Title, v.locale), value})
	}
	return facts
}

// fieldValue shows a field of the type's own in words.
func (v *visit) fieldValue(f doctype.Field, value string) string {
	switch f.Kind {
	case doctype.Choice:
		for _, o := range f.Options {
			if o.ID == value {
				return i18n.Pick(o.Title, v.locale)
			}
		}
	case doctype.Date:
		return shownDate(v.locale, value)
	case doctype.Person:
		return v.name(value)
	case doctype.Department:
		return v.department(value)
	case doctype.Supplier:
		if s, ok := v.org.Suppliers[value]; ok {
			return s.Name
		}
	}
	return value
}

// story is where the document stands and how it came there.
func (v *visit) story(view *documentView, state approval.State, events []evidence.Event) error {
	view.Route = v.routeOf(state.Plan, state)
	view.Drawing = v.drawn(view.Route)
	view.Waiting, view.WaitingMore = v.waiting(state)
	if state.PlanFault != "" {
		view.RouteFault = v.codeText(state.PlanFault, "", "")
	}
	view.Timeline, view.Back = v.timeline(events, view.Entity), v.backWith(events)
	if err := v.markPasskeys(view.Timeline, events, view.ID); err != nil {
		return err
	}
	for _, t := range state.OpenTasks() {
		if name := v.name(t.Assignee); !slices.Contains(view.Deciding, name) {
			view.Deciding = append(view.Deciding, name)
		}
	}
	if state.Plan == nil {
		return nil
	}
	var err error
	view.Counted, err = v.countedBox(state.Plan.Counted)
	return err
}

// acts are what the reader may do here now. The rules judge again.
func (v *visit) acts(view *documentView, detail desk.Detail, state approval.State) {
	object := detail.Object()
	view.Books = v.may(access.EffectRead, object)
	if view.Pending == "" {
		view.Decide = v.decideForm(detail, state)
		view.Handle = v.handleForm(detail, state, view.Decide)
		view.Patch = v.patchForm(detail, state, view.Decide, view.Sent)
		if view.Stopped = v.stoppedBox(detail, state); view.Stopped != nil {
			view.Due = deadline{} // it moves when the clock goes on
		}
		running := detail.Status == approval.Submitted || detail.Status == approval.Pending ||
			detail.Status == approval.Returned
		view.Withdraw = running && v.may(access.DocumentWithdraw, object)
		view.WithdrawReason = state.Decided
		view.Resubmit = detail.Status == approval.Returned && v.may(access.DocumentResubmit, object)
		view.Straight = v.straightTo(state)
	}
	view.Urge = len(state.OpenTasks()) > 0 && state.Stopped == nil && v.may(access.DocumentUrge, object)
	if detail.VoucherRef != "" && v.may(access.VoucherRead, object) {
		view.Voucher = "/vouchers/" + detail.VoucherRef
	}
	view.Exchanges = v.exchangesPath(detail, object)
	view.Parked = v.parkedBox(detail, object, state)
}

// Reviewing says whether this is the page of a review.
func (d documentView) Reviewing() bool { return false }

// TaxTotal sums the tax of the lines.
func (d documentView) TaxTotal() money.Amount {
	amounts := make([]money.Amount, 0, len(d.Lines))
	for _, l := range d.Lines {
		if l.Tax.Currency == d.Total.Currency {
			amounts = append(amounts, l.Tax)
		}
	}
	total, err := money.Sum(d.Total.Currency, amounts...)
	if err != nil {
		return money.Amount{}
	}
	return total
}
