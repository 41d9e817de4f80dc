package feishu

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/countersign/countersign/adapters/im/port"
)

// SignInURL is where the web view is sent, with PKCE's challenge. Inside Feishu it comes
// back at once.
func (a *App) SignInURL(at port.Attempt) string {
	challenge := sha256.Sum256([]byte(at.Verifier))
	return a.accounts + "/open-apis/authen/v1/authorize?" + url.Values{"client_id": {a.config.App},
		"redirect_uri": {at.Redirect}, "response_type": {"code"}, "state": {at.State}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}}.Encode()
}

// WhoIs gives the open_id of whom a code is for, of this tenant alone.
func (a *App) WhoIs(ctx context.Context, code string, at port.Attempt) (string, error) {
	got, err := a.send(ctx, request{http.MethodPost, "/open-apis/authen/v2/oauth/token", false, map[string]string{
		"grant_type": "authorization_code", "client_id": a.config.App, "client_secret": string(a.config.Secret),
		"code": code, "redirect_uri": at.Redirect, "code_verifier": at.Verifier}}, "")
	if err != nil {
		return "", err
	}
	if err := a.mustAnswer(got); err != nil {
		return "", err
	}
	var token struct {
		Code  int    `json:"code"`
		Token string `json:"access_token"`
	}
	if json.Unmarshal(got.Body, &token) != nil || token.Code != 0 || token.Token == "" {
		return "", a.notTheirs()
	}
	said, err := a.exchange(ctx, request{http.MethodGet, "/open-apis/authen/v1/user_info", false, nil}, token.Token)
	if err != nil {
		return "", err
	}
	var who struct {
		OpenID    string `json:"open_id"`
		TenantKey string `json:"tenant_key"`
	}
	if said.Code != 0 || json.Unmarshal(said.Data, &who) != nil || who.OpenID == "" || who.TenantKey != a.config.Tenant {
		return "", a.notTheirs()
	}
	return who.OpenID, nil
}

// mustAnswer lets an answer through that says something of the code: a code that is
// refused comes with 400.
func (a *App) mustAnswer(got port.Answer) error {
	if got.Status >= http.StatusInternalServerError || got.Status == http.StatusTooManyRequests {
		return port.StatusFault(a.config.Name, got, false)
	}
	return nil
}
