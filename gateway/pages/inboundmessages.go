package pages

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

const inboundAt = "/inbound"

// inboundRoutes lists the page of what other systems sent, and what is done there.
func inboundRoutes() []route {
	return []route{
		{method: http.MethodGet, path: inboundAt, needs: access.InboundRead, template: "inbound", handle: inbounds},
		{method: http.MethodPost, path: inboundAt + "/:id", needs: access.InboundManage, template: "inbound",
			handle: ruleInbound},
		{method: http.MethodGet, path: sourcesAt, needs: access.EffectRead, template: "inboundsources",
			handle: inboundSources},
		{method: http.MethodPost, path: sourcesAt + "/:source/readings", needs: access.InboundManage,
			template: "inboundsources", handle: readSource},
	}
}

// inboundStates are what the list is narrowed by.
var inboundStates = []string{
	store.InboundRefused, store.InboundReceived, store.InboundSubmitted, store.InboundIgnored,
}

type inboundView struct {
	Tabs          financeTabs
	States        []string
	State, Source string
	Wrong, Next   string
	Rows          []inboundRow
}

// Narrowed says whether a filter is set, so that an empty list means something else.
func (f inboundView) Narrowed() bool { return f.State+f.Source != "" }

// inboundRow is one message with why it was refused, and with what mends it.
type inboundRow struct {
	store.Inbound
	EntityName, Why, LeftBy, Key string

	Received, Changed stamp
	May               bool
}

// inbounds handles GET /inbound: what other systems sent, the newest first.
func inbounds(v *visit) error { return v.inbounds(http.StatusOK, "") }

func (v *visit) inbounds(status int, wrong string) error {
	query := v.r.URL.Query()
	view := inboundView{States: inboundStates, Source: cutQuery(query.Get("source")), Wrong: wrong}
	if state := query.Get("state"); slices.Contains(inboundStates, state) {
		view.State = state
	}
	var err error
	if view.Tabs, err = v.financeTabs("inbound"); err != nil {
		return err
	}
	page, err := v.desk().InboundMessages(v.r.Context(), v.who, store.InboundFilter{
		Source: view.Source, State: view.State, Cursor: query.Get("cursor"),
	})
	if err != nil {
		return err
	}
	for _, m := range page.Items {
		view.Rows = append(view.Rows, v.inboundRow(m))
	}
	next := url.Values{}
	for name, value := range map[string]string{"state": view.State, "source": view.Source} {
		if value != "" {
			next.Set(name, value)
		}
	}
	view.Next = nextAt(inboundAt, next, page.Next)
	return v.show(status, v.t("page.inbound.title"), view)
}

func (v *visit) inboundRow(m store.Inbound) inboundRow {
	zone := v.who.Person.Entity
	row := inboundRow{Inbound: m, Key: random(), Received: v.stamp(m.ReceivedAt, zone), EntityName: v.entity(m.Entity)}
	if m.State == store.InboundRefused && m.Fault != nil {
		row.Why, row.May = v.faultText(m.Fault), desk.MayRuleInbound(v.who, m)
	}
	if m.State == store.InboundIgnored && m.DecidedBy != "" {
		row.LeftBy = v.t("inbound.left", "who", v.name(m.DecidedBy), "reason", m.Reason)
	}
	if !m.ChangedAt.IsZero() {
		row.Changed = v.stamp(m.ChangedAt, zone)
	}
	return row
}

// ruleInbound handles POST /inbound/:id: somebody tries a refused message again, or leaves it.
func ruleInbound(v *visit) error {
	ruling := v.asked("ruling")
	_, err := v.desk().RuleInbound(v.r.Context(), v.who, desk.InboundRuling(v.param("id"), ruling, v.asked("reason")))
	if f, ok := fault.As(err); ok && (f.Kind == fault.Invalid || f.Kind == fault.Conflict) {
		return v.inbounds(http.StatusUnprocessableEntity, v.faultText(f))
	}
	if err != nil {
		return err
	}
	if ruling == desk.InboundLeave {
		return v.leave(inboundAt, "inbound-left")
	}
	return v.leave(inboundAt, "inbound-again")
}
