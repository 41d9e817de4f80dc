package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

const masterAt = "/master-data"

// masterRoutes lists the pages of what the ERPs know.
func masterRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	return []route{
		{method: get, path: masterAt, needs: access.EffectRead, template: "masterdata", handle: showMasterData},
		{method: get, path: masterAt + "/:connection", needs: access.EffectRead, template: "mastersheet",
			handle: showMasterSheet},
		{method: post, path: masterAt + "/:connection/readings", needs: access.EffectResolve, template: "mastersheet",
			handle: readMaster},
		{method: post, path: masterAt + "/:connection/rulings", needs: access.EffectResolve, template: "mastersheet",
			handle: ruleMaster},
	}
}

type masterDataView struct {
	Tabs financeTabs
	Rows []masterBooksRow
}

// masterBooksRow is one connection in words.
type masterBooksRow struct {
	desk.MasterBooks
	Books  string // whose
	Read   stamp
	Why    string // the newest reading failed
	Kinds  []masterKind
	Untold string // the kinds that this ERP does not tell
	Rates  string // what its exchange rates are for
}

// masterKind is one kind with how much of it is kept.
type masterKind struct {
	ID, Title, At string
	Usable, Other int64
}

// showMasterData handles GET /master-data: what is known of each ERP's master data.
func showMasterData(v *visit) error {
	var view masterDataView
	var err error
	if view.Tabs, err = v.financeTabs("master"); err != nil {
		return err
	}
	all, err := v.desk().MasterData(v.r.Context(), v.who)
	if err != nil {
		return err
	}
	for _, b := range all {
		view.Rows = append(view.Rows, v.masterBooksRow(b))
	}
	return v.show(http.StatusOK, v.t("page.master.title"), view)
}

func (v *visit) masterBooksRow(b desk.MasterBooks) masterBooksRow {
	row := masterBooksRow{MasterBooks: b, Books: v.entities(b.Entities)}
	if b.Last != nil {
		row.Read = v.stamp(b.Last.FinishedAt, v.who.Person.Entity)
	}
	if b.Failed != nil {
		row.Why = v.codeText(b.Failed.Code, b.Failed.Detail, "")
	}
	var untold []string
	for _, kind := range master.Kinds() {
		title := v.t("master.kinds." + string(kind))
		at := slices.IndexFunc(b.Counts, func(n store.MasterCount) bool { return n.Kind == string(kind) })
		if at >= 0 {
			row.Kinds = append(row.Kinds, masterKind{ID: string(kind), Title: title, Usable: b.Counts[at].Usable,
				Other: b.Counts[at].Other, At: masterAt + "/" + url.PathEscape(b.ID) + "?kind=" + string(kind) + "#rows"})
		} else if b.Reads != nil && !slices.Contains(b.Reads, kind) {
			untold = append(untold, title)
		}
	}
	row.Untold = strings.Join(untold, v.t("page.comma"))
	if slices.Contains(b.Reads, master.Rate) {
		row.Rates = v.t("master.rates_look")
		if b.Rates {
			row.Rates = v.t("master.rates_count")
		}
	}
	return row
}

type masterSheetView struct {
	masterBooksRow
	Tabs        financeTabs
	Wrong       string
	Key         string
	May         bool // the reader may have it read
	Rule        bool // the reader may rule on what waits
	Open        int  // differences shown that wait
	More        int  // differences that are not shown
	Differences []masterDifferenceRow
	Runs        []masterRunRow
	Rulings     []masterRulingRow

	Kind, Query, Next string
	Rows              []masterRowRow
	Choices           []choice
}

// Narrowed says whether a filter is set, so that an empty list means something else.
func (m masterSheetView) Narrowed() bool { return m.Kind+m.Query != "" }

// masterDifferenceRow is a difference in words.
type masterDifferenceRow struct {
	Fingerprint, Kind, Code, Name string

	What, Before, After, Uses string
	Said                      string
	Key                       string
}

type masterRunRow struct {
	store.MasterRun
	By, What, Why string
	Finished      stamp
	Remarks       []string
}

type masterRulingRow struct {
	Kind, Code, What, Said string

	Reason string
	At     stamp
}

type masterRowRow struct {
	master.Row
	KindTitle, State, More string
}

// showMasterSheet handles GET /master-data/:connection.
func showMasterSheet(v *visit) error { return v.masterSheet(http.StatusOK, "") }

func (v *visit) masterSheet(status int, wrong string) error {
	sheet, err := v.desk().MasterSheet(v.r.Context(), v.who, v.param("connection"))
	if err != nil {
		return err
	}
	view := masterSheetView{masterBooksRow: v.masterBooksRow(sheet.MasterBooks), Wrong: wrong, Key: random(), Rule: true}
	if view.Tabs, err = v.financeTabs("master"); err != nil {
		return err
	}
	for _, entity := range sheet.Entities {
		may := v.may(access.EffectResolve, access.Object{Entity: entity})
		view.May, view.Rule = view.May || may, view.Rule && may
	}
	for _, d := range sheet.Differences {
		view.Differences = append(view.Differences, v.masterDifferenceRow(d))
		if d.Ruling == nil {
			view.Open++
		}
	}
	if sheet.Last != nil {
		view.More = len(sheet.Last.Held) - len(sheet.Differences)
	}
	for _, r := range sheet.Runs {
		view.Runs = append(view.Runs, v.masterRunRow(r))
	}
	for _, r := range sheet.Rulings {
		view.Rulings = append(view.Rulings, v.masterRulingRow(r))
	}
	if err := v.masterRows(&view); err != nil {
		return err
	}
	return v.show(status, v.t("page.master.title")+" · "+sheet.ID, view)
}

// masterRows fills the list of what is kept, as the reader narrowed it.
func (v *visit) masterRows(view *masterSheetView) error {
	query := v.r.URL.Query()
	view.Query = cutQuery(query.Get("q"))
	for _, kind := range master.Kinds() {
		view.Choices = append(view.Choices, choice{string(kind), v.t("master.kinds." + string(kind))})
		if query.Get("kind") == string(kind) {
			view.Kind = string(kind)
		}
	}
	page, err := v.desk().MasterRows(v.r.Context(), v.who, store.MasterFilter{
		Connection: view.ID, Kind: view.Kind, Query: view.Query, Cursor: query.Get("cursor"),
	})
	if err != nil {
		return err
	}
	for _, r := range page.Items {
		row := masterRowRow{Row: r, KindTitle: v.t("master.kind." + string(r.Kind)), State: v.masterState(r)}
		if r.Kind == master.Period {
			row.More = r.Attributes[master.From] + " – " + r.Attributes[master.To]
		}
		if r.Attributes[master.PartyRequired] != "" {
			row.More = v.t("master.wants_party")
		}
		view.Rows = append(view.Rows, row)
	}
	next := url.Values{}
	for name, value := range map[string]string{"kind": view.Kind, "q": view.Query} {
		if value != "" {
			next.Set(name, value)
		}
	}
	view.Next = nextAt(masterAt+"/"+url.PathEscape(view.ID), next, page.Next)
	return nil
}

// masterState is whether a row may be used, in a word.
func (v *visit) masterState(r master.Row) string {
	switch {
	case r.Gone:
		return v.t("master.state.gone")
	case !r.Active:
		return v.t("master.state.closed")
	}
	return v.t("master.state.usable")
}

// masterWords is a row on one line.
func (v *visit) masterWords(r master.Row) string {
	if r.Kind == "" {
		return v.t("master.nothing")
	}
	words := []string{r.Name, v.masterState(r)}
	if r.Attributes[master.PartyRequired] != "" {
		words = append(words, v.t("master.wants_party"))
	}
	if r.Kind == master.Period {
		words = append(words, r.Attributes[master.From]+" – "+r.Attributes[master.To])
	}
	return strings.Join(words, " · ")
}

func (v *visit) masterDifferenceRow(d desk.MasterDifference) masterDifferenceRow {
	row := masterDifferenceRow{Fingerprint: d.Fingerprint(), Kind: v.t("master.kind." + string(d.After.Kind)),
		Code: d.After.Code, Name: d.After.Name, What: v.t("master.what." + d.What), Before: v.masterWords(d.Before),
		After: v.masterWords(d.After), Key: random()}
	switch {
	case d.Uses != "" && d.After.Kind == master.Rate:
		row.Uses = v.t("master.used_rate")
	case d.Uses != "":
		row.Uses = v.t("master.used_by", "what", d.Uses)
	}
	if r := d.Ruling; r != nil {
		row.Said = v.t("master.said."+string(r.Ruling), "who", v.name(r.Person))
	}
	return row
}

func (v *visit) masterRunRow(r store.MasterRun) masterRunRow {
	row := masterRunRow{MasterRun: r, By: v.t("master.by_schedule"), Finished: v.stamp(r.FinishedAt, v.who.Person.Entity)}
	if r.By != "" {
		row.By = v.name(r.By)
	}
	if r.Code != "" {
		row.Why = v.codeText(r.Code, r.Detail, "")
	}
	var words []string
	for _, what := range []string{master.Added, master.Changed, master.Closed, master.Reopened, master.Vanished} {
		if n := r.Counts[what]; n > 0 {
			words = append(words, v.t("master.counted", "what", v.t("master.what."+what), "n", strconv.Itoa(n)))
		}
	}
	row.What = strings.Join(words, v.t("page.comma"))
	const remarksShown = 20
	for _, m := range r.Remarks[:min(len(r.Remarks), remarksShown)] {
		row.Remarks = append(row.Remarks,
			v.t("master.kind."+string(m.Kind))+" "+m.Code+": "+v.t("master.remark."+m.Why))
	}
	return row
}

func (v *visit) masterRulingRow(r store.MasterRuling) masterRulingRow {
	outcome := r.Outcome
	if outcome == "" {
		outcome = "holds"
	}
	return masterRulingRow{Kind: v.t("master.kind." + string(r.Change.After.Kind)), Code: r.Change.After.Code,
		What: v.t("master.what." + r.Change.What), Reason: r.Reason, At: v.stamp(r.RuledAt, v.who.Person.Entity),
		Said: v.t("master.ruled."+string(r.Ruling)+"."+outcome, "who", v.name(r.Person))}
}

// readMaster handles POST /master-data/:connection/readings: somebody has it read now.
func readMaster(v *visit) error {
	in := desk.AskedMaster{Connection: v.param("connection"), Review: v.asked("review") != ""}
	_, over, err := v.desk().ReadMaster(v.r.Context(), v.who, in, v.key("read-master", in.Connection, v.asked("review")))
	return v.masterAnswered(err, over)
}

// masterAnswered leads back to the sheet, or says there what is wrong.
func (v *visit) masterAnswered(err error, over bool) error {
	f, ok := fault.As(err)
	if ok && (f.Kind == fault.Invalid || f.Kind == fault.Busy || f.Kind == fault.Conflict) {
		return v.masterSheet(http.StatusUnprocessableEntity, v.faultText(f))
	}
	if err != nil {
		return err
	}
	to := masterAt + "/" + url.PathEscape(v.param("connection"))
	if over {
		return v.leave(to, "master-read")
	}
	return v.leave(to, "master-reading")
}

// ruleMaster handles POST /master-data/:connection/rulings: differences are applied, or refused.
func ruleMaster(v *visit) error {
	in := desk.MasterRuling{Connection: v.param("connection"), Fingerprints: v.r.PostForm["difference"],
		Ruling: master.Ruling(v.asked("ruling")), Reason: v.asked("reason")}
	err := v.desk().RuleMaster(v.r.Context(), v.who, in,
		v.key("rule-master", in.Connection, strings.Join(in.Fingerprints, " "), string(in.Ruling), in.Reason))
	if err == nil {
		return v.leave(masterAt+"/"+url.PathEscape(in.Connection), "master-"+string(in.Ruling))
	}
	return v.masterAnswered(err, false)
}
