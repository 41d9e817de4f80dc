package slack

import (
	"context"
	"net/url"

	"github.com/slack-go/slack"

	"github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/domain/fault"
)

// SignInURL is where the web view is sent: Sign in with Slack, OpenID Connect.
func (a *App) SignInURL(at port.Attempt) string {
	return a.base + "/openid/connect/authorize?" + url.Values{"response_type": {"code"}, "scope": {"openid"},
		"client_id": {a.clientID}, "redirect_uri": {at.Redirect}, "state": {at.State}, "team": {a.config.Tenant}}.Encode()
}

// WhoIs gives the user id of whom a code is for, of this workspace alone.
func (a *App) WhoIs(ctx context.Context, code string, at port.Attempt) (string, error) {
	token, err := slack.GetOpenIDConnectTokenContext(ctx, a.wire, a.clientID, string(a.config.Key), code, at.Redirect,
		slack.OAuthOptionAPIURL(a.base+"/api/"))
	if err := a.sorted(err, token == nil || token.AccessToken == "", false); err != nil {
		return "", a.unlessBusy(err)
	}
	who, err := a.client(token.AccessToken).GetOpenIDConnectUserInfoContext(ctx)
	if err := a.sorted(err, who == nil || who.UserID == "", false); err != nil {
		return "", a.unlessBusy(err)
	}
	if who.TeamID != a.config.Tenant {
		return "", a.notTheirs()
	}
	return who.UserID, nil
}

// unlessBusy makes a refusal ours: nobody is told why a code is none.
func (a *App) unlessBusy(err error) error {
	if fault.KindOf(err) == fault.Busy {
		return err
	}
	return a.notTheirs()
}
