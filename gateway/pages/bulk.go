package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/store"
)

// Pick is what a tick says: the task, and the round and content that its row
// showed. What changed since then is refused.
func (r taskRow) Pick() string {
	return pick(r.Task, r.Round, r.Hash)
}

func pick(task string, round int, hash string) string {
	return strings.Join([]string{task, strconv.Itoa(round), hash}, "|")
}

// pickable says whether a task may be decided from the list: advice is asked for
// in words, and is no decision.
func pickable(t store.Task) bool { return t.State == approval.TaskOpen && t.For == "" }

func readPick(text string) (desk.Decision, bool) {
	parts := strings.Split(text, "|")
	if len(parts) != 3 {
		return desk.Decision{}, false
	}
	round, err := strconv.Atoi(parts[1])
	return desk.Decision{Task: parts[0], Round: round, ContentHash: parts[2], Channel: channel}, err == nil
}

// bulkSent is a form of many decisions that came and was refused as a whole.
type bulkSent struct {
	Picked      []string
	Text, Fault string
	Again       bool // it waited for a fresh sign-in, and is not sent yet
}

// bulkView is what became of each of many decisions.
type bulkView struct {
	Rows                      []bulkRow
	Act                       approval.Name
	Applied, Pending, Refused int

	Fresh string // where to sign in again, and then decide the rest; "" for nowhere
	Back  string // the list they were ticked in
}

// bulkRow is what became of one decision: with no fault it was recorded.
type bulkRow struct {
	Document, Number, Title, Applicant, Step, Fault string

	Total   money.Amount
	Pending bool
	Failed  bool // nobody is known to have judged it
}

// decideMany handles POST /tasks/decide: the ticked tasks, with one remark.
func decideMany(v *visit) error {
	act, opinion := approval.Name(v.asked("act")), v.asked("opinion")
	var all []desk.Decision
	var picked []string
	for _, text := range v.r.PostForm["pick"] {
		one, ok := readPick(text)
		if !ok {
			return fault.New(fault.Invalid, "request.bad_value", fault.Field("pick"))
		}
		if !slices.Contains(picked, text) {
			one.Act, one.Opinion = act, opinion
			all, picked = append(all, one), append(picked, text)
		}
	}
	wrong := bulkSent{Picked: picked, Text: opinion}
	if act == approval.Reject && opinion == "" {
		return v.notDecided(fault.New(fault.Invalid, "act.opinion_required", fault.Field("opinion")), wrong)
	}
	results, err := v.desk().DecideAll(v.r.Context(), v.who, all, v.key("decide-tasks", picked, string(act), opinion))
	if err != nil {
		return v.notDecided(err, wrong)
	}
	view := bulkView{Act: act, Back: homeAt(queryOf(v.asked("back")))}
	if view.Fresh, err = v.holdMany(results, opinion, v.asked("back")); err != nil {
		return err
	}
	for _, r := range results {
		row, err := v.bulkRow(r)
		if err != nil {
			return err
		}
		switch {
		case row.Fault != "":
			view.Refused++
		case row.Pending:
			view.Pending++
		default:
			view.Applied++
		}
		view.Rows = append(view.Rows, row)
	}
	return v.show(http.StatusOK, v.t("page.bulk.title"), view)
}

// notDecided shows the list again: nothing of it was decided.
func (v *visit) notDecided(err error, s bulkSent) error {
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.Invalid && f.Kind != fault.Conflict {
		return err
	}
	s.Fault = v.faultText(f)
	v.route.template = "home"
	return v.home(problem.Status(f), queryOf(v.asked("back")), s)
}

// homeAt is the address of the inbox as a query narrows it: nothing else that a form
// carried is put into an address.
func homeAt(query url.Values) string {
	kept := namedIn(query, byQuery, byType, byEntity, byApplicant, byFrom, byTo, byCurrency, byUrgent, byOverdue,
		bySort)
	if len(kept) == 0 {
		return "/"
	}
	return "/?" + kept.Encode()
}

// bulkRow tells what became of one, and where to look. Of a task that the reader
// may not know of there is only the refusal.
func (v *visit) bulkRow(r desk.BulkResult) (bulkRow, error) {
	row := bulkRow{Title: r.Task, Pending: r.Acted.Pending, Failed: r.Failed()}
	if r.Err != nil {
		problem.Log(v.r.Context(), r.Err)
		row.Fault = v.faultText(problem.Find(r.Err))
	}
	task, err := v.desk().Task(v.r.Context(), v.who, r.Task)
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			err = nil
		}
		return row, err
	}
	shown := v.taskRow(task)
	row.Document, row.Number, row.Title, row.Total = shown.Document, shown.Number, shown.Title, shown.Total
	row.Applicant, row.Step = shown.Applicant, shown.Step
	return row, nil
}
