package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/domain/reversal"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/store"
)

const (
	reversalsAt  = "/reversals"
	oneReversal  = "/vouchers/:reference/reversal"
	reversalTail = "/reversal"
)

// reversalRoutes lists the pages where vouchers are undone.
func reversalRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	return []route{
		{method: get, path: reversalsAt, needs: access.EffectRead, template: "reversals", handle: reversals},
		{method: get, path: oneReversal, needs: access.VoucherRead, template: "reversal", handle: showReversal},
		{method: get, path: oneReversal + "/state", needs: access.VoucherRead, handle: reversalState},
		{method: post, path: oneReversal, needs: access.VoucherReverse, template: "reversal", handle: askReversal},
		{method: post, path: oneReversal + "/decision", needs: access.VoucherReverse, template: "reversal",
			handle: decideReversal},
		{method: post, path: oneReversal + "/ruling", needs: access.VoucherReverse, template: "reversal",
			handle: ruleReversal},
	}
}

func reversalAt(reference string) string { return "/vouchers/" + reference + reversalTail }

// reversalLine is one reversal in a list, or as it stands on a page.
type reversalLine struct {
	store.ReversalRow
	At, Shown, StatusText, MakerName, CheckerName, EntityName string

	Changed stamp
}

func (v *visit) reversalLine(row store.ReversalRow) reversalLine {
	line := reversalLine{
		ReversalRow: row, At: reversalAt(row.Voucher), Shown: string(row.Status), MakerName: v.name(row.Maker),
		CheckerName: v.name(row.Checker), EntityName: v.entity(row.Entity), Changed: v.stamp(row.ChangedAt, row.Entity),
	}
	if row.Expired() {
		line.Shown = string(proposal.Expired)
	}
	line.StatusText = v.t("page.reversal.status." + line.Shown)
	return line
}

type reversalsView struct {
	Tabs   financeTabs
	Rows   []reversalLine
	States []reversal.Status
	State  string
	Next   string
}

// reversals handles GET /reversals.
func reversals(v *visit) error {
	view := reversalsView{States: reversal.Statuses(), State: v.asked("state")}
	filter, query := store.ReversalFilter{Cursor: v.asked("cursor")}, url.Values{}
	if view.State != "" {
		filter.Statuses = []reversal.Status{reversal.Status(view.State)}
		query.Set("state", view.State)
	}
	page, err := v.desk().Reversals(v.r.Context(), v.who, filter)
	if err != nil {
		return err
	}
	if view.Tabs, err = v.financeTabs("reversals"); err != nil {
		return err
	}
	for _, row := range page.Items {
		view.Rows = append(view.Rows, v.reversalLine(row))
	}
	view.Next = nextAt(reversalsAt, query, page.Next)
	return v.show(http.StatusOK, v.t("page.finance.title"), view)
}

// reversalView is the reversal of one voucher, with what may be done about it.
type reversalView struct {
	voucherView // what is booked, or would be
	desk.Reversing
	Now      *reversalLine // nil where nobody ever asked
	Of       voucherRow    // what is undone
	Until    stamp
	WhyNot   string // the reader may do nothing here
	Own      bool   // it is the reader's own request
	Mend     mend
	Words    string // why it is parked, for the reader
	ERPWords string
	Key      string

	// What was refused, and what was typed then.
	Form, Refused, Reason, Date string
}

// refresh has the page look again while the books are being told.
func (r reversalView) refresh() *refresh {
	if r.Now == nil || r.Now.Status != reversal.Approved {
		return nil
	}
	at := reversalAt(r.Of.Reference)
	return &refresh{Seconds: 2, Address: at + "/state", Seen: seenReversal(*r.Row), Back: at}
}

// seenReversal says how far a reversal is, for the script that waits for news.
func seenReversal(r store.ReversalRow) string {
	return string(r.Status) + "." + strconv.Itoa(r.Attempt)
}

// showReversal handles GET /vouchers/:reference/reversal.
func showReversal(v *visit) error {
	return v.reversal(http.StatusOK, reversalView{})
}

// reversalState handles GET /vouchers/:reference/reversal/state.
func reversalState(v *visit) error {
	r, err := v.desk().Reversal(v.r.Context(), v.who, v.param("reference"))
	if err != nil {
		return err
	}
	seen := ""
	if r.Row != nil {
		seen = seenReversal(*r.Row)
	}
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	v.w.Header().Set("Cache-Control", "no-store")
	_, _ = v.w.Write([]byte(seen)) // the reader went away
	return nil
}

// reversal shows the page, with what was refused on it.
func (v *visit) reversal(status int, view reversalView) error {
	r, err := v.desk().Reversal(v.r.Context(), v.who, v.param("reference"))
	if err != nil {
		return err
	}
	view.Reversing, view.Of, view.Key = r, v.voucherRow(r.Original), random()
	if err := view.take(r.Undo); err != nil {
		return err
	}
	for i, e := range view.Entries {
		view.Entries[i].PartyName = v.party(e.Party)
	}
	if view.Form == "" {
		view.Date = r.Undo.Date
	}
	if r.Why != nil {
		view.WhyNot = v.faultText(r.Why)
	}
	if r.Row != nil {
		v.reversalStands(&view, *r.Row)
	}
	return v.show(status, v.t("page.reversal.title", "number", r.Original.Number), view)
}

// reversalStands tells how far a reversal that was asked for has come.
func (v *visit) reversalStands(view *reversalView, row store.ReversalRow) {
	line := v.reversalLine(row)
	view.Now, view.Until = &line, v.stamp(row.Expires, row.Entity)
	view.Own = row.Status == reversal.Requested && !view.Decide &&
		v.may(access.VoucherReverse, access.Object{Entity: row.Entity})
	if row.Status != reversal.Parked {
		return
	}
	view.Words = v.codeText(row.Code, row.Detail, row.Date)
	view.ERPWords = quoted(row.Code, view.Words, row.Detail)
	if !row.Unanswered {
		view.Mend = v.mendOf(row.Code, false)
	}
}

// askReversal handles POST /vouchers/:reference/reversal.
func askReversal(v *visit) error {
	in := reversal.Request{Voucher: v.param("reference"), Date: v.asked("date"), Reason: v.asked("reason")}
	key := v.key("ask-reversal", in.Voucher, in.Date, in.Reason)
	_, err := again(func() (bool, error) { return true, v.desk().AskReversal(v.r.Context(), v.who, in, key) })
	return v.reversed(err, "reversal_asked", reversalView{Form: "ask", Reason: in.Reason, Date: in.Date})
}

// decideReversal handles POST /vouchers/:reference/reversal/decision.
func decideReversal(v *visit) error {
	said := proposal.Verdict{Approve: v.asked("verdict") == "approve", Reason: v.asked("reason")}
	asked, flash := v.asked("proposal"), "reversal_refused"
	if said.Approve {
		flash = "reversal_approved"
	}
	key := v.key("decide-reversal", asked, said.Approve, said.Reason)
	_, err := again(func() (bool, error) {
		return true, v.desk().DecideReversal(v.r.Context(), v.who, v.param("reference"), asked, said, key)
	})
	return v.reversed(err, flash, reversalView{Form: "decide", Reason: said.Reason})
}

// ruleReversal handles POST /vouchers/:reference/reversal/ruling.
func ruleReversal(v *visit) error {
	attempt, err := strconv.Atoi(v.asked("attempt"))
	if err != nil {
		attempt = -1 // none that anybody saw
	}
	said := reversal.Said{Ruling: reversal.Ruling(v.asked("ruling")), Attempt: attempt, Opinion: v.asked("opinion")}
	if said.Ruling == reversal.Redate {
		said.Date = v.asked("date")
	}
	key := v.key("rule-reversal", v.param("reference"), string(said.Ruling), said.Date, attempt, said.Opinion)
	_, err = again(func() (bool, error) {
		return true, v.desk().RuleReversal(v.r.Context(), v.who, v.param("reference"), said, key)
	})
	return v.reversed(err, "reversal_ruled", reversalView{Form: "rule", Reason: said.Opinion, Date: v.asked("date")})
}

// reversed answers an act: to the page, with what became of it, or why not and what was
// typed.
func (v *visit) reversed(err error, flash string, typed reversalView) error {
	if err == nil {
		return v.leave(reversalAt(v.param("reference")), flash)
	}
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.Invalid && f.Kind != fault.Conflict && f.Kind != fault.Forbidden {
		return err
	}
	typed.Refused = v.faultText(f)
	if shown := v.reversal(problem.Status(f), typed); shown != nil {
		return f // not theirs to see: only what went wrong
	}
	return nil
}

// withReversals says on a document's page how far the reversal of its voucher is, and
// tells its events among the document's own.
func (v *visit) withReversals(view *documentView, events []evidence.Event) ([]evidence.Event, error) {
	if view.VoucherNumber == "" {
		return events, nil
	}
	var err error
	view.Undone, view.Reverse, err = v.undone(view.VoucherRef, "", store.VoucherPosted,
		access.Object{Entity: view.Entity})
	if err != nil || view.Undone == nil {
		return events, err
	}
	more, err := v.desk().ReversalEvents(v.r.Context(), v.who, view.ID)
	return inTime(events, more), err
}

// inTime puts two records into one, in the order in which they were written.
func inTime(one, other []evidence.Event) []evidence.Event {
	all := slices.Concat(one, other)
	slices.SortStableFunc(all, func(a, b evidence.Event) int { return a.At.Compare(b.At) })
	return all
}
