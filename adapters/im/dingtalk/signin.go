package dingtalk

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/domain/fault"
)

// SignInURL is where the web view is sent.
func (a *App) SignInURL(at port.Attempt) string {
	return a.login + "/oauth2/auth?" + url.Values{"redirect_uri": {at.Redirect}, "response_type": {"code"},
		"client_id": {a.config.App}, "scope": {"openid corpid"}, "state": {at.State}, "prompt": {"consent"}}.Encode()
}

// WhoIs gives the userid of whom a code is for: the code names a person of DingTalk,
// and only somebody of our company has a userid in it.
func (a *App) WhoIs(ctx context.Context, code string, _ port.Attempt) (string, error) {
	got, err := a.send(ctx, http.MethodPost, a.base+"/v1.0/oauth2/userAccessToken", "", false, object{
		"clientId": a.config.App, "clientSecret": string(a.config.Secret), "code": code,
		"grantType": "authorization_code"})
	if err == nil {
		_, err = a.judge(got, false)
	}
	if err != nil {
		return "", a.unlessBusy(err)
	}
	var token struct {
		Token  string `json:"accessToken"`
		CorpID string `json:"corpId"`
	}
	if json.Unmarshal(got.Body, &token) != nil || token.Token == "" ||
		token.CorpID != "" && token.CorpID != a.config.Tenant {
		return "", a.notTheirs()
	}
	got, err = a.send(ctx, http.MethodGet, a.base+"/v1.0/contact/users/me", token.Token, false, nil)
	if err == nil {
		_, err = a.judge(got, false)
	}
	if err != nil {
		return "", a.unlessBusy(err)
	}
	var me struct {
		UnionID string `json:"unionId"`
	}
	if json.Unmarshal(got.Body, &me) != nil || me.UnionID == "" {
		return "", a.notTheirs()
	}
	var who struct {
		UserID string `json:"userid"`
	}
	err = a.callOld(ctx, "/topapi/user/getbyunionid", object{"unionid": me.UnionID}, &who)
	if err != nil || who.UserID == "" {
		return "", a.unlessBusy(err)
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
