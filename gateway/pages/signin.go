package pages

import (
	"net/http"
	"net/url"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

type signInView struct {
	Choices   []signInChoice
	SignedOut bool // the reader just was
}

type signInChoice struct {
	Title, Path string
	Away        bool
}

// signIn handles GET /login: the ways to sign in. Where there is one, the browser
// goes there straight away, but for who has just signed out.
func signIn(v *visit) error {
	to := auth.LocalPath(v.asked("return_to"))
	if v.known {
		http.Redirect(v.w, v.r, to, http.StatusSeeOther)
		return nil
	}
	back := "?return_to=" + url.QueryEscape(to)
	view := signInView{SignedOut: v.asked("signed_out") != ""}
	if path, ok := v.pages.deps.SignIn.Straight(v.r.UserAgent()); ok && !view.SignedOut && v.asked("ways") == "" {
		v.w.Header().Set("Cache-Control", "no-store")
		http.Redirect(v.w, v.r, path+back, http.StatusSeeOther)
		return nil
	}
	for _, c := range v.pages.deps.SignIn.Choices(v.locale) {
		if c.Serves(v.r.UserAgent()) {
			view.Choices = append(view.Choices, signInChoice{c.Title, c.Path + back, c.Away})
		}
	}
	return v.show(http.StatusOK, v.t("page.signin.title"), view)
}

// signOut handles POST /logout. The session here is over at once; a page leads on to
// the provider, for a form may be sent on nowhere else.
func signOut(v *visit) error {
	if auth.HasBearer(v.r) { // no session to end
		return fault.New(fault.Forbidden, "auth.required")
	}
	there, err := v.pages.deps.SignIn.Leave(v.r.Context())
	if err != nil {
		return err
	}
	v.w.Header().Set("Clear-Site-Data", `"cache"`)
	if there == "" {
		return v.leave(auth.SignedOutPath, "")
	}
	v.known = false
	return v.show(http.StatusOK, v.t("page.signout.title"), signedOutView{there})
}

type signedOutView struct{ There string }

type sessionsView struct{ Rows []sessionRow }

type sessionRow struct {
	ID, Agent, Said, Address, Provider string // Said: as the browser names itself

	Own         bool
	Since, Seen stamp
}

const sessionsAt = "/sessions"

// sessions handles GET /sessions: where the reader is signed in.
func sessions(v *visit) error {
	list, err := v.desk().Sessions(v.r.Context(), v.who)
	if err != nil {
		return err
	}
	var view sessionsView
	for _, s := range list {
		view.Rows = append(view.Rows, v.sessionRow(s))
	}
	return v.show(http.StatusOK, v.t("page.sessions.title"), view)
}

func (v *visit) sessionRow(s store.SessionInfo) sessionRow {
	row := sessionRow{ID: s.ID, Agent: v.agentWords(s.Agent), Said: s.Agent, Address: s.Address,
		Provider: s.Provider, Own: s.Own, Since: v.stamp(s.CreatedAt, v.who.Person.Entity),
		Seen: v.stamp(s.SeenAt, v.who.Person.Entity)}
	for _, c := range v.pages.deps.SignIn.Choices(v.locale) {
		if c.ID == s.Provider {
			row.Provider = c.Title
		}
	}
	return row
}

// endSession handles POST /sessions/:id/end.
func endSession(v *visit) error {
	if err := v.desk().EndSession(v.r.Context(), v.who, v.param("id")); err != nil {
		return err
	}
	return v.leave(sessionsAt, "session_ended")
}

// language handles POST /language: what the reader wants to read from now on, here and, of
// somebody who is signed in, in their letters and in every browser.
func language(v *visit) error {
	locale, ok := i18n.Known(v.asked("lang"))
	if !ok {
		return fault.New(fault.Invalid, "request.bad_value", fault.Field("lang"))
	}
	if v.known {
		if err := v.desk().ReadIn(v.r.Context(), v.who, locale); err != nil {
			return err
		}
	}
	v.cookie(i18n.Cookie, locale, i18n.CookieLife)
	return v.leave(auth.LocalPath(v.asked("return_to")), "")
}
