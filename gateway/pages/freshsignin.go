package pages

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
)

// freshBox asks for a fresh sign-in before somebody decides.
type freshBox struct{ Path, Within string }

const signInAgain = "act.sign_in_again"

// freshBox is nil where the reader's sign-in is fresh enough, or none is asked for.
func (v *visit) freshBox(state approval.State) *freshBox {
	if state.Plan == nil || state.Plan.SignIn == nil || state.Plan.SignIn.Within(v.who.Proved, v.now) {
		return nil
	}
	asked := state.Plan.SignIn
	return &freshBox{
		Path:   v.freshPath(strconv.Itoa(asked.Seconds), strings.Join(asked.Classes, " "), documentAt(state.Document)),
		Within: v.howFresh(asked.Seconds),
	}
}

// freshPath is where to sign in again, to come back to a page and to what was typed.
func (v *visit) freshPath(maxAge, classes, page string) string {
	return v.who.FreshPath(maxAge, classes, page+"?held=1")
}

func (v *visit) howFresh(seconds int) string {
	if seconds%60 == 0 {
		return v.t("page.fresh.minutes", "n", strconv.Itoa(seconds/60))
	}
	return v.t("page.fresh.seconds", "n", strconv.Itoa(seconds))
}

// hold keeps what was typed for after the fresh sign-in that a refusal asks for.
func (v *visit) hold(err error, page string, form url.Values) error {
	if fault.CodeOf(err) != signInAgain {
		return nil
	}
	return v.pages.deps.SignIn.Hold(v.r.Context(), page, form)
}

// held is the form that waited for a fresh sign-in; false where there is none.
func (v *visit) held(page string) (url.Values, bool) {
	if v.who.Session == "" || v.asked("held") == "" {
		return nil, false
	}
	return v.pages.deps.SignIn.HeldFor(v.r.Context(), page)
}

// drop forgets what was held, once a decision was taken.
func (v *visit) drop(refused error) {
	if refused == nil && v.who.Session != "" {
		v.pages.deps.SignIn.Drop(v.r.Context())
	}
}

// sentAgain is a held decision as its form shows it.
func sentAgain(form url.Values) sent {
	in := desk.Decision{Act: approval.Name(form.Get("act")), ToStep: form.Get("to_step")}
	s := sent{Form: decisionForm(in), Text: form.Get("opinion"), To: form.Get("to"), Again: true,
		Typed: map[string]string{}, Chosen: map[string]bool{}}
	for name := range form {
		if strings.HasPrefix(name, amountInput) || strings.HasPrefix(name, changeInput) {
			s.Typed[name] = form.Get(name)
		}
	}
	for _, person := range form["to"] {
		s.Chosen[person] = true
	}
	return s
}

// holdMany keeps the ticks that wait for a fresh sign-in, and says where that is.
func (v *visit) holdMany(results []desk.BulkResult, opinion, back string) (string, error) {
	form, least, classes := url.Values{"opinion": {opinion}, "back": {back}}, 0, ""
	for _, r := range results {
		f, ok := fault.As(r.Err)
		if !ok || f.Code != signInAgain {
			continue
		}
		form.Add("pick", pick(r.Task, r.Round, r.ContentHash))
		if seconds, _ := strconv.Atoi(f.Args["max_age"]); least == 0 || seconds < least {
			least, classes = seconds, f.Args["acr_values"]
		}
	}
	if least == 0 {
		return "", nil
	}
	return v.freshPath(strconv.Itoa(least), classes, "/"), v.pages.deps.SignIn.Hold(v.r.Context(), "/", form)
}
