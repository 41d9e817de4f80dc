package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
)

const (
	tourAt    = "/tour"
	tourAsked = "tour" // the parameter by which a page is a stop of a tour: finance.2
)

// tour is a way through the real pages for people of one role: at each stop the page says
// what it is for. It is in the address alone, so it works without a script.
type tour struct {
	id    string
	needs string   // permission of those whom it is for
	stops []string // addresses, in order; page.tour.<id>.<n> explains them
}

var tours = []tour{
	{"employee", access.DocumentCreate, []string{"/new", "/documents", rehearsalAt, settingsAt}},
	{"approver", access.TaskDecide, []string{"/", doneAt, delegationsAt, "/notices"}},
	{"finance", access.EffectResolve, []string{financeAt, "/parked", "/vouchers", policiesAt}},
	{"admin", access.OrganisationWrite,
		[]string{organisationAt, grantsAt, policiesAt, proposalsAt, calendarsAt, handoverAt}},
	{"auditor", access.AuditRead, []string{"/documents?of=all", auditAt, checkpointsAt, organisationAt + "/roles"}},
}

// stopView is where somebody is on a tour.
type stopView struct {
	Title, Text, Tour string
	N, Of             int
	Back, Next        string // "" at the ends
	Here              string // the page without the tour
}

// tourStop is the stop of a tour that the page is shown as; nil where it is none.
func (v *visit) tourStop() *stopView {
	id, n, _ := strings.Cut(v.r.URL.Query().Get(tourAsked), ".")
	at, err := strconv.Atoi(n)
	i := slices.IndexFunc(tours, func(t tour) bool { return t.id == id })
	if v.r.Method != http.MethodGet || err != nil || i < 0 || at < 1 || at > len(tours[i].stops) {
		return nil
	}
	t := tours[i]
	path, _, _ := strings.Cut(t.stops[at-1], "?")
	if v.r.URL.Path != path || !access.Has(v.who.Subject, t.needs) {
		return nil
	}
	key := "page.tour." + id + "."
	view := stopView{Tour: v.t(key + "title"), Title: v.t(key + n + ".title"), Text: v.t(key + n), N: at,
		Of: len(t.stops), Here: t.stops[at-1]}
	if at > 1 {
		view.Back = t.stop(at - 1)
	}
	if at < len(t.stops) {
		view.Next = t.stop(at + 1)
	}
	return &view
}

// stop is the address of a stop, from 1.
func (t tour) stop(n int) string {
	path, query, _ := strings.Cut(t.stops[n-1], "?")
	values, _ := url.ParseQuery(query) // an address of ours
	values.Set(tourAsked, t.id+"."+strconv.Itoa(n))
	return path + "?" + values.Encode()
}

// invited says whether somebody is offered a tour: on their first page, until they took
// one or do not want any. Where that cannot be looked up, the page goes without.
func (v *visit) invited() bool {
	if !v.known || v.r.URL.Path != "/" || v.r.Method != http.MethodGet || v.r.URL.RawQuery != "" {
		return false
	}
	toured, err := v.desk().Toured(v.r.Context(), v.who)
	return err == nil && !toured
}

type tourView struct {
	Title, Begin string
	Stops        []choice // address and title
}

// showTours handles GET /tour: the tours for what the reader may do.
func showTours(v *visit) error {
	var views []tourView
	for _, t := range tours {
		if !access.Has(v.who.Subject, t.needs) {
			continue
		}
		key := "page.tour." + t.id + "."
		view := tourView{Title: v.t(key + "title"), Begin: t.stop(1)}
		for n := range t.stops {
			view.Stops = append(view.Stops, choice{t.stop(n + 1), v.t(key + strconv.Itoa(n+1) + ".title")})
		}
		views = append(views, view)
	}
	if len(views) == 0 {
		return fault.New(fault.NotFound, "request.no_such_route")
	}
	return v.show(http.StatusOK, v.t("page.tour.title"), views)
}

// endTour handles POST /tour/done: they are not invited again, in any browser.
func endTour(v *visit) error {
	if err := v.desk().EndTour(v.r.Context(), v.who); err != nil {
		return err
	}
	return v.leave(auth.LocalPath(v.asked("back")), "")
}
