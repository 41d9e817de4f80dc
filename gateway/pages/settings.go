package pages

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/store"
)

const settingsAt = "/settings"

// settingsView is everything that somebody settles for themselves.
type settingsView struct {
	Wishes   wishesView
	Passkeys []passkeyRow
	Apps     []appRow
	Named    bool   // passkeys can be made at this address
	Here     string // address of the passkeys, for another browser
	App      bool   // the page is shown within another app
	Fresh    string // where to sign in again before a passkey is added or removed; "" for fresh enough
	Tokens   []tokenRow
	Scopes   []scopeChoice
	Lives    []int // days
	Key      string
	Sent     settingsSent
}

// settingsSent is a form of the page that came and was refused, or a token that was
// just made: shown this once.
type settingsSent struct {
	Form, Fault, Name, Secret, From, Until string

	Scopes []string
	Days   int

	Wishes notice.Wishes // with the quiet hours as From and Until
}

type passkeyRow struct {
	ID, Name string

	Synced               bool
	Added, Used, Removed stamp
}

type tokenRow struct {
	ID, Name, Scopes string

	Over                         bool // revoked or expired
	Made, Used, Expires, Revoked stamp
}

// scopeChoice is a noun of the permissions with what it lets a token do.
type scopeChoice struct {
	Scope, Title string
	Chosen       bool
}

// settingsRoutes lists what somebody settles for themselves, and the question by which
// they sign.
func settingsRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	return []route{
		{method: get, path: settingsAt, needs: access.TokenManage, template: "settings", handle: settings},
		{method: post, path: settingsAt + "/notices", needs: access.TokenManage, template: "settings", handle: saveWishes},
		{method: post, path: settingsAt + "/mail", needs: access.TokenManage, template: "settings", handle: writeAgain},
		{method: post, path: settingsAt + "/absence", needs: access.TokenManage, template: "settings", handle: saveAbsence},
		{method: post, path: settingsAt + "/passkeys", needs: access.TokenManage, template: "settings", handle: addPasskey},
		{method: post, path: settingsAt + "/passkeys/:id/remove", needs: access.TokenManage, template: "settings",
			handle: removePasskey},
		{method: post, path: settingsAt + "/apps/:app/:wish", needs: access.TokenManage, template: "settings",
			handle: linkApp},
		{method: post, path: settingsAt + "/tokens", needs: access.TokenManage, template: "settings", handle: newToken},
		{method: post, path: settingsAt + "/tokens/:id/revoke", needs: access.TokenManage, template: "settings",
			handle: revokeToken},
		{method: post, path: "/documents/:id/passkey", needs: access.TaskDecide, template: "document", handle: askPasskey},
	}
}

// lives are the times that a token may be given on the page, in days.
var lives = []int{30, 90, 180, 365}

// settings handles GET /settings.
func settings(v *visit) error { return v.settings(http.StatusOK, settingsSent{Days: lives[1]}) }

func (v *visit) settings(status int, s settingsSent) error {
	view := settingsView{Lives: lives, Key: random(), Sent: s, Scopes: v.scopes(s.Scopes)}
	var err error
	if view.Wishes, err = v.wishes(s); err != nil {
		return err
	}
	if err := v.ownPasskeys(&view); err != nil {
		return err
	}
	if view.Apps, err = v.linkedApps(); err != nil {
		return err
	}
	tokens, err := v.desk().Tokens(v.r.Context(), v.who)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		view.Tokens = append(view.Tokens, v.tokenRow(t))
	}
	return v.show(status, v.t("page.settings.title"), view)
}

// ownPasskeys are shown to the person themselves, in a browser, and to nobody else.
func (v *visit) ownPasskeys(view *settingsView) error {
	passkeys, err := v.desk().ListPasskeys(v.r.Context(), v.who)
	if err != nil {
		return err
	}
	home := v.who.Person.Entity
	for _, p := range passkeys {
		view.Passkeys = append(view.Passkeys, passkeyRow{ID: p.ID, Name: p.Name, Synced: p.Synced,
			Added: v.stamp(p.AddedAt, home), Used: v.stamp(p.LastUsedAt, home), Removed: v.stamp(p.RemovedAt, home)})
	}
	view.Named, view.Here = v.desk().Passkeys != nil, v.address("/settings#passkeys")
	view.App = auth.InApp(v.r.UserAgent())
	if !v.desk().JustSignedIn(v.who) {
		view.Fresh = v.who.FreshPath(strconv.Itoa(desk.PasskeyFresh), "", settingsAt+"#passkeys")
	}
	return nil
}

func (v *visit) tokenRow(t store.Token) tokenRow {
	home := v.who.Person.Entity
	return tokenRow{ID: t.ID, Name: t.Name, Scopes: strings.Join(t.Scopes, ", "),
		Over: !t.RevokedAt.IsZero() || !t.ExpiresAt.After(v.now), Made: v.stamp(t.CreatedAt, home),
		Used: v.stamp(t.LastUsedAt, home), Expires: v.stamp(t.ExpiresAt, home), Revoked: v.stamp(t.RevokedAt, home)}
}

// scopes are the nouns of what the reader may do themselves: a token does no more.
func (v *visit) scopes(chosen []string) []scopeChoice {
	var all []scopeChoice
	for _, permission := range access.Permissions() {
		noun, _, _ := strings.Cut(permission, ":")
		scope := noun + ":*"
		title := v.optional("page.scope."+noun, "")
		known := slices.ContainsFunc(all, func(c scopeChoice) bool { return c.Scope == scope })
		if known || title == "" || !access.Has(v.who.Subject, permission) {
			continue
		}
		all = append(all, scopeChoice{scope, title, slices.Contains(chosen, scope)})
	}
	return all
}

// notSettled shows the page again: what was asked for was refused.
func (v *visit) notSettled(err error, s settingsSent) error {
	f, ok := fault.As(err)
	if !ok || f.Kind == fault.Busy || f.Kind == fault.Internal || f.Kind == fault.NotFound {
		return err
	}
	s.Fault += v.faultText(f)
	v.route.template = "settings"
	return v.settings(problem.Status(f), s)
}

// addPasskey handles POST /settings/passkeys: what the script got from the browser.
func addPasskey(v *visit) error {
	name := v.asked("name")
	_, err := v.desk().AddPasskey(v.r.Context(), v.who, name, []byte(v.asked("answer")))
	if err != nil {
		return v.notSettled(err, settingsSent{Form: "passkey", Name: name})
	}
	return v.leave(settingsAt, "passkey_added")
}

// removePasskey handles POST /settings/passkeys/:id/remove.
func removePasskey(v *visit) error {
	if err := v.desk().RemovePasskey(v.r.Context(), v.who, v.param("id")); err != nil {
		return v.notSettled(err, settingsSent{Form: "passkey"})
	}
	return v.leave(settingsAt, "passkey_removed")
}

// newToken handles POST /settings/tokens. The answer is the page itself: the token is
// shown this once, and the form's key makes it once.
func newToken(v *visit) error {
	days, _ := strconv.Atoi(v.asked("days"))
	s := settingsSent{Form: "token", Name: v.asked("name"), Scopes: v.r.PostForm["scope"], Days: days}
	if s.Name == "" || len(s.Name) > desk.TokenNameMax || len(s.Scopes) == 0 || !slices.Contains(lives, days) {
		return v.notSettled(fault.New(fault.Invalid, "token.incomplete"), s)
	}
	key := v.key("new-token", s.Name)
	secret, _, err := v.desk().NewToken(v.r.Context(), v.who, desk.TokenInput{Name: s.Name, Scopes: s.Scopes,
		Expires: v.now.Add(time.Duration(days) * 24 * time.Hour)}, key)
	if err != nil {
		return v.notSettled(err, s)
	}
	return v.settings(http.StatusOK, settingsSent{Secret: secret, Name: s.Name, Days: days})
}

// revokeToken handles POST /settings/tokens/:id/revoke.
func revokeToken(v *visit) error {
	if err := v.desk().RevokeToken(v.r.Context(), v.who, v.param("id")); err != nil {
		return err
	}
	return v.leave(settingsAt, "token_revoked")
}
