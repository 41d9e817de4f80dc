package pages

import (
	"net/http"
	"net/url"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/store"
)

// letterView is what somebody decides on who came by a letter: the essentials, and then
// the question. Whatever cannot be decided here leads to the document's page.
type letterView struct {
	Row                        taskRow
	At, Document, TypeTitle    string
	Payee, PayeeAccount, Words string
	Lines, Files               int
	Submitted                  stamp

	Why   string // why there is nothing to decide by this letter any more
	Good  bool   // it is a decision of the reader's own that is done
	Proof bool   // a proof is asked for that the document's page takes
	Fresh bool   // the proof is a fresh sign-in
	Sent  sent
}

func letterRoutes() []route {
	const at = "/letters/:token"
	return []route{
		{method: http.MethodGet, path: at, needs: access.TaskDecide, template: "letter", handle: showLetter},
		{method: http.MethodPost, path: at, needs: access.TaskDecide, template: "letter", handle: decideLetter},
	}
}

// showLetter handles GET /letters/:token. It asks, and decides nothing: who looks at
// links before people do changes nothing.
func showLetter(v *visit) error { return v.letter(http.StatusOK, sent{}) }

func (v *visit) letter(status int, s sent) error {
	asked, err := v.desk().Letter(v.r.Context(), v.who, v.param("token"))
	if err != nil {
		return err
	}
	rows, err := v.taskRows([]store.Task{asked.Task})
	if err != nil {
		return err
	}
	d := asked.Detail
	view := letterView{
		Row: rows[0], At: "/letters/" + url.PathEscape(v.param("token")), Document: documentAt(d.ID),
		TypeTitle: v.typeTitle(d.Type), Payee: d.Content.Payee.Name, PayeeAccount: desk.Masked(d.Content.Payee.Account),
		Words: d.Content.Reason, Lines: len(d.Content.Lines), Files: len(d.Content.Files()),
		Submitted: v.stamp(d.SubmittedAt, d.Entity), Proof: asked.Proof, Fresh: asked.Task.FreshSignIn != nil, Sent: s,
	}
	if asked.Why != nil && view.Sent.Fault == "" {
		view.Why = v.faultText(problem.Find(asked.Why))
	}
	if asked.Acted != nil {
		view.Good, view.Sent.Fault = true, ""
		view.Why = v.t("page.letter.done." + string(asked.Acted.Name))
	}
	v.w.Header().Set("Referrer-Policy", "no-referrer")
	return v.show(status, numberOr(d.Number, d.Title), view)
}

// decideLetter handles POST /letters/:token.
func decideLetter(v *visit) error {
	act, opinion := approval.Name(v.asked("act")), v.asked("opinion")
	acted, err := v.desk().DecideByLetter(v.r.Context(), v.who, v.param("token"), act, opinion)
	f, refused := fault.As(err)
	switch {
	case err == nil && acted.Pending:
		return v.leave(documentAt(acted.Document)+"?act="+acted.ID, "")
	case err == nil:
		return v.leave(documentAt(acted.Document), string(acted.Name))
	case !refused || f.Kind != fault.Invalid && f.Kind != fault.Conflict && f.Kind != fault.Forbidden:
		return err
	}
	return v.letter(problem.Status(f), sent{Text: opinion, Fault: v.faultText(f), Stale: f.Kind != fault.Invalid})
}
