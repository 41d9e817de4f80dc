package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

const financeAt = "/finance"

// financeRoutes lists the pages of the finance desk beside its first.
func financeRoutes() []route {
	get := http.MethodGet
	return append(slices.Concat(reconcileRoutes(), exchangeRoutes(), masterRoutes()), []route{
		{method: get, path: "/parked", needs: access.EffectRead, template: "parked", handle: parked},
		{method: get, path: "/vouchers", needs: access.EffectRead, template: "vouchers", handle: vouchers},
		{method: get, path: "/vouchers/:reference", needs: access.VoucherRead, template: "voucher", handle: showVoucher},
		{method: get, path: "/documents/:id/review", needs: access.DocumentRead, template: "review", handle: showReview},
		{method: get, path: "/documents/:id/voucher", needs: access.EffectRead, template: "preview", handle: showPreview},
	}...)
}

// financeTabs is the head of every page of the finance desk.
type financeTabs struct {
	Current string
	Counts  store.FinanceCounts
	Resting []restingERP
	Inbound bool // the reader may see what other systems sent
	Told    bool // the reader may see what other systems are told
}

// restingERP says of an ERP that it is not called right now.
type restingERP struct {
	Books string // whose, in words
	Text  string
	Why   string // what it answered last; "" for nothing
}

// Shown is a count, marked where counting stopped.
func (t financeTabs) Shown(n int64) string {
	if n >= t.Counts.Of {
		return strconv.FormatInt(n, 10) + "+"
	}
	return strconv.FormatInt(n, 10)
}

func (v *visit) financeTabs(current string) (financeTabs, error) {
	counts, err := v.desk().FinanceCounts(v.r.Context(), v.who)
	if err != nil {
		return financeTabs{}, err
	}
	resting, err := v.desk().RestingERPs(v.r.Context(), v.who)
	tabs := financeTabs{Current: current, Counts: counts,
		Inbound: access.Has(v.who.Subject, access.InboundRead), Told: v.may(access.WebhookRead, access.Object{})}
	for _, erp := range resting {
		tabs.Resting = append(tabs.Resting, v.restingERP(erp))
	}
	return tabs, err
}

func (v *visit) restingERP(erp desk.RestingERP) restingERP {
	line := restingERP{Books: v.entities(erp.Entities),
		Text: v.t("erp.rest."+erp.Phase, "connection", erp.ID, "until", v.stamp(erp.Until, v.who.Person.Entity).Text)}
	if erp.Code != "" {
		line.Why = v.codeText(erp.Code, "", "")
	}
	return line
}

type financeView struct {
	Tabs financeTabs
	Rows []reviewRow
	Mine bool

	Query, Entity, Type, Only string

	Entities, Types []choice
	Next            string
}

// Narrowed says whether a filter is set, so that an empty list means something else.
func (f financeView) Narrowed() bool { return f.Query+f.Entity+f.Type+f.Only != "" }

// reviewRow is one step that waits for finance.
type reviewRow struct {
	taskRow
	Waits string // for whom
	Age   string
	Since stamp
	Yours bool
}

// Which of the steps that wait are listed.
const (
	onlyOverdue = "overdue"
	onlyUrgent  = "urgent"
)

// finance handles GET /finance: what waits for finance to review, the longest wait first.
func finance(v *visit) error {
	view := financeView{
		Mine: v.asked("of") == "mine", Query: cutQuery(v.asked("q")), Entity: v.asked("entity"), Type: v.asked("type"),
		Only: v.asked("only"),
	}
	var err error
	if view.Tabs, err = v.financeTabs("reviews"); err != nil {
		return err
	}
	page, err := v.desk().FinanceTasks(v.r.Context(), v.who, view.Mine, store.FinanceFilter{
		Entity: view.Entity, Type: view.Type, Query: view.Query, Overdue: view.Only == onlyOverdue,
		Urgent: view.Only == onlyUrgent, Cursor: v.asked("cursor"),
	})
	if err != nil {
		return err
	}
	if view.Rows, err = v.reviewRows(page.Items); err != nil {
		return err
	}
	if view.Entities, view.Types, err = v.choicesFor(access.EffectRead); err != nil {
		return err
	}
	query := url.Values{}
	for _, name := range []string{"of", "q", "entity", "type", "only"} {
		if value := v.asked(name); value != "" {
			query.Set(name, value)
		}
	}
	view.Next = nextAt(financeAt, query, page.Next)
	return v.show(http.StatusOK, v.t("page.finance.title"), view)
}

// reviewRows are the tasks as the inbox shows them, with whom they wait for and how long.
func (v *visit) reviewRows(waiting []store.FinanceTask) ([]reviewRow, error) {
	tasks := make([]store.Task, len(waiting))
	for i, t := range waiting {
		tasks[i] = t.Task
	}
	rows, err := v.taskRows(tasks)
	if err != nil {
		return nil, err
	}
	list := make([]reviewRow, len(rows))
	for i, t := range waiting {
		list[i] = reviewRow{
			taskRow: rows[i], Waits: v.names(t.Waits), Age: v.age(t.OpenedAt), Since: v.stamp(t.OpenedAt, t.Entity),
			Yours: slices.Contains(t.Waits, v.who.Person.ID),
		}
	}
	return list, nil
}

// choicesFor are the entities that a permission reaches, and the types, by which lists
// are narrowed.
func (v *visit) choicesFor(permission string) (entities, types []choice, err error) {
	scope := access.ScopeFor(v.who.Subject, permission)
	for id := range v.org.Entities {
		if scope.All || slices.Contains(scope.Entities, id) {
			entities = append(entities, choice{id, v.entity(id)})
		}
	}
	kinds, err := v.typesInForce()
	for id := range kinds {
		types = append(types, choice{id, v.typeTitle(id)})
	}
	for _, list := range [][]choice{entities, types} {
		slices.SortFunc(list, func(a, b choice) int { return strings.Compare(a.ID, b.ID) })
	}
	return entities, types, err
}

// age says for how long something waits, in the largest unit that says something.
func (v *visit) age(since time.Time) string {
	if since.IsZero() {
		return ""
	}
	waited := v.now.Sub(since)
	switch {
	case waited >= 48*time.Hour:
		return v.t("page.finance.age.days", "n", strconv.Itoa(int(waited.Hours()/24)))
	case waited >= 2*time.Hour:
		return v.t("page.finance.age.hours", "n", strconv.Itoa(int(waited.Hours())))
	}
	return v.t("page.finance.age.minutes", "n", strconv.Itoa(max(1, int(waited.Minutes()))))
}

// cutQuery bounds what somebody searches for.
func cutQuery(text string) string {
	if runes := []rune(text); len(runes) > queryMax {
		return string(runes[:queryMax])
	}
	return text
}

type parkedView struct {
	Tabs financeTabs
	Rows []parkedRow
	Code string
	Why  []choice // the codes that stand here, in words
	Next string   // the page of those that wait for less long
}

const parkedShown = 50

// parkedRow is one thing that waits for a ruling, with the form that mends it.
type parkedRow struct {
	parkedBox

	Document, Number, Title, Entity, Age, Today, Key, Mapping string

	Preview bool // the reader may see the voucher it would be
	At      stamp
}

// parked handles GET /parked: what waits for a ruling, with what mends it.
func parked(v *visit) error {
	view := parkedView{Code: v.asked("code")}
	var err error
	if view.Tabs, err = v.financeTabs("parked"); err != nil {
		return err
	}
	list, err := v.desk().Parked(v.r.Context(), v.who)
	if err != nil {
		return err
	}
	var chosen []store.ParkedEffect
	for _, p := range list {
		if !slices.ContainsFunc(view.Why, func(c choice) bool { return c.ID == p.Code }) {
			view.Why = append(view.Why, choice{p.Code, v.mendOf(p.Code, planReference(p.Reference)).Title})
		}
		if view.Code == "" || view.Code == p.Code {
			chosen = append(chosen, p)
		}
	}
	from, _ := strconv.Atoi(v.asked("from")) // what is no number shows the first
	from = min(max(from, 0), len(chosen))
	if rest := chosen[from:]; len(rest) > parkedShown {
		chosen = chosen[:from+parkedShown]
		view.Next = "/parked?" + url.Values{"code": {view.Code}, "from": {strconv.Itoa(from + parkedShown)}}.Encode()
	}
	for _, p := range chosen[from:] {
		view.Rows = append(view.Rows, v.parkedRow(p))
	}
	return v.show(http.StatusOK, v.t("page.parked.title"), view)
}

func (v *visit) parkedRow(p store.ParkedEffect) parkedRow {
	row := parkedRow{
		Document: p.Document, Number: p.Number, Title: p.Title, Entity: v.entity(p.Entity), Age: v.age(p.ParkedAt),
		Key: random(), At: v.stamp(p.ParkedAt, p.Entity), Today: v.now.In(v.zone(p.Entity)).Format(time.DateOnly),
		Mapping: v.kindOf(p.Type).Mapping,
	}
	row.parkedBox = v.parkedBoxOf(p, "", access.Object{Entity: p.Entity})
	row.Preview = !row.Route && v.may(access.EffectRead, access.Object{Entity: p.Entity})
	return row
}

// parkedBox is what is parked of a document; nil for nothing.
func (v *visit) parkedBox(detail desk.Detail, object access.Object, state approval.State) *parkedBox {
	if detail.ParkedRef == "" {
		return nil
	}
	date := ""
	if state.Effect != nil {
		date = state.Effect.Date
	}
	box := v.parkedBoxOf(store.ParkedEffect{
		Reference: detail.ParkedRef, Document: detail.ID, Code: detail.ParkedCode, Detail: detail.ParkedDetail,
		Attempt: detail.ParkedAttempt,
	}, date, object)
	return &box
}

// parkedBoxOf tells of something parked: why in the reader's words, the books' own
// words, and what mends it.
func (v *visit) parkedBoxOf(p store.ParkedEffect, date string, o access.Object) parkedBox {
	box := parkedBox{Reference: desk.RulingReference(p), Attempt: p.Attempt, Route: planReference(p.Reference)}
	box.Text = v.codeText(p.Code, p.Detail, date)
	box.Detail = quoted(p.Code, box.Text, p.Detail)
	box.Mend = v.mendOf(p.Code, box.Route)
	permission := access.EffectResolve
	if box.Route {
		permission = access.PlanResolve
	}
	box.May = v.may(permission, o)
	return box
}

// mend says what ends a refusal, and by which form.
type mend struct {
	Title, Text string

	Date    bool // another posting date does
	Mapping bool // the mapping is to be changed, then it is tried again
}

// mends are the refusals that have a cure of their own; the others are looked into
// and tried again.
var mends = map[string]string{
	"erp.closed_period": "period", "erp.unknown_account": "account", "erp.unknown_party": "party",
	"erp.unbalanced": "balance", "erp.refused": "refused", "erp.not_allowed": "rights", "erp.conflict": "conflict",
	"erp.ambiguous": "conflict", "erp.unavailable": "away", "erp.unknown": "away", "erp.settling": "away",
	"erp.rate_limited": "away", "voucher.unanswered": "away", "voucher.no_ledger": "ledger",
	"booking.unmapped_category": "account", "booking.no_advance_account": "account", "booking.no_party": "party",
	"erp.unsupported": "unsupported", "erp.unknown_dimension": "dimension", "erp.bad_config": "ledger",
}

func (v *visit) mendOf(code string, route bool) mend {
	name := mends[code]
	if route {
		name = "route"
	}
	if name == "" {
		name = "other"
	}
	return mend{
		Title: v.t("page.mend." + name + ".title"), Text: v.t("page.mend." + name),
		Date: name == "period", Mapping: name == "account" || name == "dimension" || name == "unsupported",
	}
}
