package pages

import (
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
)

const channel = "web"

// decide handles POST /documents/:id/decide: approve, return or reject, by what
// was seen on the page.
func decide(v *visit) error {
	in, err := v.decided()
	if err != nil {
		return err
	}
	if in.Act == approval.Sanction || in.Act == approval.Amend {
		return v.patched(in)
	}
	key := v.key("decide", in.Task, string(in.Act), in.Round, in.ContentHash, in.Opinion, in.To, in.Where, in.ToStep,
		in.Back, in.Extra)
	acted, err := again(func() (desk.Acted, error) { return v.desk().Decide(v.r.Context(), v.who, in, key) })
	form := decisionForm(in)
	if _, asks := v.r.PostForm["to"]; in.Act == approval.Consult && !asks {
		form = "decide" // an answer stands where a decision would
	}
	return v.acted(acted, err, sent{Form: form, Text: in.Opinion, To: v.asked("to")})
}

// decided reads a decision, but for the patch of a sanction or an amendment.
func (v *visit) decided() (desk.Decision, error) {
	round, _ := strconv.Atoi(v.asked("round")) // no number is no round: refused as changed
	in := desk.Decision{
		Task: v.asked("task"), Act: approval.Name(v.asked("act")), Round: round, ContentHash: v.asked("hash"),
		Opinion: v.asked("opinion"), Channel: channel,
	}
	var err error
	if in.Passkey, err = v.signed(); err != nil {
		return in, err
	}
	switch in.Act {
	case approval.Approve, approval.Return, approval.Reject:
	case approval.Transfer, approval.Consult, approval.AddSigner, approval.RemoveSigner, approval.Retract:
	case approval.Hold, approval.RequestInfo, approval.Extend:
	case approval.Sanction, approval.Amend:
		return in, nil
	default:
		return in, fault.New(fault.Invalid, "act.unknown", fault.Arg("act", string(in.Act)))
	}
	in.To, in.Where = people(strings.Join(v.r.PostForm["to"], ",")), v.asked("where")
	if in.Act == approval.Return || in.Act == approval.Reject {
		in.To = nil // chosen for an approval
	}
	in.ToStep, in.Back, in.Extra = v.asked("to_step"), v.asked("back"), v.asked("extra")
	return in, nil
}

// decisionForm names the form of a document's page that a decision came from.
func decisionForm(in desk.Decision) string {
	plainly := in.Act == approval.Return && in.ToStep == "" && in.Back == ""
	if in.Act == approval.Approve || in.Act == approval.Reject || plainly {
		return "decide"
	}
	return string(in.Act)
}

// people parts names that commas or line ends part, of either script.
func people(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;，；、\n\r", r) })
}

// release handles POST /documents/:id/release.
func release(v *visit) error {
	id, opinion := v.param("id"), v.asked("opinion")
	key := v.key("release", id, opinion)
	acted, err := again(func() (desk.Acted, error) {
		return v.desk().Release(v.r.Context(), v.who, id, opinion, channel, key)
	})
	return v.acted(acted, err, sent{Form: "release", Text: opinion})
}

// withdraw handles POST /documents/:id/withdraw.
func withdraw(v *visit) error {
	id, opinion := v.param("id"), v.asked("opinion")
	key := v.key("withdraw", id, opinion)
	acted, err := again(func() (desk.Acted, error) {
		return v.desk().Withdraw(v.r.Context(), v.who, id, opinion, channel, key)
	})
	return v.acted(acted, err, sent{Form: "withdraw", Text: opinion})
}

// resolve handles POST /documents/:id/resolve: a ruling on what is parked.
func resolve(v *visit) error {
	in := desk.Ruling{
		Reference: v.asked("reference"), Ruling: v.asked("ruling"), Opinion: v.asked("opinion"), Channel: channel,
	}
	if in.Ruling == approval.RulingRedate {
		in.Date = v.asked("date")
	}
	attempt, err := strconv.Atoi(v.asked("attempt"))
	if err != nil {
		return fault.New(fault.Invalid, "request.bad_value", fault.Field("attempt"))
	}
	in.Attempt = &attempt
	key := v.key("resolve", in.Reference, in.Ruling, in.Date, attempt, in.Opinion)
	acted, err := again(func() (desk.Acted, error) { return v.desk().Resolve(v.r.Context(), v.who, in, key) })
	return v.acted(acted, err, sent{Form: "resolve", Text: in.Opinion, Ruling: in.Ruling, Date: v.asked("date")})
}

// urge handles POST /documents/:id/urge.
func urge(v *visit) error {
	id := v.param("id")
	if err := v.desk().Urge(v.r.Context(), v.who, id, v.key("urge", id)); err != nil {
		return v.refused(err, sent{Form: "urge"})
	}
	return v.leave(documentAt(id), "urge")
}

// deleteDraft handles POST /documents/:id/delete.
func deleteDraft(v *visit) error {
	if err := v.desk().DeleteDraft(v.r.Context(), v.who, v.param("id")); err != nil {
		return err
	}
	return v.leave("/documents", "deleted")
}

// acted answers an act: to the document, with what became of it.
func (v *visit) acted(a desk.Acted, err error, s sent) error {
	switch v.drop(err); {
	case err != nil:
		return v.refused(err, s)
	case a.Pending:
		return v.leave(documentAt(a.Document)+"?act="+a.ID, "")
	}
	return v.leave(documentAt(a.Document), string(a.Name))
}

// refused shows the document as it is now, and why the act was refused. What was
// typed stays in its form.
func (v *visit) refused(err error, s sent) error {
	f, ok := fault.As(err)
	if !ok {
		return err
	}
	switch f.Kind {
	case fault.Invalid, fault.Conflict, fault.Forbidden:
	default:
		return err
	}
	if err := v.hold(f, documentAt(v.param("id")), v.r.PostForm); err != nil {
		return err
	}
	var texts []string
	for _, each := range faultsOf(f) {
		texts = append(texts, v.faultText(each))
	}
	s.Fault, s.Stale = strings.Join(texts, " "), f.Kind != fault.Invalid
	if err := v.document(problem.Status(f), s, ""); err != nil {
		return f // not theirs to see: only what went wrong
	}
	return nil
}
