package pages

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/store"
)

const deliveriesAt = "/deliveries"

// deliveryRoutes lists the log of messages to people. It says nothing of itself to who may
// not see it, so that the desk alone judges.
func deliveryRoutes() []route {
	return []route{
		{method: http.MethodGet, path: deliveriesAt, template: "deliveries", handle: deliveries},
		{method: http.MethodPost, path: deliveriesAt + "/:person", template: "deliveries", handle: reachAgain},
	}
}

type deliveriesView struct {
	Unreached []unreachedRow
	Again     []againRow
	MayMend   bool

	Rows             []deliveryRow
	Next, Fault      string
	States, Channels []choice

	Person, Document, Since, State, Channel string
}

// Narrowed says whether a filter is set, so that an empty list means something else.
func (d deliveriesView) Narrowed() bool { return d.Person+d.Document+d.Since+d.State+d.Channel != "" }

// unreachedRow is somebody whom no message reaches.
type unreachedRow struct {
	Name, Address, Why, Mend, At string

	Since stamp
	Held  int
}

// againRow is who said of whom that they can be reached again.
type againRow struct {
	Name, By string

	At stamp
}

// deliveryRow is one message, as it is shown.
type deliveryRow struct {
	store.Delivery
	Name, Shape, StateText, ChannelText, Why string

	Made stamp
	Of   []toldOf
	More string
}

// toldOf is a document that a message tells of.
type toldOf struct{ Number, At string }

// deliveries handles GET /deliveries.
func deliveries(v *visit) error { return v.deliveries(http.StatusOK, "") }

func (v *visit) deliveries(status int, refused string) error {
	view := deliveriesView{Person: v.asked("person"), Document: v.asked("document"), Since: v.asked("since"),
		State: v.asked("state"), Channel: v.asked("channel"), Fault: refused,
		MayMend: access.Has(v.who.Subject, access.DeliveryManage)}
	if err := v.unreached(&view); err != nil {
		return err
	}
	filter := store.DeliveryFilter{Person: view.Person, Document: view.Document, State: view.State,
		Channel: view.Channel, Cursor: v.asked("cursor")}
	var unread error
	if view.Since != "" {
		filter.Since, unread = time.ParseInLocation(time.DateOnly, view.Since, v.zone(v.who.Person.Entity))
	}
	page, err := v.desk().Deliveries(v.r.Context(), v.who, filter)
	if err == nil && unread != nil {
		page, err = store.Page[store.Delivery]{}, fault.New(fault.Invalid, "delivery.bad_since", fault.Field("since"))
	}
	f, wrong := fault.As(err)
	switch {
	case wrong && f.Kind == fault.Invalid:
		status, view.Fault = http.StatusUnprocessableEntity, v.faultText(f)
	case err != nil:
		return err
	}
	query := url.Values{}
	for _, name := range []string{"person", "document", "since", "state", "channel"} {
		if value := v.asked(name); value != "" {
			query.Set(name, value)
		}
	}
	view.Next = nextAt(deliveriesAt, query, page.Next)
	view.States = v.worded("page.notices.state.", store.DeliveryWaiting, store.DeliveryDelivered,
		store.DeliveryFailed, store.DeliveryHeld, store.DeliveryMoot)
	view.Channels = v.worded("page.notices.channel.", string(notice.Mail), string(notice.App))
	for _, d := range page.Items {
		view.Rows = append(view.Rows, v.deliveryRow(d))
	}
	return v.show(status, v.t("page.deliveries.title"), view)
}

// worded are values with their words.
func (v *visit) worded(words string, values ...string) []choice {
	var all []choice
	for _, value := range values {
		all = append(all, choice{value, v.t(words + value)})
	}
	return all
}

func (v *visit) unreached(view *deliveriesView) error {
	all, err := v.desk().Unreached(v.r.Context(), v.who)
	if err != nil {
		return err
	}
	for _, u := range all {
		view.Unreached = append(view.Unreached, unreachedRow{
			Name: v.name(u.Person), Address: u.Address, Why: v.whyNot(u.Why), Mend: v.mend(u), Held: u.Held,
			At: deliveriesAt + "/" + url.PathEscape(u.Person), Since: v.stamp(u.Since, v.who.Person.Entity),
		})
	}
	again, err := v.desk().ReachesAgain(v.r.Context(), v.who)
	for _, a := range again {
		view.Again = append(view.Again, againRow{v.name(a.Person), v.name(a.By), v.stamp(a.At, v.who.Person.Entity)})
	}
	return err
}

// whyNot is why a message did not arrive.
func (v *visit) whyNot(f *fault.Fault) string {
	switch {
	case f == nil:
		return ""
	case i18n.Shipped().Has(i18n.English, "fault."+f.Code):
		return v.faultText(f)
	}
	return v.optional("page.deliveries.why."+f.Code, f.Code)
}

// mend is what helps: another address, a person who works here, an account of the app, or
// the mail server.
func (v *visit) mend(u desk.Unreached) string {
	code, _, _ := strings.Cut(u.Why.Code, ".")
	return v.optional("page.deliveries.mend."+u.Why.Code, v.optional("page.deliveries.mend."+code, ""))
}

func (v *visit) deliveryRow(d store.Delivery) deliveryRow {
	n := strconv.Itoa(len(d.Notices))
	row := deliveryRow{Delivery: d, Name: v.name(d.Person), Shape: v.t("page.notices.shape."+d.Shape, "n", n),
		StateText: v.t("page.notices.state." + d.State), Made: v.stamp(d.MadeAt, v.who.Person.Entity)}
	if d.Channel != "" {
		row.ChannelText = v.t("page.notices.channel." + string(d.Channel))
	}
	row.Why = v.whyNot(desk.Answered(d))
	for _, one := range d.All {
		if number := one.Data["number"]; number != "" {
			row.Of = append(row.Of, toldOf{number, documentAt(one.Document)})
		}
	}
	if more := len(d.Notices) - len(d.All); more > 0 {
		row.More = v.t("told.more", "n", strconv.Itoa(more))
	}
	return row
}

// reachAgain handles POST /deliveries/:person.
func reachAgain(v *visit) error {
	err := v.desk().ReachAgain(v.r.Context(), v.who, v.param("person"))
	if f, refused := fault.As(err); refused && f.Kind == fault.Conflict {
		return v.deliveries(problem.Status(f), v.faultText(f))
	}
	if err != nil {
		return err
	}
	return v.leave(deliveriesAt, "reach_again")
}
