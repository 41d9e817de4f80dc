package auth

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/identity"
	"github.com/countersign/countersign/adapters/im"
	"github.com/countersign/countersign/domain/fault"
)

// messengerPath begins the id of a messaging app among the ways to sign in, so that no
// provider is meant by it.
const messengerPath = "im-"

// Messenger is a messaging app that says who opened a page inside it. Whom an account
// there means is what the matching of people says, each time anew: nothing is bound at
// a sign-in, and a link that ended lets nobody in.
type Messenger struct {
	App      string    // its id in the configuration; it signs in at /login/im-<id>
	Name     string    // for people
	Platform string    // wecom, dingtalk, feishu, slack
	Inside   bool      // it knows people in its own web view alone
	Way      im.SignIn // asks the platform
}

var _ identity.Provider = Messenger{}

// ID is its place among the ways to sign in.
func (m Messenger) ID() string { return messengerPath + m.App }

// Title is its name.
func (m Messenger) Title(string) string { return m.Name }

// attempt is a try to sign in as a platform is told of it.
func (m Messenger) attempt(a identity.Attempt) im.Attempt {
	return im.Attempt{Redirect: a.Callback, State: a.State, Verifier: a.Verifier}
}

// Begin is where the platform knows who asks. The state ties the way back to this
// browser, and PKCE the code to this attempt on the platform that has it, Feishu.
func (m Messenger) Begin(_ context.Context, a identity.Attempt) (string, error) {
	if a.MaxAge > 0 {
		return "", fault.New(fault.Forbidden, "identity.not_fresh", fault.Arg("provider", m.Name))
	}
	return m.Way.SignInURL(m.attempt(a)), nil
}

// Finish asks the platform whose code came back. It does not tell when they proved who
// they are, so such a session is never a fresh one.
func (m Messenger) Finish(ctx context.Context, a identity.Attempt, answer url.Values) (identity.Identity, error) {
	code := answer.Get("code")
	if code == "" {
		code = answer.Get("authCode") // DingTalk's name of it
	}
	if code == "" {
		return identity.Identity{}, fault.New(fault.Forbidden, "identity.refused", fault.Arg("provider", m.Name),
			fault.Arg("words", answer.Get("error")))
	}
	subject, err := m.Way.WhoIs(ctx, code, m.attempt(a))
	switch {
	case fault.KindOf(err) == fault.Busy:
		return identity.Identity{}, fault.New(fault.Busy, "identity.unavailable", fault.Arg("provider", m.Name))
	case err != nil:
		return identity.Identity{}, fault.New(fault.Forbidden, "auth.not_linked", fault.Arg("app", m.Name))
	}
	return identity.Identity{Issuer: "im:" + m.App, Subject: subject, At: time.Now().UTC()}, nil
}

// SignOut is nowhere: the platform stays signed in.
func (m Messenger) SignOut(string, string) string { return "" }

// SignedOut is refused: no platform tells that somebody signed out.
func (m Messenger) SignedOut(context.Context, string) (identity.SignedOut, error) {
	return identity.SignedOut{}, fault.New(fault.Forbidden, "identity.refused", fault.Arg("provider", m.Name),
		fault.Arg("words", ""))
}

// Ready is true: the app is asked when somebody comes.
func (m Messenger) Ready() error { return nil }

// Watch has nothing to look for.
func (m Messenger) Watch(context.Context) {}

// Classes are none.
func (m Messenger) Classes() []string { return nil }

// member is whom an account in an app means now.
//
// Errors: Forbidden auth.not_linked.
func (a *Auth) member(ctx context.Context, m Messenger, account string) (string, error) {
	person, err := a.store.IMPerson(ctx, m.App, account)
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return "", fault.New(fault.Forbidden, "auth.not_linked", fault.Arg("app", m.Name))
	}
	if err == nil {
		_, err = a.know(ctx, person)
	}
	return person, err
}

// within says whether a browser is the web view of a platform's app.
func within(agent, platform string) bool {
	agent = strings.ToLower(agent)
	return slices.ContainsFunc(appAgents[platform], func(name string) bool { return strings.Contains(agent, name) })
}

// prover is the provider that can prove a sign-in fresh, where the session came by one
// that cannot.
func (a *Auth) prover(p identity.Provider) identity.Provider {
	if _, messenger := p.(Messenger); messenger && len(a.providers) > 0 {
		return a.providers[0]
	}
	return p
}
