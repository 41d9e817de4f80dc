package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

const (
	erpAt       = "/erp"
	exchangesAt = erpAt + "/exchanges"
)

// exchangeRoutes lists the pages of the sync log and its monitor.
func exchangeRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	return []route{
		{method: get, path: erpAt, needs: access.EffectRead, template: "erp", handle: showERP},
		{method: get, path: exchangesAt, needs: access.VoucherRead, template: "exchanges", handle: exchanges},
		{method: get, path: exchangesAt + "/:id", needs: access.VoucherRead, template: "exchange", handle: showExchange},
		{method: post, path: exchangesAt + "/:id/resend", needs: access.EffectResolve, template: "exchange", handle: resend},
	}
}

type erpView struct {
	Tabs financeTabs
	Rows []healthRow
	Log  bool // the reader may see the exchanges
}

// healthRow is how one connection does, in words.
type healthRow struct {
	store.BooksHealth
	Books              string
	State              string // ok, silent, failing, idle
	Total              int64
	Rate, P50Ms, P99Ms string
	Last, Silent       stamp
}

// failingShare is the share of exchanges, in percent, from which a connection is shown to fail.
const failingShare = 20

// showERP handles GET /erp: how each connection does.
func showERP(v *visit) error {
	view := erpView{Log: v.anywhere(access.VoucherRead)}
	var err error
	if view.Tabs, err = v.financeTabs("erp"); err != nil {
		return err
	}
	list, err := v.desk().BooksHealth(v.r.Context(), v.who)
	if err != nil {
		return err
	}
	connections, err := v.desk().ConnectionsOf(v.who)
	if err != nil {
		return err
	}
	for i, h := range list {
		row := v.healthRow(h)
		row.Books = v.entities(connections[i].Entities)
		view.Rows = append(view.Rows, row)
	}
	return v.show(http.StatusOK, v.t("page.erp.title"), view)
}

func (v *visit) healthRow(h store.BooksHealth) healthRow {
	home := v.who.Person.Entity
	row := healthRow{BooksHealth: h, State: "ok", Total: h.OK + h.Refused + h.Busy + h.Unknown, P50Ms: millis(h.P50),
		P99Ms: millis(h.P99), Last: v.stamp(h.LastOK, home), Silent: v.stamp(h.Unanswered, home)}
	share := int64(0)
	if row.Total > 0 {
		share = 100 * (row.Total - h.OK) / row.Total
	}
	row.Rate = strconv.FormatInt(share, 10) + " %"
	switch {
	case !h.Unanswered.IsZero():
		row.State = "silent"
	case row.Total == 0:
		row.State = "idle"
	case share >= failingShare:
		row.State = "failing"
	}
	return row
}

// millis is a duration in milliseconds, with a digit behind the point of short ones.
func millis(d time.Duration) string {
	ms := float64(d.Microseconds()) / 1000
	if ms >= 100 || ms == 0 {
		return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
	}
	return strconv.FormatFloat(ms, 'f', 1, 64) + " ms"
}

// anywhere says whether the reader has a permission for anything at all.
func (v *visit) anywhere(permission string) bool {
	scope := access.ScopeFor(v.who.Subject, permission)
	return scope.All || len(scope.Entities) > 0
}

// exchangesPath is where the reader sees what was said to the ERP for a document; ""
// where they may not, or nothing was.
func (v *visit) exchangesPath(detail desk.Detail, object access.Object) string {
	place := access.Object{Entity: object.Entity} // that it is one's own is no reason to read the log
	if detail.VoucherRef+detail.ParkedRef == "" || !v.may(access.VoucherRead, place) {
		return ""
	}
	return exchangesAt + "?document=" + detail.ID
}

type exchangesView struct {
	Tabs                                       financeTabs
	Rows                                       []exchangeRow
	Connections, Ops, Classes                  []choice
	Connection, Op, Class, Document, From, Day string
	Wrong, Next                                string
}

// Narrowed says whether a filter is set.
func (e exchangesView) Narrowed() bool {
	return e.Connection+e.Op+e.Class+e.Document+e.From+e.Day != ""
}

// exchangeRow is one exchange in a list.
type exchangeRow struct {
	store.Exchange
	What, End, TookText, Why string
	Started                  stamp
}

var (
	exchangeOps     = []string{"find", "create", "post", "reverse", "discard", "list", "sync", "login", "other"}
	exchangeClasses = []string{"ok", "refused", "busy", "unknown"}
)

// exchanges handles GET /erp/exchanges: what was said to the ERPs.
func exchanges(v *visit) error {
	view := exchangesView{Connection: v.asked("connection"), Op: v.asked("operation"), Class: v.asked("class"),
		Document: cutQuery(v.asked("document")), From: v.asked("from"), Day: v.asked("until")}
	var err error
	if view.Tabs, err = v.financeTabs("erp"); err != nil {
		return err
	}
	connections, err := v.desk().ConnectionsOf(v.who)
	if err != nil {
		return err
	}
	for _, c := range connections {
		view.Connections = append(view.Connections, choice{c.ID, c.ID})
	}
	for _, op := range exchangeOps {
		view.Ops = append(view.Ops, choice{op, v.t("exchange.op." + op)})
	}
	for _, class := range exchangeClasses {
		view.Classes = append(view.Classes, choice{class, v.t("exchange.class." + class)})
	}
	filter := store.ExchangeFilter{Connection: view.Connection, Op: view.Op, Class: view.Class, Document: view.Document,
		Cursor: v.asked("cursor")}
	filter.From, filter.Until = v.days(view.From, view.Day)
	page, err := v.desk().Exchanges(v.r.Context(), v.who, filter)
	if err != nil {
		return err
	}
	for _, x := range page.Items {
		view.Rows = append(view.Rows, v.exchangeRow(x))
	}
	query := url.Values{}
	for _, name := range []string{"connection", "operation", "class", "document", "from", "until"} {
		if value := v.asked(name); value != "" {
			query.Set(name, value)
		}
	}
	view.Next = nextAt(exchangesAt, query, page.Next)
	return v.show(http.StatusOK, v.t("page.exchanges.title"), view)
}

// days are the instants between which two days lie, on the wall of the reader; what is no
// day bounds nothing.
func (v *visit) days(from, until string) (time.Time, time.Time) {
	zone := v.zone(v.who.Person.Entity)
	first, err := time.ParseInLocation(time.DateOnly, from, zone)
	if err != nil {
		first = time.Time{}
	}
	last, err := time.ParseInLocation(time.DateOnly, until, zone)
	if err != nil {
		return first, time.Time{}
	}
	return first, last.AddDate(0, 0, 1)
}

func (v *visit) exchangeRow(x store.Exchange) exchangeRow {
	row := exchangeRow{Exchange: x, What: v.optional("exchange.op."+x.Op, x.Op), End: v.t("exchange.class." + x.Class),
		TookText: millis(x.Took), Started: v.stamp(x.StartedAt, v.who.Person.Entity)}
	if x.Code != "" {
		row.Why = v.codeText(x.Code, "", "")
	}
	return row
}

type exchangeView struct {
	exchangeRow
	Tabs       financeTabs
	EntityName string
	May        bool // have the posting tried now
	Key, Wrong string
}

// showExchange handles GET /erp/exchanges/:id.
func showExchange(v *visit) error { return v.exchange(http.StatusOK, "") }

func (v *visit) exchange(status int, wrong string) error {
	x, err := v.exchangeAsked()
	if err != nil {
		return err
	}
	view := exchangeView{exchangeRow: v.exchangeRow(x), Key: random(), Wrong: wrong}
	if view.Tabs, err = v.financeTabs("erp"); err != nil {
		return err
	}
	if x.Entity != "" {
		view.EntityName = v.entity(x.Entity)
	}
	writes := []string{"find", "create", "post"}
	view.May = x.Reference != "" && slices.Contains(writes, x.Op) &&
		v.may(access.EffectResolve, access.Object{Entity: x.Entity})
	return v.show(status, v.t("page.exchange.title"), view)
}

func (v *visit) exchangeAsked() (store.Exchange, error) {
	id, err := strconv.ParseInt(v.param("id"), 10, 64)
	if err != nil {
		return store.Exchange{}, fault.New(fault.NotFound, "exchange.not_found")
	}
	return v.desk().Exchange(v.r.Context(), v.who, id)
}

// resend handles POST /erp/exchanges/:id/resend: the posting behind an exchange is tried
// now, if it is parked.
func resend(v *visit) error {
	x, err := v.exchangeAsked()
	if err != nil {
		return err
	}
	in := desk.Ruling{Reference: x.Reference, Opinion: v.asked("opinion"), Channel: channel}
	key := v.key("resend", in.Reference, in.Opinion)
	_, err = again(func() (desk.Acted, error) { return v.desk().Resend(v.r.Context(), v.who, in, key) })
	if f, ok := fault.As(err); ok && (f.Kind == fault.Conflict || f.Kind == fault.Invalid) {
		return v.exchange(http.StatusConflict, v.faultText(f))
	}
	if err != nil && fault.KindOf(err) != fault.Unknown {
		return err
	}
	return v.leave("/documents/"+x.Document, "resent")
}
