package pages

import (
	"net/http"
	"net/url"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/i18n"
)

type signInView struct {
	Choices []signInChoice
}

type signInChoice struct{ Title, Path string }

// signIn handles GET /login: the ways to sign in.
func signIn(v *visit) error {
	to := auth.LocalPath(v.asked("return_to"))
	if v.known {
		http.Redirect(v.w, v.r, to, http.StatusSeeOther)
		return nil
	}
	var view signInView
	for _, c := range v.pages.deps.SignIn.Choices() {
		view.Choices = append(view.Choices, signInChoice{c.Title, c.Path + "?return_to=" + url.QueryEscape(to)})
	}
	return v.show(http.StatusOK, v.t("page.signin.title"), view)
}

// language handles POST /language: what the reader wants to read from now on.
func language(v *visit) error {
	locale, ok := i18n.Known(v.asked("lang"))
	if !ok {
		return fault.New(fault.Invalid, "request.bad_value", fault.Field("lang"))
	}
	v.cookie(i18n.Cookie, locale, localeLife)
	return v.leave(auth.LocalPath(v.asked("return_to")), "")
}
