package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/certification"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/store"
)

const certificationsAt = organisationAt + "/reviews"

func certificationAt(id string) string { return certificationsAt + "/" + url.PathEscape(id) }

// certificationRoutes lists the reviews of rights.
func certificationRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	return []route{
		{method: get, path: certificationsAt, needs: access.GrantRead, template: "certifications", handle: certifications},
		{method: post, path: certificationsAt, needs: access.GrantDecide, template: "certifications",
			handle: openCertification},
		{method: get, path: certificationsAt + "/:id", needs: access.GrantRead, template: "certification",
			handle: showCertification},
		{method: get, path: certificationsAt + "/:id/export", needs: access.GrantRead, template: "certification",
			handle: exportCertification},
		{method: post, path: certificationsAt + "/:id/decide", needs: access.GrantRequest, template: "certification",
			handle: decideCertification},
		{method: post, path: certificationsAt + "/:id/keep", needs: access.GrantRequest, template: "certification",
			handle: keepCertification},
		{method: post, path: certificationsAt + "/:id/reassign", needs: access.GrantRequest, template: "certification",
			handle: reassignCertification},
	}
}

type certificationsView struct {
	Rows     []certificationLine
	MayOpen  bool
	Every    bool // the reader may ask about every company, and the group
	Entities []choice
	Roles    []choice
	Form     desk.AskedReview
	Wrong    string
	Key      string
}

// certificationLine is one campaign in a list.
type certificationLine struct {
	Title, Path, State, By   string
	Opened, Due, Closes, End stamp
	All, Done, Undecided     int
}

func (v *visit) certificationLine(c store.Certification) certificationLine {
	home := v.who.Person.Entity
	l := certificationLine{Title: c.Title, Path: certificationAt(c.ID), State: "open", By: v.name(c.OpenedBy),
		Opened: v.stamp(c.Opened, home), Due: v.lastDay(c.Due, home), Closes: v.stamp(c.Closes, home),
		End:       v.stamp(c.Closed, home),
		Undecided: c.Counts[certification.Undecided]}
	switch {
	case !c.Closed.IsZero() || c.Over(c.Now):
		l.State = "closed"
	case c.Late(c.Now):
		l.State = "late"
	}
	for state, n := range c.Counts {
		l.All += n
		if state != certification.Open && state != certification.Undecided {
			l.Done += n
		}
	}
	return l
}

// certifications handles GET /organisation/reviews.
func certifications(v *visit) error {
	return v.certifications(http.StatusOK, desk.AskedReview{}, "")
}

func (v *visit) certifications(status int, form desk.AskedReview, wrong string) error {
	all, err := v.desk().RightsReviews(v.r.Context(), v.who)
	if err != nil {
		return err
	}
	view := certificationsView{MayOpen: v.desk().MayOpenReview(v.who) == nil, Form: form, Wrong: wrong, Key: random()}
	for _, c := range all {
		view.Rows = append(view.Rows, v.certificationLine(c))
	}
	if view.MayOpen {
		view.Every = v.may(access.GrantDecide, access.Object{})
		for id := range v.org.Entities {
			if v.may(access.GrantDecide, access.Object{Entity: id}) {
				view.Entities = append(view.Entities, choice{id, v.entity(id)})
			}
		}
		slices.SortFunc(view.Entities, func(a, b choice) int { return strings.Compare(a.ID, b.ID) })
		for _, role := range access.Roles() {
			if role != access.Employee {
				view.Roles = append(view.Roles, choice{role, v.t("role." + role)})
			}
		}
	}
	return v.show(status, v.t("page.reviews.title"), view)
}

// Has says whether a role or a company was ticked before a form was refused.
func (view certificationsView) Has(id string) bool {
	return slices.Contains(view.Form.Roles, id) || slices.Contains(view.Form.Entities, id)
}

// openCertification handles POST /organisation/reviews.
func openCertification(v *visit) error {
	in := desk.AskedReview{
		Title: v.asked("title"), Roles: v.r.PostForm["roles"], Entities: v.r.PostForm["entities"],
		Reviewer:  v.asked("reviewer"),
		Undecided: v.asked("undecided"), Due: v.asked("due"), Grace: v.asked("grace"),
	}
	if days, err := strconv.Atoi(in.Grace); err == nil {
		in.Grace = strconv.Itoa(days) + " workday"
		if days == 0 {
			in.Grace = "0s"
		}
	}
	id, err := again(func() (string, error) {
		return v.desk().OpenReview(v.r.Context(), v.who, in, v.key("open-review", in))
	})
	if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
		in.Grace = v.asked("grace")
		return v.certifications(problem.Status(f), in, v.faultText(f))
	}
	if err != nil {
		return err
	}
	return v.leave(certificationAt(id), "review_opened")
}

// certificationPage is how many items one page shows.
const certificationPage = 50

type certificationView struct {
	certificationLine

	ID, Reviewer, AtEnd, Scope, Only, CSV, Next, Key, Wrong string

	Counts []certificationCount
	Rows   []certificationRow
	Mine   int  // items that wait for the reader
	Picks  bool // some of those shown may be ticked
	Keeps  bool // some of them to be kept
	Sent   certification.Reassignment
	Hands  bool // that was refused
	All    bool
}

type certificationCount struct {
	State string
	N     int
}

// certificationRow is one right.
type certificationRow struct {
	No                                        int
	Who, Path, Role, Reach, Reviewer, State   string
	First, HandedBy, HandedWhy                string // of one that somebody else was asked about
	By, Reason, Proposal, ProposalPath, Fault string
	Typed                                     certification.Verdict
	TypedUntil                                string
	Open, MayDecide, Pick, Ticked             bool
	Until, At, NewUntil, HandedAt             stamp
}

// certificationSent is what was refused.
type certificationSent struct {
	no     int // 0: none of one alone
	said   certification.Verdict
	until  string
	wrong  string
	faults map[int]string

	handed *certification.Reassignment // to whom, and why; nil: nobody was to be asked instead
	items  []int
}

// showCertification handles GET /organisation/reviews/:id.
func showCertification(v *visit) error { return v.certification(http.StatusOK, certificationSent{}) }

func (v *visit) certification(status int, sent certificationSent) error {
	r, err := v.desk().RightsReview(v.r.Context(), v.who, v.param("id"))
	if err != nil {
		return err
	}
	view := certificationView{certificationLine: v.certificationLine(r.Certification), ID: r.ID, All: r.All, Key: random(),
		Reviewer: r.Reviewer, AtEnd: r.Undecided, Scope: v.certificationScope(r.Scope), Wrong: sent.wrong,
		CSV: certificationAt(r.ID) + "/export", Only: v.r.URL.Query().Get("only")}
	for _, state := range []string{certification.Open, certification.Keep, certification.Revoke, certification.Shorten,
		certification.Undecided, certification.Ended} {
		if n := r.Counts[state]; n > 0 {
			view.Counts = append(view.Counts, certificationCount{state, n})
		}
	}
	for _, i := range r.Rows {
		if i.MayDecide {
			view.Mine++
		}
	}
	if view.Only == "" && view.Mine == 0 {
		view.Only = "all"
	}
	after, _ := strconv.Atoi(v.r.URL.Query().Get("after"))
	for _, i := range r.Rows {
		shown := view.Only == "all" || view.Only == "open" && i.State == certification.Open || view.Only == "" &&
			i.MayDecide ||
			i.No == sent.no || sent.faults[i.No] != "" || slices.Contains(sent.items, i.No)
		if !shown || i.No <= after {
			continue
		}
		if len(view.Rows) == certificationPage {
			query := url.Values{"only": {view.Only}, "after": {strconv.Itoa(view.Rows[certificationPage-1].No)}}
			view.Next = certificationAt(r.ID) + "?" + query.Encode()
			break
		}
		view.Rows = append(view.Rows, v.certificationRow(i, sent))
		view.Picks, view.Keeps = view.Picks || i.MayDecide || i.MayAssign, view.Keeps || i.MayDecide
	}
	if sent.handed != nil {
		view.Sent, view.Hands = *sent.handed, true
	}
	return v.show(status, r.Title, view)
}

func (v *visit) certificationScope(s certification.Scope) string {
	var words []string
	for _, role := range s.Roles {
		words = append(words, v.t("role."+role))
	}
	if len(words) == 0 {
		words = append(words, v.t("page.certification.every_role"))
	}
	text := strings.Join(words, v.t("page.comma"))
	words = nil
	for _, id := range s.Entities {
		words = append(words, v.entity(id))
	}
	if len(words) == 0 {
		words = append(words, v.t("page.certification.every_entity"))
	}
	return text + " · " + strings.Join(words, v.t("page.comma"))
}

func (v *visit) certificationRow(i desk.RightsReviewItem, sent certificationSent) certificationRow {
	home := v.who.Person.Entity
	row := certificationRow{
		No: i.No, Who: v.name(i.Person), Path: personAt(i.Person), Role: v.t("role." + i.Role), State: i.State,
		Reach:    desk.ReachText(org.Grant{Entity: i.Entity, Department: i.Department}, v.org, v.locale),
		Reviewer: v.t("page.certification.administrators"), Reason: i.Reason, Fault: sent.faults[i.No],
		MayDecide: i.MayDecide, Pick: i.MayDecide || i.MayAssign, Ticked: slices.Contains(sent.items, i.No),
		Until: v.lastDay(i.Until, home), At: v.stamp(i.At, home), NewUntil: v.lastDay(i.NewUntil, home),
	}
	if i.Asks() != "" {
		row.Reviewer = v.name(i.Asks())
	}
	if i.Handed > 0 {
		row.HandedBy, row.HandedWhy, row.HandedAt = v.name(i.Handover.By), i.Handover.Reason, v.stamp(i.HandedAt, home)
		if row.First = v.t("page.certification.administrators"); i.Reviewer != "" {
			row.First = v.name(i.Reviewer)
		}
	}
	if i.By != "" {
		row.By = v.name(i.By)
	}
	if i.Proposal != "" {
		row.Proposal, row.ProposalPath = v.t("page.grants.state."+i.Decided), grantAt(i.Proposal)
	}
	if i.No == sent.no {
		row.Open, row.Typed, row.TypedUntil, row.Fault = true, sent.said, sent.until, sent.wrong
	}
	return row
}

// decideCertification handles POST /organisation/reviews/:id/decide: one right.
func decideCertification(v *visit) error {
	id := v.param("id")
	no, _ := strconv.Atoi(v.asked("no")) // there is no item 0
	sent := certificationSent{no: no, until: v.asked("until"),
		said: certification.Verdict{Say: v.asked("verdict"), Reason: v.asked("reason")}}
	said := sent.said
	if until, ok := v.day(sent.until); ok && sent.until != "" && said.Say == certification.Shorten {
		said.Until = until.AddDate(0, 0, 1) // the day is meant to its end
	}
	_, err := again(func() (bool, error) {
		return true, v.desk().DecideReview(v.r.Context(), v.who, id, no, said, v.key("review", id, no, sent.said, sent.until))
	})
	if f, ok := fault.As(err); ok && f.Kind != fault.NotFound && f.Kind != fault.Internal && f.Kind != fault.Busy {
		sent.wrong = v.faultText(f)
		return v.certification(problem.Status(f), sent)
	}
	if err != nil {
		return err
	}
	return v.leave(certificationAt(id), "review_"+said.Say)
}

// exportCertification handles GET /organisation/reviews/:id/export.
func exportCertification(v *visit) error {
	r, err := v.desk().RightsReview(v.r.Context(), v.who, v.param("id"))
	if err != nil {
		return err
	}
	return desk.WriteReviewCSV(&lateHeaders{w: v.w, media: "text/csv; charset=utf-8", name: "access-review.csv"}, r)
}
