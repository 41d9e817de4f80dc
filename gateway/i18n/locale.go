package i18n

import (
	"context"
	"net/http"
	"strings"

	"golang.org/x/text/language"
)

// Cookie is the cookie that keeps the language somebody chose in this browser.
const Cookie = "lang"

// CookieLife is how long it is kept, in seconds.
const CookieLife = 365 * 24 * 60 * 60

// Parameter is the query parameter that asks for a language once.
const Parameter = "lang"

// acceptMax bounds how much of an Accept-Language header is read.
const acceptMax = 256

type localeKey struct{}

// With puts the language of a request into its context.
func With(ctx context.Context, locale string) context.Context {
	return context.WithValue(ctx, localeKey{}, locale)
}

// Locale is the language of a request; English where none was chosen.
func Locale(ctx context.Context) string {
	if locale, ok := ctx.Value(localeKey{}).(string); ok {
		return locale
	}
	return English
}

// T is the text of a key in the language of a request.
func T(ctx context.Context, key string, args map[string]string) string {
	return Shipped().Text(Locale(ctx), key, args)
}

// Known turns any tag into a language that has a catalog: every zh-… is zh-CN,
// every en-… is en; false for the others.
func Known(tag string) (string, bool) {
	tag = strings.ToLower(strings.TrimSpace(tag))
	switch base, _, _ := strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-"); base {
	case "zh":
		return Chinese, true
	case "en":
		return English, true
	}
	return "", false
}

// Asked is the language this request itself asks for: ?lang first, then the
// choice kept in the browser; false where it asks for none.
func Asked(r *http.Request) (string, bool) {
	if locale, ok := Known(r.URL.Query().Get(Parameter)); ok {
		return locale, true
	}
	if c, err := r.Cookie(Cookie); err == nil {
		return Known(c.Value)
	}
	return "", false
}

// Accepted is the best language of the Accept-Language header; false where the
// header is missing or names none of ours.
func Accepted(r *http.Request) (string, bool) {
	header := r.Header.Get("Accept-Language")
	if len(header) > acceptMax {
		header = header[:acceptMax]
	}
	tags, weights, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return "", false
	}
	for i, tag := range tags {
		if weights[i] <= 0 {
			continue
		}
		if locale, ok := Known(tag.String()); ok {
			return locale, true
		}
	}
	return "", false
}

// Negotiate chooses the language of a request before anybody is known: what it
// asks for, else what the browser prefers, else English.
func Negotiate(r *http.Request) string {
	if locale, ok := Asked(r); ok {
		return locale
	}
	if locale, ok := Accepted(r); ok {
		return locale
	}
	return Locales[0]
}

// NegotiateFor chooses the language of a request of somebody known. A person at
// a browser reads what they chose, else what the directory says they read, and
// only then what the browser was installed with. A program says what it wants
// in its header, which therefore comes before the directory.
func NegotiateFor(r *http.Request, preferred string, machine bool) string {
	if locale, ok := Asked(r); ok {
		return locale
	}
	accepted, accepts := Accepted(r)
	if machine && accepts {
		return accepted
	}
	if locale, ok := Known(preferred); ok {
		return locale
	}
	if accepts {
		return accepted
	}
	return Locales[0]
}
