package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/server/problem"
)

const powersAt = organisationAt + "/powers"

// powerRoutes lists the report on who could release how much.
func powerRoutes() []route {
	get := http.MethodGet
	return []route{
		{method: get, path: powersAt, needs: access.GrantRead, template: "powers", handle: powers},
		{method: get, path: powersAt + "/export", needs: access.GrantRead, template: "powers", handle: exportPowers},
	}
}

type powersView struct {
	Over, Currency, Entity, From, Until string

	Entities         []choice
	Currencies       []string
	Groups           []powerGroup
	Anybody          []powerRow
	Asked            bool
	CSV, Fault, Zone string
	Versions         int
}

// powerGroup are the rows of one kind of power.
type powerGroup struct {
	What string
	Rows []powerRow
}

type powerRow struct {
	Who, Path, Where, By, Policy, PolicyPath, Step, Given, Grant string

	Alone, Sure, AtLeast    bool
	Since, Until, Certified stamp
	CertifiedBy             string
}

// mayReport says whether the reader may know who could release how much, anywhere.
func (v *visit) mayReport() bool { return v.desk().MayReport(v.who) == nil }

// powerQuestion reads what is asked; asked is false where nothing is yet.
func (v *visit) powerQuestion() (q desk.PowerQuestion, asked bool, err error) {
	q.Entity = cutQuery(v.asked("entity"))
	if v.asked("over") == "" {
		return q, false, nil
	}
	q.Above, err = money.Parse(strings.ReplaceAll(v.asked("over"), ",", ""), money.Currency(v.asked("currency")))
	if err != nil {
		return q, true, fault.New(fault.Invalid, "powers.bad_amount", fault.Field("over"))
	}
	from, begins := v.day(v.asked("from"))
	until, ends := v.day(v.asked("until"))
	if !begins || !ends {
		return q, true, fault.New(fault.Invalid, "powers.bad_period", fault.Field("from"))
	}
	if !until.IsZero() {
		until = until.AddDate(0, 0, 1) // the day is meant to its end
	}
	q.From, q.Until = from, until
	return q, true, nil
}

// powers handles GET /organisation/powers: who could release more than an amount.
func powers(v *visit) error {
	view := powersView{Over: v.asked("over"), Currency: v.asked("currency"), Entity: v.asked("entity"),
		From: v.asked("from"), Until: v.asked("until"), Zone: v.zone(v.who.Person.Entity).String()}
	err := v.desk().MayReport(v.who)
	if err != nil {
		return err
	}
	if view.Entities, _, err = v.choicesFor(access.GrantRead); err != nil {
		return err
	}
	view.Currencies = v.currencies()
	if view.Currency == "" {
		view.Currency = v.org.Entities[v.who.Person.Entity].Currency
	}
	q, asked, err := v.powerQuestion()
	var report desk.Powers
	if view.Asked = asked; asked && err == nil {
		report, err = v.desk().Powers(v.r.Context(), v.who, q)
	}
	status := http.StatusOK
	if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
		view.Fault, status, err = v.faultText(f), problem.Status(f), nil
	}
	if err != nil {
		return err
	}
	view.fill(v, report)
	return v.show(status, v.t("page.powers.title"), view)
}

func (view *powersView) fill(v *visit, report desk.Powers) {
	view.Versions = report.Versions
	query := url.Values{"over": {view.Over}, "currency": {view.Currency}, "entity": {view.Entity}, "from": {view.From},
		"until": {view.Until}}
	view.CSV = powersAt + "/export?" + query.Encode()
	for _, p := range report.Rows {
		if n := len(view.Groups); n == 0 || view.Groups[n-1].What != p.What {
			view.Groups = append(view.Groups, powerGroup{What: p.What})
		}
		last := &view.Groups[len(view.Groups)-1]
		last.Rows = append(last.Rows, v.powerRow(p))
	}
	for _, p := range report.Anybody {
		view.Anybody = append(view.Anybody, v.powerRow(p))
	}
}

func (v *visit) currencies() []string {
	var all []string
	for _, e := range v.org.Entities {
		all = append(all, e.Currency)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (v *visit) powerRow(p desk.Power) powerRow {
	home := v.who.Person.Entity
	row := powerRow{Who: v.name(p.Person), Path: personAt(p.Person), By: v.via(p.Way), Alone: p.Alone, Sure: p.Sure,
		AtLeast: p.AtLeast, Since: v.stamp(p.Since, home), Until: v.stamp(p.Until, home), Grant: p.Grant,
		Where: desk.ReachText(org.Grant{Entity: p.Entity, Department: p.Department}, v.org, v.locale)}
	if row.Certified = v.stamp(p.Certified, home); p.CertifiedBy != "" {
		row.CertifiedBy = v.name(p.CertifiedBy)
	}
	if p.Policy != "" {
		row.Policy = p.Policy + " " + strconv.Itoa(p.Version)
		row.PolicyPath = policiesAt + "/policy/" + url.PathEscape(p.Policy)
		row.Step = i18n.Pick(p.StepTitle, v.locale)
	}
	switch {
	case p.Maker != "" && p.Checker != "":
		row.Given = v.t("page.person.granted", "maker", v.name(p.Maker), "checker", v.name(p.Checker))
	case p.Maker != "":
		row.Given = v.t("page.powers.by", "who", v.name(p.Maker))
	case p.Checker != "":
		row.Given = v.t("page.powers.by", "who", v.optional("actor."+p.Checker, p.Checker))
	}
	return row
}

// exportPowers handles GET /organisation/powers/export: the same as a table.
func exportPowers(v *visit) error {
	if err := v.desk().MayReport(v.who); err != nil {
		return err
	}
	q, asked, err := v.powerQuestion()
	if err == nil && !asked {
		err = fault.New(fault.Invalid, "powers.bad_amount", fault.Field("over"))
	}
	if err != nil {
		return err
	}
	report, err := v.desk().Powers(v.r.Context(), v.who, q)
	if err != nil {
		return err
	}
	return desk.WritePowersCSV(&lateHeaders{w: v.w, media: "text/csv; charset=utf-8", name: "powers.csv"}, report)
}
